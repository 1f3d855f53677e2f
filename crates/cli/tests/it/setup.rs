//! The first credentials of an empty store: by a file where nobody watches, by a link where somebody does.

use std::process::Command;

use crate::http::Http;
use crate::support::{KEYWARD, Place, Running, mode, signal, text};
use serde_json::Value;

const FILE: &str = "first-run.json";

#[tokio::test]
async fn without_a_terminal_they_stand_in_a_file_that_their_first_use_deletes() {
    let place = Place::new();
    let file = place.data().join(FILE);
    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    assert_eq!(mode(&file), 0o600);
    let first: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert!(server.stderr().contains(&format!("data/{FILE}")), "the log names the file: {}", server.stderr());

    http.token(&first).await;
    assert!(!file.exists(), "used, and still there");
    http.token(&first).await;
    let log = server.stop().stderr;
    assert!(!log.contains(text(&first, "client_secret")), "{log}");
    Running::start(&mut place.serve()).address();
    assert!(!file.exists(), "a store with an application invites nobody");
}

#[tokio::test]
async fn the_file_outlives_a_restart_until_it_is_used() {
    let place = Place::new();
    let file = place.data().join(FILE);
    let mut server = Running::start(&mut place.serve());
    server.address();
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(server.stop().code, Some(0));

    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    assert!(server.stderr().contains(FILE), "{}", server.stderr());
    http.token(&serde_json::from_str(&written).unwrap()).await;
    assert!(!file.exists());
}

#[tokio::test]
async fn on_a_terminal_a_link_hands_them_over_once() {
    let place = Place::new();
    // `script` gives the server a terminal of its own, and repeats what it says there.
    let serve = format!("exec env -i {KEYWARD} serve --data data --listen 127.0.0.1:0");
    let mut command = Command::new("script");
    command.args(["-qec", &serve, "/dev/null"]).current_dir(place.path(""));
    let mut terminal = Running::start(&mut command);
    let line = terminal.line_with("/setup/");
    let link = line.trim().strip_prefix("http://localhost:").unwrap_or_else(|| panic!("{line}"));
    let (port, path) = link.split_once('/').unwrap();
    let (http, path) = (Http::at(&format!("127.0.0.1:{port}")), format!("/{path}"));
    terminal.line_with("Keyward is ready");
    assert!(!place.data().join(FILE).exists());

    let page = http.get(&path).await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains(r#"<form method="post">"#) && !page.contains(&path), "it repeats the code: {page}");
    // Looking at it spends nothing.
    let page = http.post(&path).await;
    assert_eq!(page.status(), 200);
    let first = credentials(&page.text().await.unwrap());
    http.token(&first).await;
    assert_eq!(http.get(&path).await.status(), 404);
    assert_eq!(http.post(&path).await.status(), 404);

    let holder = std::fs::read_to_string(place.data().join("keyward.lock")).unwrap();
    let process = holder.strip_prefix("process ").and_then(|rest| rest.split_once(',')).unwrap().0;
    signal(process.parse().unwrap(), "TERM");
    let ended = terminal.wait();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.stdout.contains(text(&first, "client_secret")) && !ended.stdout.contains("{\""), "{}", ended.stdout);
}

/// The lines of a page that have the form of an `.env` file.
fn credentials(page: &str) -> Value {
    let lines = page.lines().filter_map(|line| line.split_once("KEYWARD_"));
    let pairs = lines.filter_map(|(_, rest)| rest.trim_end_matches("</pre>").split_once('='));
    pairs.map(|(name, value)| (name.to_lowercase(), Value::from(value))).collect()
}
