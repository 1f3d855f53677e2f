//! No secret stands where it was not shown: not in the log, an error, or the store.

mod places;
mod walk;

use axum::http::Method;

use crate::support::{MASTER_SECRET, TestApp, signing_key};
use places::{Needle, Place, Places, search};
use walk::Walk;

/// Everything that must not be found. What was shown is known to the app; the rest was never shown.
fn needles(app: &TestApp) -> Vec<Needle> {
    let shown = app.secrets.lock().unwrap().clone();
    let mut needles: Vec<Needle> = shown.iter().flat_map(|secret| Needle::of_shown(secret)).collect();
    needles.extend(Needle::of_master(MASTER_SECRET));
    needles.extend(Needle::of_signing_key(&signing_key()));
    needles
}

#[tokio::test]
async fn no_secret_stands_in_the_log_in_an_error_or_in_the_store() {
    let app = TestApp::start().await;
    let refusals = Walk::through(&app).await;
    assert!(refusals.len() > 200, "{} refusals", refusals.len());
    let needles = needles(&app);
    assert!(needles.len() > 50, "{} needles", needles.len());
    let places = Places::of(&app, &refusals).await;
    places.assert_not_empty();
    assert_eq!(search(&places, &needles), Vec::<(Place, String)>::new());
}

#[tokio::test]
async fn the_search_finds_what_is_planted_in_each_place() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    // Never issued, so that a runner with one process for all tests does not find it in the other test.
    let secret = "planted0secret0planted0secret0planted0secret";
    app.remember(secret);
    tracing::trace!(secret, "planted");
    std::fs::write(app.folder().join("planted"), format!("before {secret} after")).unwrap();
    // A name is stored as it came, and an unknown route is answered with what we say it is.
    let named = admin.post("/api/v1/organization", serde_json::json!({ "name": secret })).await;
    assert_eq!(named.status, 200);
    let mut refusal = admin.call(Method::GET, "/api/v1/nothing", None).await;
    refusal.bytes.extend_from_slice(secret.as_bytes());
    let mut header = admin.call(Method::GET, "/api/v1/nothing", None).await;
    header.headers.insert("www-authenticate", secret.parse().unwrap());

    let places = Places::of(&app, &[refusal, header]).await;
    let found: Vec<Place> = search(&places, &Needle::of_shown(secret)).into_iter().map(|(place, _)| place).collect();
    let refusals = found.iter().filter(|place| matches!(place, Place::Refusal(_))).count();
    assert_eq!(refusals, 2, "{found:?}");
    assert!(found.contains(&Place::Log), "{found:?}");
    assert!(found.contains(&Place::File("planted".into())), "{found:?}");
    let is_store = |place: &Place| match place {
        Place::File(name) => name.starts_with("keyward.db"),
        place => *place == Place::Tables,
    };
    assert!(found.iter().any(is_store), "{found:?}");
}

#[test]
fn the_search_finds_each_form_of_a_secret() {
    let secret = "planted0secret0planted0secret";
    for written in ["planted0secret0planted0secret", r"\x706c616e7465643073656372657430706c616e74656430736563726574"] {
        let places = Places::of_text(written);
        assert_eq!(search(&places, &Needle::of_shown(secret)).len(), 1, "{written}");
    }
    assert!(search(&Places::of_text("planted0secret0planted0secre"), &Needle::of_shown(secret)).is_empty());
}
