//! `keyward serve`: what it keeps, how it starts, and how it ends.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::http::Http;
use crate::support::{Ended, KEYWARD, Place, Running, mode, refusal, text};
use serde_json::{Value, json};

// Two master secrets: base64 of 32 bytes each.
const OLD: &str = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE=";
const NEW: &str = "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE=";

#[tokio::test]
async fn what_it_keeps_is_readable_by_its_owner_alone() {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    assert_eq!(http.get("/healthz").await.status(), 204);
    assert_eq!(mode(&place.data()), 0o700);
    for file in ["secret.key", "keyward.lock", "first-run.json"] {
        assert_eq!(mode(&place.data().join(file)), 0o600, "{file}");
    }
    assert!(place.data().join("keyward.db").exists());
}

#[tokio::test]
async fn its_log_is_json_on_standard_error_and_standard_output_is_empty() {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    Http::at(&server.address()).get("/healthz").await;
    let Ended { code, stdout, stderr } = server.stop();
    assert_eq!((code, &*stdout), (Some(0), ""));
    let lines: Vec<Value> = stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["route"] == "/healthz" && line["status"] == 204), "{stderr}");
    assert_eq!(lines.last().unwrap()["message"], "Keyward has stopped");
}

#[test]
fn told_to_stop_it_finishes_what_is_in_flight_and_takes_nothing_new() {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    let address = server.address();
    let mut slow = TcpStream::connect(&address).unwrap();
    let body = "grant_type=client_credentials&client_id=nobody&client_secret=nothing";
    let head = format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 64];
    let length = slow.read(&mut answer).unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 100 Continue"), "the handler does not read the body yet");

    server.signal("TERM");
    // The door closes before the last guest has gone.
    while TcpStream::connect(&address).is_ok() {}
    let (first, rest) = body.split_at(20);
    slow.write_all(first.as_bytes()).unwrap();
    slow.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("invalid_client"), "{answer}");
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn interrupted_it_ends_with_success_too() {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    server.address();
    server.signal("INT");
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn a_second_server_on_the_folder_is_told_who_holds_it() {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    let address = server.address();
    let holder = format!("keyward: data is held by process {}, which listens on {address}\n", server.id());
    assert_eq!(refusal(&mut place.serve()), holder);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn killed_it_leaves_a_folder_that_can_be_held_again() {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    server.address();
    server.signal("KILL");
    assert_eq!(server.wait().code, None);
    Running::start(&mut place.serve()).address();
}

#[test]
fn a_busy_port_is_named() {
    let place = Place::new();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let why = refusal(&mut place.keyward(&["serve", "--data", "data", "--listen", &address]));
    assert!(why.starts_with(&format!("keyward: {address} cannot be listened on: Address already in use")), "{why}");
}

#[test]
fn another_master_secret_than_that_of_the_store_refuses_to_start() {
    let place = Place::new();
    let mut server = Running::start(place.serve().env("KEYWARD_SECRET", OLD));
    server.address();
    assert_eq!(server.stop().code, Some(0));
    let why = refusal(place.serve().env("KEYWARD_SECRET", NEW));
    assert_eq!(
        why,
        "keyward: this store was made with master secret 1, which is not in the list that was given: \
         without it no key made under it can be verified\n"
    );
    assert!(!place.data().join("secret.key").exists(), "a secret that was given is not written down");
    Running::start(place.serve().env("KEYWARD_SECRET", OLD)).address();
}

#[tokio::test]
async fn a_new_master_secret_before_the_old_one_keeps_old_keys_valid() {
    let place = Place::new();
    let options = ["init", "--data", "data", "--json", "--api", "Orders", "--audience", "a", "--scope", "read:orders"];
    let printed = crate::support::end(place.keyward(&options).env("KEYWARD_SECRET", OLD));
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    let verify_key = text(&printed, "verify_key");

    let mut server = Running::start(place.serve().env("KEYWARD_SECRET", OLD));
    let http = Http::at(&server.address());
    let token = http.token(&printed).await;
    let old_key = http.issue(&token, text(&printed, "api_id"), &["read:orders"]).await;
    assert_eq!(server.stop().code, Some(0));

    let mut server = Running::start(place.serve().env("KEYWARD_SECRET", format!("{NEW},{OLD}")));
    let http = Http::at(&server.address());
    // The credential, the application and the key are all of the old secret.
    let token = http.token(&printed).await;
    let new_key = http.issue(&token, text(&printed, "api_id"), &["read:orders"]).await;
    for key in [&old_key, &new_key] {
        assert_eq!(http.verify(verify_key, text(key, "key"), &["read:orders"]).await["is_valid"], json!(true));
    }
    assert_eq!(server.stop().code, Some(0));

    // The store has met the new one: it cannot be left out again, and neither can the old one.
    for lone in [OLD, NEW] {
        let why = refusal(place.serve().env("KEYWARD_SECRET", lone));
        assert!(why.contains("which is not in the list that was given"), "{why}");
    }
}

#[test]
fn an_address_that_others_reach_without_a_public_one_is_warned_of() {
    let place = Place::new();
    let open = ["serve", "--data", "data", "--listen", "0.0.0.0:0"];
    let mut server = Running::start(&mut place.keyward(&open));
    server.address();
    let warned = |log: &str| log.lines().any(|line| line.contains(r#""level":"WARN""#) && line.contains("public_url"));
    assert!(warned(&server.stderr()), "{}", server.stderr());
    assert_eq!(server.stop().code, Some(0));

    let mut server = Running::start(place.keyward(&open).env("KEYWARD_PUBLIC_URL", "https://keys.example.com"));
    server.address();
    assert!(!warned(&server.stderr()), "{}", server.stderr());
    assert_eq!(server.stop().code, Some(0));
    let mut server = Running::start(&mut place.serve());
    server.address();
    assert!(!warned(&server.stderr()), "{}", server.stderr());
}

/// `keyward serve` with at most so many open files, which it may raise from `soft` to `hard`.
fn with_open_files(place: &Place, soft: u32, hard: u32) -> Running {
    let limited = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$@\"");
    let serve = ["-c", &limited, "sh", KEYWARD, "serve", "--data", "data", "--listen", "127.0.0.1:0"];
    Running::start(place.command("/bin/sh".as_ref(), &serve).env("KEYWARD_MAX_CONNECTIONS", "1000"))
}

#[test]
fn more_connections_than_open_files_are_warned_of_and_open_files_are_raised_first() {
    let warned = |log: &str| {
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
        let mut warnings =
            lines.filter(|line| line["level"] == "WARN" && line["message"].to_string().contains("ulimit"));
        warnings.next()
    };
    let place = Place::new();
    let mut server = with_open_files(&place, 200, 300);
    server.address();
    let Ended { code, stderr, .. } = server.stop();
    let warning = warned(&stderr).expect("no warning");
    let (wanted, limit) = (warning["wanted"].as_u64(), warning["limit"].as_u64().unwrap());
    assert_eq!(wanted, Some(1_000));
    assert!((100..300).contains(&limit), "{warning}");
    assert_eq!(code, Some(0));

    let place = Place::new();
    let mut server = with_open_files(&place, 200, 1_500);
    server.address();
    let Ended { code, stderr, .. } = server.stop();
    assert!(warned(&stderr).is_none(), "{stderr}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_second_server_on_the_database_is_refused_whatever_its_own_folder() {
    let place = Place::new();
    let mut first = Running::start(&mut place.serve());
    first.line_with("Keyward is ready");
    let database = place.data().join("keyward.db");
    let address = format!("sqlite://{}", database.display());
    let mut other = place.keyward(&["serve", "--data", "other", "--listen", "127.0.0.1:0"]);
    let why = refusal(other.env("KEYWARD_DATABASE", address).env("KEYWARD_LOG_LEVEL", "error"));
    assert_eq!(why, format!("keyward: {} is held by another process\n", database.display()));
}

#[test]
fn a_master_secret_that_is_lost_is_not_made_anew() {
    let place = Place::new();
    place.init(&[]);
    let secret = place.data().join("secret.key");
    std::fs::remove_file(&secret).unwrap();
    let why = refusal(place.serve().env("KEYWARD_LOG_LEVEL", "error"));
    assert!(why.contains("secret.key is not there, but the database is"), "{why}");
    assert!(!secret.exists(), "a new one would hide that the old one is lost");
}
