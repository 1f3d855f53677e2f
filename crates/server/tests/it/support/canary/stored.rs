//! What a database holds, read when a test has ended.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::support::TestDatabase;

/// Bytes of the shortest code that is told from chance.
const SHORTEST: usize = 32;

/// A signing key as it is stored: its public half, the master secret that it is sealed under, and the seal.
type SealedKey = (String, u32, Vec<u8>);

const SIGNING_KEYS: &str = "SELECT public_jwk, secret_version, private_sealed FROM signing_keys";

/// What a database holds.
pub(crate) struct Stored {
    /// Every row of every table as text; empty on SQLite, whose files are searched themselves.
    pub(super) dump: String,
    /// What is stored in binary and told to nobody: the codes of secrets, and what is sealed. The links of the audit chain
    /// are told, since whoever keeps one elsewhere can hold the log to it.
    pub(crate) codes: Vec<Vec<u8>>,
    pub(super) signing_keys: Vec<SealedKey>,
}

impl Stored {
    /// Reads a database by a connection of its own. A test that ends has no more turns to await anything, so this is a
    /// thread that waits by itself.
    pub(crate) fn read(database: &TestDatabase) -> Self {
        std::thread::scope(|scope| {
            let read = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    match database {
                        TestDatabase::Sqlite(url) => Self::of_sqlite(url).await,
                        TestDatabase::Postgres(url) => Self::of_postgres(url).await,
                    }
                })
            });
            read.join().unwrap_or_else(|_| panic!("the store cannot be searched for secrets"))
        })
    }

    async fn of_sqlite(url: &str) -> Self {
        const BINARY: &str = "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
            WHERE t.type = 'table' AND c.type = 'BLOB' AND t.name NOT IN ('audit_events', 'head')";
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        let columns: Vec<(String, String)> = sqlx::query_as(BINARY).fetch_all(&mut connection).await.unwrap();
        let each = columns.iter().map(|(table, column)| format!("SELECT \"{column}\" FROM \"{table}\""));
        let all = AssertSqlSafe(each.collect::<Vec<_>>().join(" UNION ALL "));
        let codes: Vec<Vec<u8>> = sqlx::query_scalar(all).fetch_all(&mut connection).await.unwrap();
        let signing_keys = sqlx::query_as(SIGNING_KEYS).fetch_all(&mut connection).await.unwrap();
        Self { dump: String::new(), codes: telling(codes), signing_keys: numbered(signing_keys) }
    }

    async fn of_postgres(url: &str) -> Self {
        const TABLES: &str = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
        let mut connection = PgConnection::connect(url).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await.unwrap();
        let (mut dump, mut codes) = (String::new(), Vec::new());
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT t::text FROM \"{table}\" t"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
            let rows = rows.join("\n");
            if !["audit_events", "head"].contains(&table.as_str()) {
                // A binary column reads as `\x` and hexadecimal.
                codes.extend(rows.split("\\x").skip(1).map(from_hex));
            }
            dump.push_str(&format!("{table}\n{rows}\n"));
        }
        let signing_keys = sqlx::query_as(SIGNING_KEYS).fetch_all(&mut connection).await.unwrap();
        Self { codes: telling(codes), signing_keys: numbered(signing_keys), dump }
    }
}

/// Those that cannot stand somewhere by chance, as the zeros of a new head could.
fn telling(codes: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    codes.into_iter().filter(|code| code.len() >= SHORTEST && code.iter().any(|byte| *byte != 0)).collect()
}

fn numbered(rows: Vec<(String, i64, Vec<u8>)>) -> Vec<SealedKey> {
    rows.into_iter().map(|(jwk, version, sealed)| (jwk, u32::try_from(version).unwrap(), sealed)).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map_while(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
