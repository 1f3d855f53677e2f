//! A database of its own for each test.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// The address of a throwaway PostgreSQL server. Without it the tests run on SQLite.
const SERVER: &str = "TEST_POSTGRES_URL";

/// The throwaway server asks for no password, and takes any: this one must stand nowhere.
const PASSWORD: &str = "tUu8n0CanaryOfTheDatabase";

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
        Self::Postgres(format!("{}/{name}", with_password(base)))
    }

    /// The password that the server is given, if it is one of ours.
    pub(crate) fn password(&self) -> Option<&str> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(url) => url.contains(PASSWORD).then_some(PASSWORD),
        }
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

    /// Goes round the app: an `UPDATE` on the database itself, under a revision of its own, which it answers.
    pub(crate) async fn db_change(&self, update: &str) -> u64 {
        self.db_run("UPDATE head SET revision = revision + 1").await;
        let stamped = update.replacen(" SET ", " SET revision = (SELECT revision FROM head), ", 1);
        self.db_run(stamped.leak()).await;
        self.db_number("SELECT revision FROM head").await.try_into().unwrap()
    }

    /// Goes round the app: copies of a key, without secrets, since making thousands of keys takes minutes.
    pub(crate) async fn db_copy_key(&self, id: &str, copies: u32) {
        let digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
             UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
        let number = "(100000 + a.d * 10000 + b.d * 1000 + c.d * 100 + e.d * 10 + f.d)";
        let columns = "type, api_id, org_code, user_id, name, name_folded, key_prefix, key_suffix, scopes, \
             allowed_cidrs, rate_limits, metadata, bound_api_ids, is_enabled, expires_at, revoked_at, created_by, \
             created_at, revision";
        let sql = format!(
            "INSERT INTO keys (id, {columns}) SELECT 'api_key_{zeros}' || {number}, {columns} \
             FROM keys k, {digits} a, {digits} b, {digits} c, {digits} e, {digits} f \
             WHERE k.id = '{id}' AND {number} < {end}",
            zeros = "0".repeat(26),
            end = 100_000 + copies,
        );
        self.db_run(sql.leak()).await;
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
}

/// An address with the password, unless it has one of its own.
fn with_password(address: &str) -> String {
    match address.split_once('@') {
        Some((before, after)) if before.matches(':').count() == 1 => format!("{before}:{PASSWORD}@{after}"),
        _ => address.to_owned(),
    }
}
