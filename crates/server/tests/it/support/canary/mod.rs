//! What must stand nowhere: every secret of a test, searched for when the test ends, wherever it could have come to.

mod forms;
mod needle;
mod place;
mod stored;

use std::collections::HashSet;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::header::AUTHORIZATION;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_core::KeySecret;
use serde_json::Value;

use super::{MASTER_SECRET, Reply, TestApp, log, signing_key};
pub(crate) use forms::{forms_of_secrets, start_of_tokens};
pub(crate) use needle::Needle;
use needle::SHORTEST;
pub(crate) use place::{Hit, Place, search};
pub(crate) use stored::Stored;

/// The members of answers that are secrets. A `key` is one where it has the form of one: roles have keys too.
const SHOWING: [&str; 2] = ["client_secret", "access_token"];

/// How the setup page and the command line name an application's secret.
const SHOWING_LINE: &str = "KEYWARD_CLIENT_SECRET=";

/// What one app has shown, and what it has said.
#[derive(Default)]
pub(crate) struct Watch {
    secrets: Mutex<Vec<String>>,
    /// Those that an answer has shown which was no repeated one.
    shown: Mutex<HashSet<String>>,
    said: Mutex<Vec<(Place, Vec<u8>)>>,
}

/// What matters here of a request.
pub(crate) struct Asked {
    method: Method,
    secrets: Vec<String>,
}

impl Asked {
    /// The secrets are those that its headers present, be they good or not.
    pub(crate) fn of(request: &Request<Body>) -> Self {
        let text = |name: &str| request.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
        let presented = text(AUTHORIZATION.as_str()).filter_map(|value| {
            let (scheme, rest) = value.split_once(' ')?;
            if scheme.eq_ignore_ascii_case("basic") {
                let joined = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
                return joined.split_once(':').map(|(_, secret)| secret.to_owned());
            }
            Some(rest.to_owned())
        });
        let repeated = text("idempotency-key").map(|key| key.trim_matches('"').to_owned());
        // What is shorter could stand anywhere by chance.
        let secrets = presented.chain(repeated).filter(|secret| secret.len() >= SHORTEST).collect();
        Self { method: request.method().clone(), secrets }
    }
}

impl Watch {
    /// Counts a secret among those that stand nowhere.
    pub(super) fn remember(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap().clone()
    }

    /// Adds a place to those that are searched.
    pub(super) fn search_in(&self, place: Place, bytes: Vec<u8>) {
        self.said.lock().unwrap().push((place, bytes));
    }

    /// Takes an answer: the secrets that it shows are known from now on, and stand nowhere else in it.
    pub(crate) fn answered(&self, asked: Asked, reply: &Reply) {
        let is_refusal = reply.status >= 400;
        // Only what makes a secret shows it, and shows it once; a repeated request says that it is one.
        let may_show = !is_refusal && (asked.method == Method::POST || asked.method == Method::PUT);
        let is_repeated = reply.headers.contains_key("idempotent-replayed");
        let mut text = reply.bytes.clone();
        let shown = shown_in(reply);
        for secret in shown.iter().filter(|_| may_show) {
            if is_repeated || self.shown.lock().unwrap().insert(secret.clone()) {
                cut(&mut text, secret.as_bytes());
            }
        }
        self.secrets.lock().unwrap().extend(asked.secrets.into_iter().chain(shown));
        let mut said = self.said.lock().unwrap();
        let place = if is_refusal { Place::Refusal(said.len()) } else { Place::Answer(said.len()) };
        said.push((place, [format!("{:?}\n", reply.headers).into_bytes(), text].concat()));
    }
}

/// The secrets that an answer shows.
fn shown_in(reply: &Reply) -> Vec<String> {
    let mut shown = Vec::new();
    collect(&reply.body, &mut shown);
    let page = String::from_utf8_lossy(&reply.bytes);
    for (_, rest) in page.match_indices(SHOWING_LINE).map(|(at, line)| page.split_at(at + line.len())) {
        shown.push(rest.chars().take_while(char::is_ascii_alphanumeric).collect());
    }
    shown
}

fn collect(body: &Value, shown: &mut Vec<String>) {
    match body {
        Value::Array(items) => items.iter().for_each(|item| collect(item, shown)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if SHOWING.contains(&&**name) => shown.push(text.clone()),
                    Value::String(text) if name == "key" && KeySecret::parse(text).is_some() => {
                        shown.push(text.clone());
                    }
                    nested => collect(nested, shown),
                }
            }
        }
        _ => {}
    }
}

/// Takes the first occurrence out.
fn cut(text: &mut Vec<u8>, part: &[u8]) {
    if let Some(at) = text.windows(part.len()).position(|window| window == part) {
        text.drain(at..at + part.len());
    }
}

/// Everything that was found where it should not be.
pub(crate) fn leaks(app: &TestApp) -> Vec<Hit> {
    // First of all, before a connection of ours can bring the log of changes to its end.
    let mut files = Vec::new();
    place::read_folder(app.folder(), &mut files);
    let stored = Stored::read(&app.database);
    let mut said = std::mem::take(&mut *app.watch.said.lock().unwrap());
    said.push((Place::Log, log::captured().into_bytes()));
    said.push((Place::Panic, log::panics().into_bytes()));
    said.push((Place::Metrics, app.app.metrics.page(&app.app).unwrap().into_bytes()));
    // The codes of secrets, and what is sealed, leave the store by no way at all.
    let codes: Vec<Needle> = stored.codes.iter().flat_map(|code| Needle::of_code(code)).collect();
    let mut hits = search(&said, &codes);

    said.extend(files);
    said.push((Place::Tables, stored.dump.clone().into_bytes()));
    let secrets = needles(app, &stored);
    hits.extend(search(&said, &secrets));
    for (place, bytes) in &said {
        let mut forms = forms_of_secrets(bytes);
        forms.dedup();
        hits.extend(forms.into_iter().map(|of| Hit { place: place.clone(), of }));
    }
    hits
}

/// Whatever is a secret of this app: what it showed and was shown, and what it never shows.
pub(crate) fn needles(app: &TestApp, stored: &Stored) -> Vec<Needle> {
    let mut needles: Vec<Needle> = app.watch.secrets().iter().flat_map(|secret| Needle::of_shown(secret)).collect();
    needles.extend(Needle::of_master(MASTER_SECRET));
    needles.extend(Needle::of_signing_key(&signing_key()));
    for (jwk, version, sealed) in &stored.signing_keys {
        // A wiped one opens no more.
        if let Ok(pem) = app.app.keyring.open(*version, &format!("v1|signing key|{jwk}"), sealed) {
            needles.extend(Needle::of_signing_key(&super::der(std::str::from_utf8(&pem).unwrap())));
        }
    }
    needles.extend(app.database.password().iter().flat_map(|password| Needle::of_shown(password)));
    needles
}
