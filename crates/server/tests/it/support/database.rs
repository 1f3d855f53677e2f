//! A database of its own for each test.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// The address of a throwaway PostgreSQL server. Without it the tests run on SQLite.
const SERVER: &str = "TEST_POSTGRES_URL";

/// A database that no other test uses.
pub(crate) enum TestDatabase {
    Sqlite(String),
    Postgres(String),
}

impl TestDatabase {
    pub(crate) async fn create(folder: &Path) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the runner says where the throwaway server is")]
        let server = std::env::var(SERVER);
        let Ok(server) = server else {
            return Self::Sqlite(format!("sqlite://{}", folder.join("keyward.db").display()));
        };
        let unique = folder.file_name().unwrap().to_str().unwrap().trim_start_matches('.').to_lowercase();
        let name = format!("it_{unique}");
        let mut connection = PgConnection::connect(&server).await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE \"{name}\""));
        sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        Self::Postgres(format!("{base}/{name}"))
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Sqlite(url) | Self::Postgres(url) => url,
        }
    }

    /// Goes round the app: runs a statement on the database itself.
    pub(crate) async fn db_run(&self, sql: &'static str) {
        let hit = match self {
            Self::Sqlite(url) => {
                let mut connection = SqliteConnection::connect(url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
            }
        };
        assert!(hit > 0, "the statement hit nothing: {sql}");
    }

    /// Goes round the app: a number that a query answers.
    pub(crate) async fn db_number(&self, sql: &'static str) -> i64 {
        match self {
            Self::Sqlite(url) => {
                let mut connection = SqliteConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Goes round the app: every row of every table as text. A binary column reads as hex.
    pub(crate) async fn db_dump(&self) -> String {
        const TABLES: &str = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
        // On SQLite the files themselves are searched.
        let Self::Postgres(url) = self else { return String::new() };
        let mut connection = PgConnection::connect(url).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await.unwrap();
        let mut dump = String::new();
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT t::text FROM \"{table}\" t"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
            dump.push_str(&format!("{table}\n{}\n", rows.join("\n")));
        }
        dump
    }
}
