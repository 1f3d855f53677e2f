//! Opening a database, and transactions on it.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use keyward_core::{PlainSecret, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Postgres, Sqlite, Transaction};

use crate::change::{Actor, Change};
use crate::{OpenError, StoreError, migrate};

/// How long to wait for a connection, and for the one writer of SQLite.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that only read, on SQLite.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 10;
/// PostgreSQL ends a statement after five seconds. `SET LOCAL` holds for the transaction alone, so that a pooler in
/// transaction mode may stand between.
const POSTGRES_BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 5000";
const POSTGRES_BEGIN_READ: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = 5000";

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file, made when it is absent.
    Sqlite(PathBuf),
    /// A server, by its address `postgres://...`, a secret since it may hold a password.
    Postgres(PlainSecret),
}

impl FromStr for Database {
    type Err = OpenError;

    fn from_str(address: &str) -> Result<Self, OpenError> {
        if let Some(path) = address.strip_prefix("sqlite://") {
            // SQLite takes these for a database of each connection alone, gone with it.
            return match path {
                "" | ":memory:" => Err(OpenError::Address("the path of a file must follow `sqlite://`".into())),
                path => Ok(Self::Sqlite(path.into())),
            };
        }
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Self::Postgres(PlainSecret::new(address.to_owned())));
        }
        // Whatever has no scheme may be a password.
        Err(OpenError::Address(match address.split_once("://") {
            Some((scheme, _)) => format!("`{scheme}` is neither"),
            None => "it has no scheme".into(),
        }))
    }
}

/// A database with Keyward's schema.
#[derive(Clone, Debug)]
pub struct Store(pub(crate) Db);

#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// A transaction, rolled back when it is dropped.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
    /// Rolled back, since a statement failed. SQLite alone would go on, and commit the rest.
    Ended,
}

/// Expands one body for both drivers, so that each statement stands once and the compiler checks both. A statement that
/// fails ends the transaction.
macro_rules! on {
    ($tx:expr, |$conn:ident| $body:expr) => {{
        let tx = $tx.as_tx();
        let done = match tx {
            $crate::db::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::db::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::db::Tx::Ended => Err($crate::db::ended()),
        };
        if done.is_err() {
            *tx = $crate::db::Tx::Ended;
        }
        done
    }};
}

/// Runs a statement with its parameters, and answers how many rows it hit.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($tx, |conn| sqlx::query($sql)$(.bind($bind))*.execute(conn).await.map(|done| done.rows_affected()))
    };
}

/// Declares a macro that runs a query with its parameters, and answers rows.
macro_rules! fetch {
    ($(#[$doc:meta])* $name:ident, $d:tt) => {
        $(#[$doc])*
        macro_rules! $name {
            ($d tx:expr, $d sql:expr $d (, $d bind:expr)* $d (,)?) => {
                $d crate::db::on!($d tx, |conn| sqlx::query_as($d sql)$d (.bind($d bind))*.$name(conn).await)
            };
        }
        pub(crate) use $name;
    };
}
fetch! {
    /// The one row that there must be.
    fetch_one, $
}
fetch! {
    /// The row, if there is one.
    fetch_optional, $
}
fetch! {
    /// All rows.
    fetch_all, $
}
pub(crate) use {execute, on};

impl Store {
    /// Opens a database and brings its schema up to date. An SQLite file is copied first, beside itself.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        Self::open_with(database, migrate::ALL).await
    }

    /// As [`Self::open`], with other migrations than this version's.
    pub async fn open_with(database: &Database, migrations: &[migrate::Migration]) -> Result<Self, OpenError> {
        let db = match database {
            Database::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true);
                let pool = |connections| {
                    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT)
                };
                let writer = pool(1).connect_with(options.clone()).await.map_err(OpenError::Connect)?;
                let readers = pool(SQLITE_READERS).connect_lazy_with(options.pragma("query_only", "on"));
                Db::Sqlite { writer, readers }
            }
            Database::Postgres(address) => {
                let options = PgConnectOptions::from_str(address.expose())
                    .map_err(OpenError::Connect)?
                    .application_name("keyward")
                    // Named statements live in a session, and behind a pooler the next one may be another.
                    .statement_cache_capacity(0);
                let pool = PgPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(ACQUIRE_TIMEOUT)
                    .connect_with(options)
                    .await
                    .map_err(OpenError::Connect)?;
                Db::Postgres(pool)
            }
        };
        migrate::run(&db, migrations).await?;
        Ok(Self(db))
    }

    /// Begins a transaction that only reads.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0 {
            Db::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin_with(POSTGRES_BEGIN_READ).await?),
        })
    }

    /// Begins a transaction that counts and takes no part in the order of changes.
    pub async fn tally(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0 {
            Db::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin_with(POSTGRES_BEGIN).await?),
        })
    }

    /// Begins a change: takes the head row, and so waits for the change before.
    pub async fn change(&self, actor: Actor, now: Timestamp) -> Result<Change, StoreError> {
        Change::begin(self.tally().await?, actor, now).await
    }

    /// Ends all connections, those in use after their transactions.
    pub async fn close(&self) {
        match &self.0 {
            Db::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }

    /// Which database it is: `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self.0 {
            Db::Sqlite { .. } => "sqlite",
            Db::Postgres(_) => "postgres",
        }
    }
}

impl Tx {
    /// The transaction itself, whether it is one or belongs to a change.
    pub(crate) fn as_tx(&mut self) -> &mut Self {
        self
    }

    /// Commits a transaction that is not a change.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
            Self::Ended => return Err(ended().into()),
        }
        Ok(())
    }
}

/// What a transaction answers after a statement of it has failed.
pub(crate) fn ended() -> sqlx::Error {
    sqlx::Error::InvalidArgument("a statement before has ended the transaction".into())
}
