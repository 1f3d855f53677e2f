//! For the drill that takes single terms out of statements (`tests/mutants`): tells which statements a test runs, and
//! runs one of them with another text. It is behind a feature that no build has which serves anybody.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::{LazyLock, Mutex};

use serde::Deserialize;
use serde_json::json;

/// Names the file to which every statement is written, when it is run for the first time: a JSON object a line.
const RECORD: &str = "KEYWARD_SQL_RECORD";
/// Names the file with the [`Mutant`], as JSON.
const MUTANT: &str = "KEYWARD_SQL_MUTANT";

/// A statement that is run with another text.
#[derive(Deserialize)]
struct Mutant {
    /// The text as it stands in the store.
    sql: String,
    /// The text that is run in its place.
    mutant: String,
}

static CHANGED: LazyLock<Option<(String, &'static str)>> = LazyLock::new(|| {
    let path = setting(MUTANT)?;
    let read = fs::read_to_string(&path).map(|text| serde_json::from_str::<Mutant>(&text));
    // Going on without the mutant would say of it that it survived.
    let Ok(Ok(Mutant { sql, mutant })) = read else { panic!("{MUTANT}: {path} holds no mutant") };
    Some((sql, Box::leak(mutant.into_boxed_str())))
});

static SEEN: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());

/// The text to run for a statement that stands at a place in the source.
pub(crate) fn text(sql: &'static str, place: &'static str) -> &'static str {
    if let Some(path) = setting(RECORD)
        && SEEN.lock().is_ok_and(|mut seen| seen.insert((sql, place)))
    {
        let line = format!("{}\n", json!({ "place": place, "sql": sql }));
        let written =
            OpenOptions::new().append(true).create(true).open(&path).and_then(|mut f| f.write_all(line.as_bytes()));
        assert!(written.is_ok(), "{RECORD}: {path} cannot be written");
    }
    match &*CHANGED {
        Some((changed, mutant)) if changed == sql => mutant,
        _ => sql,
    }
}

#[expect(clippy::disallowed_methods, reason = "the drill speaks to a test through its environment")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
