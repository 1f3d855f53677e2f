//! The two databases, transactions on either, and statements that stand once for both.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use keyward_core::PlainSecret;
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{Postgres, Sqlite, Transaction};

use crate::{OpenError, StoreError};

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

/// How long this side waits for the database: a little longer than PostgreSQL lets a statement run.
const PATIENCE: Duration = Duration::from_secs(6);

/// Waits for the database, but not for ever: a connection whose other end has gone says nothing. Every call of the
/// database comes through here.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    #[cfg(feature = "faults")]
    let work = crate::faults::strike(work);
    let late = |_| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time"));
    tokio::time::timeout(PATIENCE, work).await.map_err(late)?
}

/// Expands one body for both drivers, so that each statement stands once and the compiler checks both. A statement that
/// fails, or takes too long, ends the transaction.
macro_rules! on {
    ($tx:expr, |$conn:ident| $body:expr) => {{
        let tx = $tx.as_tx();
        let done = match tx {
            $crate::db::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $crate::db::within($body).await
            }
            $crate::db::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $crate::db::within($body).await
            }
            $crate::db::Tx::Ended => Err($crate::db::ended()),
        };
        if done.is_err() {
            *tx = $crate::db::Tx::Ended;
        }
        done
    }};
}

/// The text of a statement, as it stands.
#[cfg(not(feature = "sql-mutants"))]
macro_rules! text {
    ($sql:expr) => {
        $sql
    };
}
/// The text of a statement, as it stands or as the drill wants it.
#[cfg(feature = "sql-mutants")]
macro_rules! text {
    ($sql:expr) => {
        $crate::sql_mutants::text($sql, concat!(file!(), ":", line!()))
    };
}

/// Runs a statement with its parameters, and answers how many rows it hit.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($tx, |conn| async {
            sqlx::query($crate::db::text!($sql))$(.bind($bind))*.execute(conn).await.map(|d| d.rows_affected())
        })
    };
}

/// Declares a macro that runs a query with its parameters, and answers rows.
macro_rules! fetch {
    ($(#[$doc:meta])* $name:ident, $d:tt) => {
        $(#[$doc])*
        macro_rules! $name {
            ($d tx:expr, $d sql:expr $d (, $d bind:expr)* $d (,)?) => {
                $d crate::db::on!($d tx, |conn| {
                    sqlx::query_as($d crate::db::text!($d sql))$d (.bind($d bind))*.$name(conn)
                })
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
pub(crate) use {execute, on, text};

impl Tx {
    /// The transaction itself, whether it is one or belongs to a change.
    pub(crate) fn as_tx(&mut self) -> &mut Self {
        self
    }

    /// Commits a transaction that is not a change.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => within(tx.commit()).await?,
            Self::Postgres(tx) => within(tx.commit()).await?,
            Self::Ended => return Err(ended().into()),
        }
        Ok(())
    }
}

/// What a transaction answers after a statement of it has failed.
pub(crate) fn ended() -> sqlx::Error {
    sqlx::Error::InvalidArgument("a statement before has ended the transaction".into())
}
