//! No secret stands in what a process logs or keeps. Searched for when the folder of a test goes.
//!
//! What is printed because it was asked for, or handed out by a call, is known from then on. The runner gives each test
//! a process, so what was heard is one test's.

// The forms of secrets are those of the server's own tests.
#[path = "../../../server/tests/it/support/canary/forms.rs"]
mod forms;

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use forms::{forms_of_secrets, start_of_tokens};

/// Files where secrets belong: the operator's own, and what hands over the first credentials. So do private keys.
const HOLDERS: [&str; 3] = ["secret.key", "first-run.json", "demo.json"];

/// Characters of the shortest secret that is told from chance.
const SHORTEST: usize = 16;

#[derive(Default)]
struct Heard {
    secrets: Vec<String>,
    /// What processes said on standard error, where the log is.
    log: String,
}

static HEARD: Mutex<Heard> = Mutex::new(Heard { secrets: Vec::new(), log: String::new() });

fn with<T>(look: impl FnOnce(&mut Heard) -> T) -> T {
    // A test that failed while it held the lock is told by its own failure.
    look(&mut HEARD.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Counts a secret among those that stand nowhere else.
pub(crate) fn shown(secret: &str) {
    if secret.len() >= SHORTEST {
        with(|heard| heard.secrets.push(secret.to_owned()));
    }
}

/// Takes what a process is given: master secrets, and the password of a database.
pub(crate) fn given(command: &Command) {
    for (name, value) in command.get_envs() {
        let value = value.and_then(|value| value.to_str()).unwrap_or_default();
        match name.to_str() {
            Some("KEYWARD_SECRET") => value.split(',').for_each(shown),
            Some("KEYWARD_DATABASE") => value.split([':', '@']).nth(2).into_iter().for_each(shown),
            _ => {}
        }
    }
}

/// Takes a line of standard output: what it shows was asked for.
pub(crate) fn printed(line: &str) {
    let letters = |c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c);
    let is_secret = |word: &&str| !forms_of_secrets(word.as_bytes()).is_empty() || word.len() == 52;
    line.split(letters).filter(is_secret).for_each(shown);
}

/// Takes a line of the log.
pub(crate) fn logged(line: &str) {
    with(|heard| heard.log += &format!("{line}\n"));
}

/// The end of every test: no secret in the log or in the folder. A test that fails already is told by its own failure.
pub(crate) fn search(folder: &Path) {
    if !std::thread::panicking() {
        let found = find(folder);
        assert!(found.is_empty(), "a secret stands where it was not shown: {found:?}");
    }
}

fn find(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    read(folder, &mut files);
    let (holders, mut places): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, bytes)| {
        HOLDERS.contains(&name.as_str()) || String::from_utf8_lossy(bytes).contains("PRIVATE KEY-----")
    });
    for (_, bytes) in &holders {
        let text = String::from_utf8_lossy(bytes);
        // Master secrets, secrets of applications, lines of a private key: all are longer than any id.
        let words = text.split(|c: char| c.is_whitespace() || c == '"');
        words.filter(|word| word.len() > 40 && !word.contains("://")).for_each(shown);
    }
    let (secrets, log) = with(|heard| (heard.secrets.clone(), heard.log.clone()));
    places.push(("the log".into(), log.into_bytes()));
    let mut found = Vec::new();
    for (place, bytes) in places {
        let text = String::from_utf8_lossy(&bytes);
        let known = secrets.iter().filter(|secret| text.contains(secret.as_str()));
        found.extend(known.map(|secret| format!("{place}: {}…", &secret[..8])));
        found.extend(forms_of_secrets(&bytes).into_iter().map(|form| format!("{place}: {form}")));
    }
    found
}

fn read(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, files);
        } else {
            files.push((path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn what_is_misplaced_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "cli0planted0secret0of0this0test";
    assert_eq!(find(folder.path()), [] as [&str; 0]);
    std::fs::write(folder.path().join("secret.key"), "bWFzdGVyIG1hc3RlciBtYXN0ZXIgbWFzdGVyIG1hc3Q=\n").unwrap();
    std::fs::write(folder.path().join("copy"), "x bWFzdGVyIG1hc3RlciBtYXN0ZXIgbWFzdGVyIG1hc3Q= x").unwrap();
    std::fs::write(folder.path().join("token"), format!("{}jk5", start_of_tokens())).unwrap();
    printed(&format!("KEYWARD_CLIENT_SECRET={}", "aB3d".repeat(13)));
    shown(secret);
    logged(&format!("before {secret} {} after", "aB3d".repeat(13)));
    let mut found = find(folder.path());
    found.sort();
    assert_eq!(found, ["copy: bWFzdGVy…", "the log: aB3daB3d…", "the log: cli0plan…", "token: a token"]);
}
