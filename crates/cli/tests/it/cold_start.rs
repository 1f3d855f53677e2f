//! Starts that cannot succeed: the server says why and ends. Never does it begin with another store than the one that
//! was meant, since every key would seem unknown there.

use std::net::TcpListener;

use sqlx::{Connection, SqliteConnection};

use crate::support::{Place, Running, refusal};

const MASTER_SECRET: &str = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE=";

/// A place whose server has run once and was stopped.
fn used() -> Place {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    server.address();
    assert_eq!(server.stop().code, Some(0));
    place
}

fn why(place: &Place) -> String {
    refusal(place.serve().env("KEYWARD_LOG_LEVEL", "error"))
}

#[test]
fn a_database_that_is_gone_is_not_made_anew() {
    let place = used();
    let database = place.data().join("keyward.db");
    std::fs::remove_file(&database).unwrap();
    let expected = "data/secret.key is there, but the database that was made with it is not: put the database back";
    assert!(why(&place).contains(expected), "{}", why(&place));
    assert!(!database.exists(), "a new one would hide that the old one is lost");
}

#[test]
fn a_database_that_is_empty_is_not_taken_for_the_one_that_was_there() {
    let place = used();
    let database = place.data().join("keyward.db");
    std::fs::write(&database, "").unwrap();
    assert!(why(&place).contains("the database that was made with it is not"), "{}", why(&place));
    // It was given a schema, and is as empty as before.
    assert!(why(&place).contains("the database that was made with it is not"), "{}", why(&place));
}

#[test]
fn a_first_start_that_was_interrupted_goes_on_with_its_master_secret() {
    let place = used();
    // As it is before the store has met the secret.
    std::fs::rename(place.data().join("secret.key"), place.data().join("secret.key.new")).unwrap();
    for file in ["keyward.db", "first-run.json"] {
        std::fs::remove_file(place.data().join(file)).unwrap();
    }
    let secret = std::fs::read(place.data().join("secret.key.new")).unwrap();
    Running::start(&mut place.serve()).address();
    assert_eq!(std::fs::read(place.data().join("secret.key")).unwrap(), secret);
    assert!(!place.data().join("secret.key.new").exists());
}

#[tokio::test]
async fn a_newer_schema_is_named() {
    let place = used();
    let url = format!("sqlite://{}", place.data().join("keyward.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'newer', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(why(&place).contains("the database has schema 99, which is newer than this version's"), "{}", why(&place));
}

#[test]
fn a_folder_that_is_none_is_named() {
    let place = Place::new();
    std::fs::write(place.data(), "a file").unwrap();
    let why = why(&place);
    assert!(why.starts_with("keyward: data cannot be used\n  because: "), "{why}");
}

#[test]
fn a_database_that_is_none_is_named() {
    let place = used();
    std::fs::write(place.data().join("keyward.db"), "a text, long enough to have a header".repeat(40)).unwrap();
    let why = why(&place);
    assert!(why.contains("the database cannot be opened") && why.contains("file is not a database"), "{why}");
}

#[test]
fn postgres_that_does_not_listen_is_told_with_its_cause_and_without_its_address() {
    let place = Place::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let url = format!("postgres://keyward:hunter2@127.0.0.1:{port}/keyward");
    let mut serve = place.serve();
    let why = refusal(serve.env("KEYWARD_DATABASE", url).env("KEYWARD_SECRET", MASTER_SECRET));
    assert!(why.contains("keyward: the database cannot be opened\n") && why.contains("Connection refused"), "{why}");
    assert!(!why.contains("hunter2"), "{why}");
}
