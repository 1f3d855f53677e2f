/// Why a statement did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database has no room.
    #[error("the database has no room for a change")]
    Full(#[source] sqlx::Error),
    /// The database cannot be reached, was too slow, or refused. The change may or may not have been made.
    #[error("the database does not answer as it should")]
    Unavailable(#[source] sqlx::Error),
    /// A statement broke a rule of the schema, which no input may bring about.
    #[error("a statement broke a rule of the schema")]
    Constraint(#[source] sqlx::Error),
    /// A row is not as this version writes it.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        match &error {
            sqlx::Error::ColumnDecode { index, .. } => return Self::Corrupt(index.clone()),
            sqlx::Error::ColumnNotFound(column) => return Self::Corrupt(column.clone()),
            sqlx::Error::RowNotFound => return Self::Corrupt("a row that must be there is not".into()),
            _ => {}
        }
        let Some(told) = error.as_database_error() else { return Self::Unavailable(error) };
        match (told.kind(), told.code().as_deref()) {
            // SQLITE_FULL, and PostgreSQL's disk_full.
            (_, Some("13" | "53100")) => Self::Full(error),
            // Changes are serial and check first: a broken constraint is a mistake of ours.
            (ErrorKind::Other, _) => Self::Unavailable(error),
            _ => Self::Constraint(error),
        }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a database that is known.
    #[error("the database must be sqlite://PATH or postgres://USER@HOST/NAME: {0}")]
    Address(String),
    /// The database cannot be reached or opened.
    #[error("the database cannot be opened")]
    Connect(#[source] sqlx::Error),
    /// There is no database.
    #[error("there is no database at {0}")]
    Absent(String),
    /// A newer version of Keyward has been here.
    #[error("the database has schema {found}, which is newer than this version's {known}: run the newer version")]
    Newer {
        /// The schema that the database has.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// An older version of Keyward has been here, and this is not the moment to migrate.
    #[error(
        "the database has schema {found}, which is older than this version's {known}: start the server, which migrates it"
    )]
    Older {
        /// The schema that the database has.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// A migration failed; it has been rolled back.
    #[error("the database could not be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The copy before the migration failed; nothing was migrated.
    #[error("the database could not be copied before its migration")]
    Copy(#[source] sqlx::Error),
}
