//! A store for one test, on a database of its own, and the ways round its API: those are called `db_...`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Deref;

use keyward_core::{Salts, Timestamp};
use keyward_store::{Actor, Change, Database, NewEvent, Revision, Store, StoreError, Tx};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tempfile::TempDir;

use crate::given::{NOW, Seed, keyring};

/// A store on a database of its own. Behaves as the [`Store`] itself.
pub(crate) struct TestStore {
    store: Store,
    pub(crate) place: Place,
}

/// Where the database of a test is. It goes when the test has passed; of a failed one, PostgreSQL's is left to look at.
pub(crate) struct Place {
    pub(crate) database: Database,
    folder: Option<TempDir>,
    server: Option<Server>,
}

struct Server {
    address: String,
    database: String,
}

impl Place {
    /// A file that is not there yet, in a folder of its own.
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("keyward.db"));
        Self { database, folder: Some(folder), server: None }
    }

    /// An empty database on the throwaway server.
    pub(crate) async fn postgres() -> Self {
        let address = server_address();
        // Test processes that run beside each other share the server and nothing else, not even a counter.
        let name = format!("keyward_test_{:016x}", RandomState::new().build_hasher().finish());
        on_server(&address, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let (server_part, _) = address.rsplit_once('/').unwrap();
        let database = format!("{server_part}/{name}").parse().unwrap();
        Self { database, folder: None, server: Some(Server { address, database: name }) }
    }

    pub(crate) async fn remove(self) {
        if let Some(server) = self.server {
            on_server(&server.address, format!("DROP DATABASE {} WITH (FORCE)", server.database)).await;
        }
        if let Some(folder) = self.folder {
            folder.close().unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one setting of the suite")]
fn server_address() -> String {
    std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL must be the address of a throwaway PostgreSQL server, such as \
         postgres://postgres@127.0.0.1:5432/postgres; or leave these tests out with `not test(postgres)`",
    )
}

async fn on_server(address: &str, sql: String) {
    let mut connection = PgConnection::connect(address).await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl TestStore {
    pub(crate) async fn sqlite() -> Self {
        Self::open(Place::sqlite().await).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::open(Place::postgres().await).await
    }

    async fn open(place: Place) -> Self {
        let store = Store::open(&place.database).await.unwrap();
        Self { store, place }
    }

    pub(crate) async fn remove(self) {
        self.store.close().await;
        self.place.remove().await;
    }

    /// Begins a change at [`NOW`].
    pub(crate) async fn begin(&self) -> Change {
        self.begin_at(NOW).await
    }

    /// Begins a change at another instant.
    pub(crate) async fn begin_at(&self, now: Timestamp) -> Change {
        self.change(Actor::system(), now).await.unwrap()
    }

    /// Runs a statement beside the API, and answers how many rows it hit.
    pub(crate) async fn db_execute(&self, sql: &str) -> u64 {
        let mut tx = self.tally().await.unwrap();
        let hit = db_execute(&mut tx, sql).await.unwrap();
        tx.commit().await.unwrap();
        hit
    }

    /// The first column of the one row that a query answers.
    pub(crate) async fn db_number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.read().await.unwrap() {
            Tx::Sqlite(mut tx) => sqlx::query(sql).fetch_one(&mut *tx).await.unwrap().get(0),
            Tx::Postgres(mut tx) => sqlx::query(sql).fetch_one(&mut *tx).await.unwrap().get(0),
            Tx::Ended => unreachable!("it has just begun"),
        }
    }

    /// The first column, a text, of the rows that a query answers.
    pub(crate) async fn db_texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.read().await.unwrap() {
            Tx::Sqlite(mut tx) => sqlx::query_scalar(sql).fetch_all(&mut *tx).await.unwrap(),
            Tx::Postgres(mut tx) => sqlx::query_scalar(sql).fetch_all(&mut *tx).await.unwrap(),
            Tx::Ended => unreachable!("it has just begun"),
        }
    }

    /// The last link of the audit chain as the head has it.
    pub(crate) async fn db_chain(&self) -> Vec<u8> {
        let sql = "SELECT chain FROM head";
        match self.read().await.unwrap() {
            Tx::Sqlite(mut tx) => sqlx::query_scalar(sql).fetch_one(&mut *tx).await.unwrap(),
            Tx::Postgres(mut tx) => sqlx::query_scalar(sql).fetch_one(&mut *tx).await.unwrap(),
            Tx::Ended => unreachable!("it has just begun"),
        }
    }
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Runs any statement inside a transaction.
pub(crate) async fn db_execute(tx: &mut Tx, sql: &str) -> Result<u64, sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned());
    match tx {
        Tx::Sqlite(tx) => Ok(sqlx::query(sql).execute(&mut **tx).await?.rows_affected()),
        Tx::Postgres(tx) => Ok(sqlx::query(sql).execute(&mut **tx).await?.rows_affected()),
        Tx::Ended => unreachable!("no statement of the test has failed"),
    }
}

/// Commits a change with an event that says nothing.
pub(crate) async fn commit(change: Change) -> Result<Revision, StoreError> {
    commit_event(change, NewEvent::new("test.done", "")).await
}

/// Commits a change with its event.
pub(crate) async fn commit_event(change: Change, event: NewEvent) -> Result<Revision, StoreError> {
    let salts = Salts::generate(&mut Seed::new(change.revision()).fill());
    change.commit(&keyring(), event, &salts).await
}
