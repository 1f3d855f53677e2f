//! What the tests themselves keep: snapshots in files and in the code show no secret but where one is to be shown.

use std::path::{Path, PathBuf};

use crate::support::canary::forms_of_secrets;
use crate::support::{MASTER_SECRET, SIGNING_KEY};

/// Answers that show a secret once are literal in these files, as many times: secrets of throwaway stores, and one that
/// is published as a test vector.
const SHOWN: [(&str, usize); 9] = [
    ("crates/core/src/secret.rs", 1),
    ("crates/server/src/auth/origin.rs", 1),
    ("crates/server/src/front/node.rs", 1),
    ("crates/server/tests/it/applications.rs", 1),
    ("crates/server/tests/it/applications/secrets.rs", 1),
    ("crates/server/tests/it/keys/create/made.rs", 2),
    ("crates/server/tests/it/keys/rotate.rs", 1),
    ("crates/server/tests/it/oauth/token.rs", 1),
    ("crates/server/tests/it/setup.rs", 1),
];

/// Letters of the secret of an application.
const CLIENT_SECRET: usize = 52;

#[test]
fn no_snapshot_holds_a_secret_but_those_that_show_one() {
    let files = texts(&root().join("crates"));
    assert!(files.iter().filter(|path| path.extension().is_some_and(|end| end == "snap")).count() >= 2);
    let mut found: Vec<(String, usize)> = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let count = secrets_in(&text);
        if count > 0 {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            found.push((name, count));
        }
    }
    found.sort();
    let shown: Vec<(String, usize)> = SHOWN.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(found, shown);
}

#[test]
fn a_secret_in_a_snapshot_is_seen() {
    let line = SIGNING_KEY.lines().nth(5).unwrap();
    for (text, count) in [
        (format!("client_secret: {}", "aB3d".repeat(13)), 1),
        (format!("client_id: {}", "ab3d".repeat(13)), 0),
        (line.to_owned(), 1),
        ("nothing".to_owned(), 0),
    ] {
        assert_eq!(secrets_in(&text), count, "{text}");
    }
}

/// How many secrets a text holds: keys, tokens, secrets of applications, what every test is given.
fn secrets_in(text: &str) -> usize {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c))
        .filter(|word| word.len() == CLIENT_SECRET);
    let is_drawn = |word: &&str| {
        let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
        has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)
    };
    let given = SIGNING_KEY.lines().filter(|line| line.len() == 64).skip(1).chain([MASTER_SECRET]);
    forms_of_secrets(text.as_bytes()).len()
        + words.filter(is_drawn).count()
        + given.filter(|one| text.contains(one)).count()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every snapshot, and all code, which may hold one, but the file that gives the tests their secrets.
fn texts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else if path.extension().is_some_and(|end| end == "snap" || end == "rs") && !path.ends_with("support/mod.rs")
        {
            found.push(path);
        }
    }
    found
}
