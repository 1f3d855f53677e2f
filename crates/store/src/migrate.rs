//! Bringing a schema up to date.

use std::borrow::Cow;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sqlx::migrate::{Migrate, MigrateError, MigrationType, Migrator};
use sqlx::{Row, SqlSafeStr, SqlitePool};

use crate::OpenError;
use crate::db::Db;

/// Where a database keeps what has been applied to it.
const TABLE: &str = "_sqlx_migrations";

/// One step of the schema, for both databases.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Ascending, without gaps.
    pub version: i64,
    /// What it brings.
    pub name: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

/// This version's schema, step by step.
pub const ALL: &[Migration] = &[
    Migration {
        version: 1,
        name: "first",
        sqlite: include_str!("../migrations/sqlite/0001_first.sql"),
        postgres: include_str!("../migrations/postgres/0001_first.sql"),
    },
    Migration {
        version: 2,
        name: "access",
        sqlite: include_str!("../migrations/sqlite/0002_access.sql"),
        postgres: include_str!("../migrations/postgres/0002_access.sql"),
    },
    Migration {
        version: 3,
        name: "audit",
        sqlite: include_str!("../migrations/sqlite/0003_audit.sql"),
        postgres: include_str!("../migrations/postgres/0003_audit.sql"),
    },
    Migration {
        version: 4,
        name: "feed",
        sqlite: include_str!("../migrations/sqlite/0004_feed.sql"),
        postgres: include_str!("../migrations/postgres/0004_feed.sql"),
    },
    Migration {
        version: 5,
        name: "callers",
        sqlite: include_str!("../migrations/sqlite/0005_callers.sql"),
        postgres: include_str!("../migrations/postgres/0005_callers.sql"),
    },
    Migration {
        version: 6,
        name: "usage",
        sqlite: include_str!("../migrations/sqlite/0006_usage.sql"),
        postgres: include_str!("../migrations/postgres/0006_usage.sql"),
    },
    Migration {
        version: 7,
        name: "secrets",
        sqlite: include_str!("../migrations/sqlite/0007_secrets.sql"),
        postgres: include_str!("../migrations/postgres/0007_secrets.sql"),
    },
    Migration {
        version: 8,
        name: "rate limits",
        sqlite: include_str!("../migrations/sqlite/0008_rate_limits.sql"),
        postgres: include_str!("../migrations/postgres/0008_rate_limits.sql"),
    },
    Migration {
        version: 9,
        name: "credits",
        sqlite: include_str!("../migrations/sqlite/0009_credits.sql"),
        postgres: include_str!("../migrations/postgres/0009_credits.sql"),
    },
    Migration {
        version: 10,
        name: "plans",
        sqlite: include_str!("../migrations/sqlite/0010_plans.sql"),
        postgres: include_str!("../migrations/postgres/0010_plans.sql"),
    },
    Migration {
        version: 11,
        name: "key policies",
        sqlite: include_str!("../migrations/sqlite/0011_key_policies.sql"),
        postgres: include_str!("../migrations/postgres/0011_key_policies.sql"),
    },
];

/// Runs the migrations that the database lacks; refuses a database that has some which are not known.
pub(crate) async fn run(db: &Db, migrations: &[Migration]) -> Result<(), OpenError> {
    let migrator = |text: fn(&Migration) -> &'static str| {
        let step = |m: &Migration| {
            let (kind, sql) = (MigrationType::Simple, text(m).into_sql_str());
            sqlx::migrate::Migration::new(m.version, Cow::Borrowed(m.name), kind, sql, false)
        };
        Migrator::with_migrations(migrations.iter().map(step).collect())
    };
    let newest = migrations.last().map_or(0, |m| m.version);
    let last = last_of(db).await?;
    // The lock of a migration belongs to a session. It is taken only where there is something to migrate.
    if last == Some(newest) {
        return Ok(());
    }
    let done = match db {
        Db::Sqlite { writer, .. } => {
            if last.is_some_and(|last| last < newest) {
                copy_before(writer, newest).await?;
            }
            migrator(|m| m.sqlite).run(writer).await
        }
        Db::Postgres(pool) => migrator(|m| m.postgres).run(pool).await,
    };
    done.map_err(|error| match error {
        MigrateError::VersionMissing(found) => OpenError::Newer { found, known: newest },
        other => OpenError::Migrate(other),
    })
}

/// Refuses a database whose schema is not this version's.
pub(crate) async fn require_newest(db: &Db) -> Result<(), OpenError> {
    let known = ALL.last().map_or(0, |m| m.version);
    match last_of(db).await?.unwrap_or(0) {
        found if found == known => Ok(()),
        found if found > known => Err(OpenError::Newer { found, known }),
        found => Err(OpenError::Older { found, known }),
    }
}

/// The last migration that a database has; none if it is new.
async fn last_of(db: &Db) -> Result<Option<i64>, OpenError> {
    match db {
        Db::Sqlite { writer, .. } => applied(&mut *writer.acquire().await.map_err(OpenError::Connect)?).await,
        Db::Postgres(pool) => applied(&mut *pool.acquire().await.map_err(OpenError::Connect)?).await,
    }
}

async fn applied(connection: &mut impl Migrate) -> Result<Option<i64>, OpenError> {
    connection.ensure_migrations_table(TABLE).await.map_err(OpenError::Migrate)?;
    let applied = connection.list_applied_migrations(TABLE).await.map_err(OpenError::Migrate)?;
    Ok(applied.iter().map(|migration| migration.version).max())
}

/// Copies an SQLite database to `<file>.before-<version>`.
async fn copy_before(writer: &SqlitePool, newest: i64) -> Result<(), OpenError> {
    let mut connection = writer.acquire().await.map_err(OpenError::Copy)?;
    let file = sqlx::query("SELECT file FROM pragma_database_list WHERE name = 'main'")
        .fetch_one(&mut *connection)
        .await
        .and_then(|row| row.try_get::<String, _>("file"))
        .map_err(OpenError::Copy)?;
    let (copy, partial) = (format!("{file}.before-{newest}"), format!("{file}.partial"));
    let io = |error: io::Error| OpenError::Copy(error.into());
    // A copy that was interrupted is no copy: it gets its name when it is whole and on the disk.
    if Path::new(&partial).exists() {
        fs::remove_file(&partial).map_err(io)?;
    }
    sqlx::query("VACUUM INTO $1").bind(&partial).execute(&mut *connection).await.map_err(OpenError::Copy)?;
    fs::set_permissions(&partial, Permissions::from_mode(0o600)).map_err(io)?;
    File::open(&partial).and_then(|file| file.sync_all()).map_err(io)?;
    fs::rename(&partial, &copy).map_err(io)?;
    tracing::info!(copy, "copied the database before its migration");
    Ok(())
}
