//! Where is searched.

use std::path::Path;

use aho_corasick::AhoCorasick;

use super::needle::Needle;

/// A file where secrets belong: it holds the first credentials until they are used.
const FIRST_RUN: &str = "first-run.json";

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Log,
    /// What panics said.
    Panic,
    /// What Prometheus reads.
    Metrics,
    /// An answer of status 400 and more, by its turn.
    Refusal(usize),
    /// Any other, less what it is there to show.
    Answer(usize),
    /// In the data folder; on SQLite the database stands there too, with its log of changes.
    File(String),
    /// The rows of every table, on PostgreSQL.
    Tables,
    /// What a test has added, by its name.
    Other(&'static str),
}

/// A secret where it should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) place: Place,
    /// What was found, by its beginning.
    pub(crate) of: String,
}

/// Which needles stand where. Each is told once for a place.
pub(crate) fn search(places: &[(Place, Vec<u8>)], needles: &[Needle]) -> Vec<Hit> {
    let all = AhoCorasick::new(needles.iter().map(|needle| &needle.bytes)).unwrap();
    let mut hits = Vec::new();
    for (place, bytes) in places {
        for found in all.find_iter(bytes) {
            let hit = Hit { place: place.clone(), of: needles[found.pattern().as_usize()].of.clone() };
            if !hits.contains(&hit) {
                hits.push(hit);
            }
        }
    }
    hits
}

/// Every file below a folder, but the one where secrets belong.
pub(super) fn read_folder(folder: &Path, places: &mut Vec<(Place, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            read_folder(&path, places);
        } else if name != FIRST_RUN {
            match std::fs::read(&path) {
                Ok(bytes) => places.push((Place::File(name), bytes)),
                // SQLite removes its log of changes when the last connection has gone.
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}: {error}"),
            }
        }
    }
}
