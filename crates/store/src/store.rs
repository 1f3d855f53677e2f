//! Opening a store, and beginning transactions on it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use keyward_core::Timestamp;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::change::{Actor, Change};
use crate::db::{Database, Db, Tx, within};
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

/// A database with Keyward's schema.
#[derive(Clone, Debug)]
pub struct Store(pub(crate) Db);

impl Store {
    /// Opens a database and brings its schema up to date. An SQLite file is copied first, beside itself.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        Self::open_with(database, migrate::ALL).await
    }

    /// As [`Self::open`], with other migrations than this version's.
    pub async fn open_with(database: &Database, migrations: &[migrate::Migration]) -> Result<Self, OpenError> {
        if let Database::Sqlite(path) = database {
            make_private(path)?;
        }
        let db = connect(database).await?;
        migrate::run(&db, migrations).await?;
        Ok(Self(db))
    }

    /// Opens a database that is there, with the schema that it has, which must be this version's: for whoever comes beside
    /// a server that runs.
    pub async fn attach(database: &Database) -> Result<Self, OpenError> {
        let db = connect(database).await?;
        migrate::require_newest(&db).await?;
        Ok(Self(db))
    }

    /// Begins a transaction that only reads.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0 {
            Db::Sqlite { readers, .. } => Tx::Sqlite(within(readers.begin()).await?),
            Db::Postgres(pool) => Tx::Postgres(within(pool.begin_with(POSTGRES_BEGIN_READ)).await?),
        })
    }

    /// Begins a transaction that counts and takes no part in the order of changes.
    pub async fn tally(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0 {
            Db::Sqlite { writer, .. } => Tx::Sqlite(within(writer.begin_with("BEGIN IMMEDIATE")).await?),
            Db::Postgres(pool) => Tx::Postgres(within(pool.begin_with(POSTGRES_BEGIN)).await?),
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

/// Whether a connection has come out of its transaction. SQLite ends a transaction by itself when the disk is full or
/// broken; the driver's own rollback fails then, and it would refuse every transaction that follows on the connection.
async fn is_usable_again(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // The rollback is queued: what is asked behind it finds it done.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Connects to a database that is there.
async fn connect(database: &Database) -> Result<Db, OpenError> {
    match database {
        Database::Sqlite(path) => {
            let options = SqliteConnectOptions::new()
                .filename(path)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true);
            #[cfg(feature = "faults")]
            let options = crate::faults::slacken(options);
            let pool = |connections| {
                SqlitePoolOptions::new()
                    .max_connections(connections)
                    .acquire_timeout(ACQUIRE_TIMEOUT)
                    .after_release(|connection, _| Box::pin(is_usable_again(connection)))
            };
            let writer = pool(1).connect_with(options.clone()).await.map_err(OpenError::Connect)?;
            let readers = pool(SQLITE_READERS).connect_lazy_with(options.pragma("query_only", "on"));
            Ok(Db::Sqlite { writer, readers })
        }
        Database::Postgres(address) => {
            let options = PgConnectOptions::from_str(address.expose())
                .map_err(OpenError::Connect)?
                .application_name("keyward")
                // Named statements live in a session, and behind a pooler the next one may be another.
                .statement_cache_capacity(0);
            let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
            let pool = match pool.connect_with(options.clone()).await {
                // The pool has tried for as long as it may, and does not tell why it failed.
                Err(sqlx::Error::PoolTimedOut) => {
                    Err(within(PgConnection::connect_with(&options)).await.err().unwrap_or(sqlx::Error::PoolTimedOut))
                }
                tried => tried,
            };
            Ok(Db::Postgres(pool.map_err(OpenError::Connect)?))
        }
    }
}

/// Makes the file of a new database, readable by its owner alone; what SQLite puts beside it has the same mode.
fn make_private(path: &Path) -> Result<(), OpenError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(OpenError::Connect(error.into())),
    }
}
