//! The search finds what is there.

use axum::body::Body;
use axum::http::{Method, Request};
use keyward_core::{KeyClass, KeyPrefix, KeySecret};
use serde_json::json;

use super::PLANTED;
use crate::support::canary::{Asked, Needle, Place, Stored, forms_of_secrets, needles, search, start_of_tokens};
use crate::support::{MASTER_SECRET, Reply, SIGNING_KEY, TestApp, signing_key};

/// Where a test ends with something planted.
async fn places_of(app: TestApp) -> Vec<Place> {
    app.into_leaks().into_iter().map(|hit| hit.place).collect()
}

/// An answer as if the server had given it.
fn answers(app: &TestApp, method: &Method, reply: &Reply) {
    let request = Request::builder().method(method).body(Body::empty()).unwrap();
    app.watch.answered(Asked::of(&request), reply);
}

#[tokio::test]
async fn a_secret_is_found_in_each_place() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.remember(PLANTED);
    tracing::trace!(PLANTED, "planted");
    std::fs::write(app.folder().join("planted"), format!("before {PLANTED} after")).unwrap();
    app.search_in("planted", PLANTED);
    let panicked = std::thread::spawn(|| panic!("{PLANTED}")).join();
    assert!(panicked.is_err());
    // A name is stored as it came, and answered to whoever asks.
    let named = admin.post("/api/v1/organization", json!({ "name": PLANTED })).await;
    admin.get(&format!("/api/v1/organization?code={}", named.text("/organization/code"))).await;
    let mut body = admin.get("/api/v1/nothing").await;
    body.bytes.extend_from_slice(PLANTED.as_bytes());
    answers(&app, &Method::GET, &body);
    let mut header = admin.get("/api/v1/nothing").await;
    header.headers.insert("www-authenticate", PLANTED.parse().unwrap());
    answers(&app, &Method::GET, &header);

    let found = places_of(app).await;
    let count = |is: fn(&Place) -> bool| found.iter().filter(|place| is(place)).count();
    assert_eq!(count(|place| matches!(place, Place::Refusal(_))), 2, "{found:?}");
    assert_eq!(count(|place| matches!(place, Place::Answer(_))), 1, "{found:?}");
    for place in [Place::Log, Place::Panic, Place::File("planted".into()), Place::Other("planted")] {
        assert!(found.contains(&place), "{place:?} of {found:?}");
    }
    let is_store = |place: &Place| match place {
        Place::File(name) => name.starts_with("keyward.db"),
        place => *place == Place::Tables,
    };
    assert!(found.iter().any(is_store), "{found:?}");
}

#[tokio::test]
async fn what_an_answer_shows_is_found_when_it_stands_there_twice_or_is_shown_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let made = admin.post("/api/v1/applications", json!({ "name": "Backend", "type": "m2m" })).await;
    let secret = made.text("/application/client_secret");
    assert_eq!(app.watch.secrets().iter().filter(|known| **known == secret).count(), 1);
    // The same answer a second time, and one by a method that makes no secret.
    answers(&app, &Method::POST, &made);
    assert_eq!(places_of(app).await.len(), 1);

    let app = TestApp::start().await;
    let mut fresh = app.admin().await.get("/api/v1/apis").await;
    let twice = json!({ "client_secret": PLANTED, "name": PLANTED });
    (fresh.bytes, fresh.body) = (twice.to_string().into_bytes(), twice);
    answers(&app, &Method::POST, &fresh);
    assert_eq!(places_of(app).await.len(), 1);

    let app = TestApp::start().await;
    let once = json!({ "client_secret": PLANTED });
    (fresh.bytes, fresh.body) = (once.to_string().into_bytes(), once);
    answers(&app, &Method::GET, &fresh);
    assert_eq!(places_of(app).await.len(), 1);
}

#[tokio::test]
async fn the_code_of_a_secret_is_found_in_an_answer() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let code = Stored::read(&app.database).codes.pop().unwrap();
    let mut reply = admin.get("/api/v1/apis").await;
    reply.bytes = code.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    answers(&app, &Method::GET, &reply);
    let leaks = app.into_leaks();
    assert_eq!(leaks.iter().map(|hit| &*hit.of).collect::<Vec<_>>(), ["a stored code"]);
}

#[tokio::test]
async fn what_was_never_shown_is_found_too() {
    let app = TestApp::start().await;
    let few = needles(&app, &Stored::read(&app.database)).len();
    assert_eq!(app.admin().await.post("/api/v1/signing_keys", json!({})).await.status, 201);
    let needles = needles(&app, &Stored::read(&app.database));
    assert!(needles.len() > few + 100, "the new signing key is searched for too");
    let last_line = SIGNING_KEY.lines().nth_back(3).unwrap();
    for (planted, of) in [
        (MASTER_SECRET.as_bytes(), "the master secret"),
        (b"keyward-test-master-secret-00001", "the master secret"),
        (&signing_key(), "a signing key"),
        (last_line.as_bytes(), "a signing key"),
    ] {
        assert_eq!(search(&[(Place::Log, planted.into())], &needles)[0].of, of, "{planted:?}");
    }
}

#[test]
fn a_secret_is_found_in_each_form_and_in_half() {
    let needles = Needle::of_shown("planted0secret0planted0secret000");
    for written in [
        "planted0secret0planted0secret000",
        "planted0secret0p",
        r"\x706c616e7465643073656372657430706c616e746564",
        "[112, 108, 97, 110, 116, 101, 100, 48, 115, 101, 99, 114, 101, 116, 48, 112, 108]",
        // base64 of `planted0secret0planted0secret000` after nothing, `a:` and `ab:`.
        "cGxhbnRlZDBzZWNyZXQwcGxhbnRlZDBzZWNyZXQwMDA=",
        "YTpwbGFudGVkMHNlY3JldDBwbGFudGVkMHNlY3JldDAwMA==",
        "YWI6cGxhbnRlZDBzZWNyZXQwcGxhbnRlZDBzZWNyZXQwMDA=",
        "YTpicGxhbnRlZDBzZWNyZXQwcGxhbnRlZDBzZWNyZXQwMDA=",
    ] {
        assert_eq!(search(&[(Place::Log, written.into())], &needles).len(), 1, "{written}");
    }
    assert!(search(&[(Place::Log, "planted0secret0".into())], &needles).is_empty());
}

#[test]
fn a_key_or_a_token_is_known_by_its_form() {
    let mut next = 0_u8;
    let mut fill = |bytes: &mut [u8]| {
        next += 1;
        bytes.fill(next);
    };
    let prefix = KeyPrefix::parse("acme").unwrap();
    let key = KeySecret::generate(&prefix, KeyClass::Test, &mut fill);
    let (key, wrong) = (key.plain().expose(), key.plain().expose().replace('_', "-"));
    assert_eq!(forms_of_secrets(format!("b{key}, x={key}.").as_bytes()).len(), 2);
    assert_eq!(forms_of_secrets(format!("Bearer {}jk5OjIzIn0.e30.e30", start_of_tokens()).as_bytes()).len(), 1);
    for other in
        [&wrong, &key[..key.len() - 1], "acme_test_00000000000000000000000000000000000000000000000000", "_live_"]
    {
        assert!(forms_of_secrets(other.as_bytes()).is_empty(), "{other}");
    }
}
