//! Goes round the app: every row of every table, as text.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::TestDatabase;

/// The rows of each table, in an order of their own.
pub(crate) type Rows = BTreeMap<String, Vec<String>>;

impl TestDatabase {
    /// Every row of every table. Two rows are the same if their texts are.
    pub(crate) async fn db_rows(&self) -> Rows {
        match self {
            Self::Sqlite(url) => of_sqlite(&mut SqliteConnection::connect(url).await.unwrap()).await,
            Self::Postgres(url) => of_postgres(&mut PgConnection::connect(url).await.unwrap()).await,
        }
    }
}

async fn of_sqlite(connection: &mut SqliteConnection) -> Rows {
    const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' \
         AND name NOT LIKE 'sqlite%'";
    const COLUMNS: &str = "SELECT group_concat('quote(' || name || ')', ' || ''|'' || ') FROM pragma_table_info($1)";
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut *connection).await.unwrap();
    let mut rows = Rows::new();
    for table in tables {
        let columns: String = sqlx::query_scalar(COLUMNS).bind(&table).fetch_one(&mut *connection).await.unwrap();
        let read = AssertSqlSafe(format!("SELECT {columns} AS line FROM \"{table}\" ORDER BY line"));
        let of_table = sqlx::query_scalar(read).fetch_all(&mut *connection).await.unwrap();
        rows.insert(table, of_table);
    }
    rows
}

async fn of_postgres(connection: &mut PgConnection) -> Rows {
    const TABLES: &str =
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'";
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut *connection).await.unwrap();
    let mut rows = Rows::new();
    for table in tables {
        let read = AssertSqlSafe(format!("SELECT t::text AS line FROM \"{table}\" t ORDER BY line"));
        let of_table = sqlx::query_scalar(read).fetch_all(&mut *connection).await.unwrap();
        rows.insert(table, of_table);
    }
    rows
}
