//! Readers cannot write, whatever they are asked.

use keyward_core::OrgScope;
use keyward_store::organizations::find_organization;
use keyward_store::usage::move_position;

use crate::given::{self, Seed};
use crate::test_store::{TestStore, db_execute};

conformance! {
    a_reader_cannot_write,
    readers_do_not_wait_for_a_change,
}

async fn a_reader_cannot_write(store: &TestStore) {
    let writes = [
        "INSERT INTO canaries (version, canary, created_at) VALUES (1, '', 1)",
        "UPDATE head SET revision = 9",
        "DELETE FROM head",
        "CREATE TABLE more (id INTEGER)",
        "DROP TABLE members",
    ];
    for sql in writes {
        let refused = db_execute(&mut store.read().await.unwrap(), sql).await;
        // SQLITE_READONLY, and PostgreSQL's read_only_sql_transaction.
        let code = refused.unwrap_err().into_database_error().unwrap().code().unwrap().into_owned();
        assert!(["8", "25006"].contains(&code.as_str()), "{sql}: {code}");
    }
    assert!(move_position(&mut store.read().await.unwrap(), "a", 0, 64).await.is_err());
}

/// The change is held meanwhile, and never committed.
async fn readers_do_not_wait_for_a_change(store: &TestStore) {
    let mut change = store.begin().await;
    let code = given::organization(&mut change, &mut Seed::new(1)).await;
    let mut readers = Vec::new();
    for _ in 0..4 {
        let mut tx = store.read().await.unwrap();
        assert!(find_organization(&mut tx, &OrgScope::All, &code).await.unwrap().is_none());
        readers.push(tx);
    }
}
