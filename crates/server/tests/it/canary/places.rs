//! Where secrets are searched for, and in which forms.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::support::{Reply, TestApp};

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Log,
    Refusal(usize),
    /// In the data folder; on SQLite the database stands there too, with its log of changes.
    File(String),
    /// The rows of every table, on PostgreSQL.
    Tables,
}

/// Every place with all that stands there.
pub(super) struct Places(Vec<(Place, Vec<u8>)>);

impl Places {
    pub(super) async fn of(app: &TestApp, refusals: &[Reply]) -> Self {
        let mut places = vec![(Place::Log, app.logged().into_bytes())];
        for (at, refusal) in refusals.iter().enumerate() {
            let mut whole = format!("{:?}\n", refusal.headers).into_bytes();
            whole.extend_from_slice(&refusal.bytes);
            places.push((Place::Refusal(at), whole));
        }
        read_folder(app.folder(), &mut places);
        places.push((Place::Tables, app.database.db_dump().await.into_bytes()));
        Self(places)
    }

    pub(super) fn of_text(text: &str) -> Self {
        Self(vec![(Place::Log, text.into())])
    }

    /// A search in nothing finds nothing: the log has lines, and the store its rows.
    pub(super) fn assert_not_empty(&self) {
        let count = |name: &str| {
            let known = |bytes: &[u8]| bytes.windows(name.len()).any(|window| window == name.as_bytes());
            self.0.iter().filter(|(_, bytes)| known(bytes)).count()
        };
        assert!(count("request_id") > 0, "the log is empty");
        assert!(count("First application") > 0, "the store is empty");
    }
}

fn read_folder(folder: &Path, places: &mut Vec<(Place, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(&path, places);
        } else {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            places.push((Place::File(name), std::fs::read(&path).unwrap()));
        }
    }
}

/// A secret in one of its forms.
pub(super) struct Needle(Vec<u8>);

impl Needle {
    /// A secret that an answer showed: as it is, and as a database writes bytes. Of a token the signature is enough.
    pub(super) fn of_shown(secret: &str) -> Vec<Self> {
        let secret = secret.rsplit('.').next().unwrap();
        assert!(secret.len() >= 20, "too short to be searched for");
        let mut needles = Self::of_bytes(secret.as_bytes());
        // The part of a key that is secret, without its class and its selector.
        if let Some((_, rest)) = secret.strip_prefix("k_").and_then(|rest| rest.split_once('_')) {
            needles.extend(Self::of_bytes(&rest.as_bytes()[12..44]));
        }
        needles
    }

    /// The master secret: its text, and its bytes.
    pub(super) fn of_master(base64: &str) -> Vec<Self> {
        let mut needles = Self::of_bytes(base64.as_bytes());
        needles.extend(Self::of_bytes(&STANDARD.decode(base64).unwrap()));
        needles
    }

    /// The private half of a signing key: the end of its DER, and of that the lines of the PEM.
    pub(super) fn of_signing_key(der: &[u8]) -> Vec<Self> {
        let private = &der[der.len() / 2..];
        let mut needles: Vec<Self> = private.chunks_exact(32).flat_map(Self::of_bytes).collect();
        let text = STANDARD.encode(der);
        let lines: Vec<&[u8]> = text.as_bytes().chunks(64).collect();
        needles.extend(lines[lines.len() / 2..lines.len() - 1].iter().map(|line| Self(line.to_vec())));
        needles
    }

    fn of_bytes(bytes: &[u8]) -> Vec<Self> {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let encoded = URL_SAFE_NO_PAD.encode(bytes);
        vec![Self(bytes.to_vec()), Self(hex.into_bytes()), Self(encoded.into_bytes())]
    }
}

/// What was found where. Of a needle the beginning is told, which is enough to know it by.
pub(super) fn search(places: &Places, needles: &[Needle]) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    for (place, bytes) in &places.0 {
        // Every needle is looked up by its first eight bytes, so the haystack is read once.
        let mut by_start = std::collections::HashMap::<&[u8], Vec<&Needle>>::new();
        for needle in needles {
            by_start.entry(&needle.0[..8]).or_default().push(needle);
        }
        for (at, start) in bytes.windows(8).enumerate() {
            for needle in by_start.get(start).into_iter().flatten() {
                if bytes[at..].starts_with(&needle.0) {
                    found.push((place.clone(), String::from_utf8_lossy(&needle.0[..12]).into_owned()));
                }
            }
        }
    }
    found
}
