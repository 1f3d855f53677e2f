//! Opening a database: what is refused, what is migrated, and how a connection is set.

use keyward_store::head::get_revision;
use keyward_store::{Database, MIGRATIONS, Migration, OpenError, Store, Tx};

use crate::test_store::{Place, TestStore, commit, db_execute};

conformance! {
    whoever_attaches_finds_the_schema_as_it_is_or_is_refused,
    a_new_database_begins_at_revision_zero,
    what_was_committed_is_there_after_opening_again,
    a_newer_schema_is_refused_and_left_alone,
    a_migration_that_fails_changes_nothing,
}

/// The schema before the first that was migrated.
const FIRST: &[Migration] = &[Migration {
    version: 1,
    name: "first",
    sqlite: include_str!("../../migrations/sqlite/0001_first.sql"),
    postgres: include_str!("../../migrations/postgres/0001_first.sql"),
}];
/// The version after this one's.
const NEXT: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version + 1;

/// This version's schema and a step more.
fn newer() -> Vec<Migration> {
    let next = Migration {
        version: NEXT,
        name: "next",
        sqlite: "CREATE TABLE next (id INTEGER NOT NULL) STRICT",
        postgres: "CREATE TABLE next (id BIGINT NOT NULL)",
    };
    [MIGRATIONS, &[next]].concat()
}

/// This version's schema and a step that fails in its middle.
fn broken() -> Vec<Migration> {
    const SQL: &str = "CREATE TABLE next (id INTEGER NOT NULL); INSERT INTO nowhere (id) VALUES (1)";
    let next = Migration { version: NEXT, name: "broken", sqlite: SQL, postgres: SQL };
    [MIGRATIONS, &[next]].concat()
}

async fn revision(store: &Store) -> u64 {
    get_revision(&mut store.read().await.unwrap()).await.unwrap()
}

async fn a_new_database_begins_at_revision_zero(store: &TestStore) {
    assert_eq!(revision(store).await, 0);
    assert_eq!(store.db_chain().await, [0; 32]);
}

async fn what_was_committed_is_there_after_opening_again(store: &TestStore) {
    commit(store.begin().await).await.unwrap();
    store.close().await;
    let again = Store::open(&store.place.database).await.unwrap();
    assert_eq!(revision(&again).await, 1);
    again.close().await;
}

async fn a_newer_schema_is_refused_and_left_alone(store: &TestStore) {
    commit(store.begin().await).await.unwrap();
    store.close().await;
    Store::open_with(&store.place.database, &newer()).await.unwrap().close().await;

    let refused = Store::open(&store.place.database).await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found, known } if found == NEXT && known == NEXT - 1), "{refused:?}");
    let newer = Store::open_with(&store.place.database, &newer()).await.unwrap();
    assert_eq!(revision(&newer).await, 1);
    newer.close().await;
}

async fn whoever_attaches_finds_the_schema_as_it_is_or_is_refused(store: &TestStore) {
    commit(store.begin().await).await.unwrap();
    let beside = Store::attach(&store.place.database).await.unwrap();
    assert_eq!(revision(&beside).await, 1, "with the first still open");
    beside.close().await;
    store.close().await;
    Store::open_with(&store.place.database, &newer()).await.unwrap().close().await;
    let refused = Store::attach(&store.place.database).await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found, known } if found == NEXT && known == NEXT - 1), "{refused:?}");
}

#[tokio::test]
async fn whoever_attaches_to_an_older_schema_is_refused_and_migrates_nothing() {
    let place = Place::sqlite().await;
    Store::open_with(&place.database, FIRST).await.unwrap().close().await;
    for _ in 0..2 {
        let refused = Store::attach(&place.database).await.unwrap_err();
        assert!(matches!(refused, OpenError::Older { found: 1, known } if known == NEXT - 1), "{refused:?}");
    }
    place.remove().await;
    let nowhere = Place::sqlite().await;
    assert!(matches!(Store::attach(&nowhere.database).await, Err(OpenError::Connect(_))));
    let Database::Sqlite(path) = &nowhere.database else { unreachable!() };
    assert!(!path.exists(), "whoever attaches makes nothing");
}

async fn a_migration_that_fails_changes_nothing(store: &TestStore) {
    commit(store.begin().await).await.unwrap();
    store.close().await;
    let failed = Store::open_with(&store.place.database, &broken()).await.unwrap_err();
    assert!(matches!(failed, OpenError::Migrate(_)), "{failed:?}");

    let old = Store::open(&store.place.database).await.unwrap();
    assert_eq!(revision(&old).await, 1);
    old.close().await;
    // The table of the failed one is not in the way.
    Store::open_with(&store.place.database, &newer()).await.unwrap().close().await;
}

#[test]
fn an_address_says_which_database_it_is() {
    let sqlite = "sqlite:///var/lib/keyward/keyward.db".parse().unwrap();
    assert!(matches!(sqlite, Database::Sqlite(path) if path == *"/var/lib/keyward/keyward.db"));
    for address in ["postgres://keyward@db/keyward", "postgresql://keyward@db/keyward"] {
        assert!(matches!(address.parse().unwrap(), Database::Postgres(of) if of.expose() == address));
    }
}

#[test]
fn an_address_that_is_refused_is_not_shown() {
    for address in
        ["mysql://root:hunter2@db/keyward", "host=db password=hunter2", "hunter2", "", "sqlite://", "sqlite://:memory:"]
    {
        let refused = address.parse::<Database>().unwrap_err();
        assert!(matches!(refused, OpenError::Address(_)), "{refused:?}");
        let told = format!("{refused} {refused:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn an_address_does_not_print_its_password() {
    let database: Database = "postgres://keyward:hunter2@db/keyward".parse().unwrap();
    assert!(!format!("{database:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_an_error_and_not_a_wait() {
    let folder = tempfile::tempdir().unwrap();
    let in_no_folder = Database::Sqlite(folder.path().join("absent/keyward.db"));
    assert!(matches!(Store::open(&in_no_folder).await, Err(OpenError::Connect(_))));
    let bad = "postgres://keyward@[/keyward".parse().unwrap();
    assert!(matches!(Store::open(&bad).await, Err(OpenError::Connect(_))));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let place = Place::sqlite().await;
    let Database::Sqlite(path) = &place.database else { unreachable!() };
    std::fs::write(path, "a text and no database, but long enough to have a header".repeat(20)).unwrap();
    let before = std::fs::read(path).unwrap();
    assert!(matches!(Store::open(&place.database).await, Err(OpenError::Connect(_))));
    assert_eq!(std::fs::read(path).unwrap(), before);
    place.remove().await;
}

#[tokio::test]
async fn sqlite_is_opened_with_a_durable_journal_and_foreign_keys() {
    let store = TestStore::sqlite().await;
    for (is_writer, tx) in [(true, store.tally().await.unwrap()), (false, store.read().await.unwrap())] {
        let Tx::Sqlite(mut tx) = tx else { unreachable!() };
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *tx).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *tx).await.unwrap();
        let foreign_keys: bool = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *tx).await.unwrap();
        let query_only: bool = sqlx::query_scalar("PRAGMA query_only").fetch_one(&mut *tx).await.unwrap();
        assert_eq!((mode.as_str(), synchronous, foreign_keys, query_only), ("wal", 2, true, !is_writer));
    }
    store.remove().await;
}

#[tokio::test]
async fn a_file_is_copied_before_its_migration() {
    let place = Place::sqlite().await;
    let Database::Sqlite(path) = &place.database else { unreachable!() };
    let copy = Database::Sqlite(path.with_file_name(format!("keyward.db.before-{}", NEXT - 1)));
    let Database::Sqlite(copy_path) = &copy else { unreachable!() };
    let store = Store::open_with(&place.database, FIRST).await.unwrap();
    // This version writes events with columns that the old schema has not.
    let mut tx = store.tally().await.unwrap();
    db_execute(&mut tx, "UPDATE head SET revision = 1").await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(!copy_path.exists());

    let migrated = Store::open(&place.database).await.unwrap();
    assert_eq!(revision(&migrated).await, 1);
    commit(migrated.change(keyward_store::Actor::system(), crate::given::NOW).await.unwrap()).await.unwrap();
    migrated.close().await;

    // The copy has the old schema: what knows no other opens it.
    let old = Store::open_with(&copy, FIRST).await.unwrap();
    assert_eq!(revision(&old).await, 1);
    old.close().await;
    place.remove().await;
}

#[tokio::test]
async fn a_new_file_is_not_copied() {
    let place = Place::sqlite().await;
    let Database::Sqlite(path) = &place.database else { unreachable!() };
    Store::open_with(&place.database, &newer()).await.unwrap().close().await;
    Store::open_with(&place.database, &newer()).await.unwrap().close().await;
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["keyward.db"]);
    place.remove().await;
}
