/// Why a statement did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database has no room, or cannot write.
    #[error("the database has no room for a change")]
    Full(#[source] sqlx::Error),
    /// The database cannot be reached, was too slow, or refused. The change may or may not have been made.
    #[error("the database does not answer as it should")]
    Unavailable(#[source] sqlx::Error),
    /// A row is not as this version writes it.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::ColumnDecode { index, .. } = error {
            return Self::Corrupt(index);
        }
        // SQLITE_FULL, and PostgreSQL's disk_full.
        let code = error.as_database_error().and_then(|e| e.code());
        match code.as_deref() {
            Some("13" | "53100") => Self::Full(error),
            _ => Self::Unavailable(error),
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
    /// A newer version of Keyward has been here.
    #[error("the database has schema {found}, which is newer than this version's {known}: run the newer version")]
    Newer {
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
