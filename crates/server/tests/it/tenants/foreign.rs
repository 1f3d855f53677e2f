//! Every place of the document that takes a name, with the organization's own name, with somebody else's, and with one
//! of nobody.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::places::{Kind, Operation, Part, Place, operations};
use super::requests::request;
use super::world::{World, of_nobody};
use crate::support::{Reply, TestApp};

/// Where an organization's own name is refused too, with the status: users' keys, and what is for environment keys alone,
/// are not the business of an organization's application.
const NOT_EVEN_OWN: &[(&str, &str, u16)] = &[
    ("GET /api/v1/api_keys", "user_id", 200),
    ("GET /api/v1/api_keys", "user_external_id", 200),
    ("GET /api/v1/usage", "user_id", 200),
    ("POST /api/v1/api_keys/bulk", "filter.user_id", 200),
    ("POST /api/v1/api_keys", "user_id", 403),
    ("POST /api/v1/api_keys", "user_external_id", 403),
    ("POST /api/v1/api_keys", "bound_api_ids.[]", 400),
];

/// Whether a request that succeeds has a value here, beside the one that is chosen.
fn is_usual(operation: &Operation, chosen: &Place, place: &Place) -> bool {
    match (operation.name().as_str(), place.name.as_str()) {
        ("POST /api/v1/api_keys", "org_code") => {
            !["org_external_id", "user_id", "user_external_id"].contains(&chosen.name.as_str())
        }
        ("GET /api/v1/organization", "code") => true,
        ("POST /api/v1/api_keys/bulk", "filter.api_id") => chosen.name == "filter.scope",
        ("POST /api/v1/api_keys/explain", "key_id") => chosen.name != "api_key",
        ("POST /oauth2/token", "client_id" | "client_secret" | "audience") => true,
        _ => place.is_required || place.part == Part::Path,
    }
}

#[tokio::test]
async fn a_name_of_somebody_else_is_answered_as_one_of_nobody() {
    let app = TestApp::start().await;
    let world = World::make(&app).await;
    let mut before = app.database.db_rows().await;
    let mut tried = 0;
    for operation in operations() {
        // A caller's own name of a request has a test of its own: it makes a difference to the caller, and should.
        let is_name = |place: &&Place| ![Kind::Plain, Kind::Repeat].contains(&place.kind);
        let named: Vec<&Place> = operation.places.iter().filter(is_name).collect();
        // A scope of the other's API is foreign together with its API, not beside one's own.
        let in_path: Vec<&Place> = named.iter().copied().filter(|place| place.part == Part::Path).collect();
        let together = (in_path.len() > 1).then_some(in_path);
        for places in named.iter().map(|place| vec![*place]).chain(together) {
            let own = hold(&app, &world, &operation, &places).await;
            if own.status < 300 && operation.method != Method::GET {
                before = app.database.db_rows().await;
            }
            ask_about_others(&app, &world, &operation, &places, &own).await;
            assert_eq!(app.database.db_rows().await, before, "{}", shown(&operation, &places));
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried} places");
}

#[tokio::test]
async fn a_request_that_somebody_else_has_named_the_same_is_another_one() {
    let app = TestApp::start().await;
    let world = World::make(&app).await;
    let mut answers = Vec::new();
    for (tenant, again) in [(&world.other, false), (&world.own, false), (&world.own, true), (&world.other, true)] {
        let body = json!({ "name": "Key", "api_id": tenant.names[&Kind::Api][0], "org_code": tenant.org });
        let request =
            tenant.application.request(Method::POST, "/api/v1/api_keys").header("idempotency-key", "the-same");
        let request = request.header("content-type", "application/json").body(Body::from(body.to_string()));
        let reply = app.send(request.unwrap()).await;
        assert_eq!(reply.header("idempotent-replayed") == "true", again, "{reply}");
        answers.push(reply.text("/api_key/id"));
    }
    assert_eq!((&answers[0], &answers[1]), (&answers[3], &answers[2]));
    assert_ne!(answers[0], answers[1]);
}

fn shown(operation: &Operation, places: &[&Place]) -> String {
    let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
    format!("{}, {}", operation.name(), names.join(" and "))
}

/// Where an organization's own name comes to something else than success: the status.
fn exception(operation: &Operation, places: &[&Place]) -> Option<u16> {
    let found = NOT_EVEN_OWN.iter().find(|(name, place, _)| *name == operation.name() && *place == places[0].name);
    found.map(|(_, _, status)| *status)
}

/// Asks with one's own names, which are served unless the platform keeps the operation to itself.
async fn hold(app: &TestApp, world: &World<'_>, operation: &Operation, places: &[&Place]) -> Reply {
    let own = send(app, world, operation, places, &|place| own_name(world, operation, place)).await;
    let at = shown(operation, places);
    match exception(operation, places) {
        Some(status) => assert_eq!(own.status, status, "{at}: {own}"),
        None => assert!(own.error() == "PLATFORM_ONLY" || own.status < 300, "{at}, one's own: {own}"),
    }
    own
}

/// Asks with each name that somebody else has, and with the one beside it that nobody has.
async fn ask_about_others(app: &TestApp, world: &World<'_>, operation: &Operation, places: &[&Place], own: &Reply) {
    let at = shown(operation, places);
    let is_cursor = places[0].part == Part::Query
        && [Kind::Key, Kind::OrganizationToken, Kind::UserToken, Kind::User].contains(&places[0].kind);
    let is_for_platform = own.error() == "PLATFORM_ONLY";
    for somebody in [&world.other.names, &world.platform] {
        let each: Vec<&Vec<String>> = places.iter().filter_map(|place| somebody.get(&place.kind)).collect();
        if each.len() < places.len() {
            continue;
        }
        let fewest = each.iter().min_by_key(|names| names.len()).unwrap();
        for (number, _) in fewest.iter().enumerate() {
            let foreign_name = |place: &Place| somebody[&place.kind][number].clone();
            let nobodys_name = |place: &Place| of_nobody(place.kind, &foreign_name(place));
            let foreign = send(app, world, operation, places, &foreign_name).await;
            let nobodys = send(app, world, operation, places, &nobodys_name).await;
            let name = foreign_name(places[0]);
            let said_of_foreign = said(&foreign, &name);
            assert_eq!(said_of_foreign, said(&nobodys, &nobodys_name(places[0])), "{at}: {name}");
            assert_eq!(foreign.error() == "PLATFORM_ONLY", is_for_platform, "{at}: {foreign}");
            if !is_for_platform && exception(operation, places).is_none() && !is_cursor {
                assert_ne!(said_of_foreign, said(own, ""), "{at} does not depend on it: {foreign}");
            }
        }
    }
}

/// Everything that an answer says, but for the id of the request and for what the request itself has said.
fn said(reply: &Reply, asked: &str) -> (u16, Vec<(String, String)>, String) {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let body = String::from_utf8_lossy(&reply.bytes).into_owned();
    let body = if asked.is_empty() { body } else { body.replace(asked, "…") };
    (reply.status, headers.collect(), body)
}

/// The request that is usual for the organization itself, with chosen names in some places.
async fn send(
    app: &TestApp,
    world: &World<'_>,
    operation: &Operation,
    places: &[&Place],
    chosen: &dyn Fn(&Place) -> String,
) -> Reply {
    let mut values: Vec<(&Place, Value)> = Vec::new();
    for place in &operation.places {
        if places.iter().any(|chosen| chosen.name == place.name) {
            values.push((place, json!(chosen(place))));
        } else if is_usual(operation, places[0], place) {
            let is_plain = place.kind == Kind::Plain;
            let own = || json!(own_name(world, operation, place));
            values.push((place, if is_plain { place.example.clone() } else { own() }));
        }
    }
    app.send(request(&world.own.application, operation, &values)).await
}

/// A name of the organization itself, or of what it may use of the platform's.
fn own_name(world: &World<'_>, operation: &Operation, place: &Place) -> String {
    let names = world.own.names.get(&place.kind).or_else(|| world.platform.get(&place.kind));
    let names = names.unwrap_or_else(|| panic!("nothing of {:?}", place.kind));
    // Whoever rotates a key or revokes it takes one that nothing else is asked about.
    let at = match (place.kind, &operation.method) {
        (Kind::Key, &Method::PUT) => 1,
        (Kind::Key, &Method::DELETE) => 2,
        _ => 0,
    };
    names[at].clone()
}
