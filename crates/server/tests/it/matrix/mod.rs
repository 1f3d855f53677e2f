//! Every route with every kind of credential.

mod credentials;
mod members;
mod organizations;
mod roles;
mod routes;
mod users;

use std::collections::BTreeSet;
use std::fmt::Write;

use insta::assert_snapshot;
use keyward_server::routes::document;

use crate::support::TestApp;
use credentials::Credentials;
use routes::{ROUTES, Things, UNDOCUMENTED};

const SETTINGS: &str = "public_url = 'https://keys.example.com'\nfailures_per_address_per_minute = 0";

#[test]
fn the_matrix_has_every_route_of_the_document_and_no_other() {
    let document = serde_json::to_value(document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation.get("operationId").is_some() {
                documented.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    let listed: BTreeSet<_> =
        ROUTES.iter().copied().flatten().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(listed, documented);
}

#[tokio::test]
async fn each_credential_opens_what_it_should_and_nothing_else() {
    // So many worthless credentials within a moment would be told 429.
    let app = TestApp::start_with(SETTINGS).await;
    let credentials = Credentials::make(&app).await;
    let things = Things::make(&credentials.admin, &credentials.of_organization, &credentials.org).await;
    let mut matrix = String::new();
    for route in ROUTES.iter().copied().flatten().chain(UNDOCUMENTED) {
        // A route that any of several scopes opens is tried with each of them.
        let scopes = if route.scopes.is_empty() { &[""][..] } else { route.scopes };
        for scope in scopes {
            let whose = if route.is_for_organizations { ", organizations too" } else { "" };
            let needs = if scope.is_empty() { "open".to_owned() } else { format!("{scope}{whose}") };
            writeln!(matrix, "{} {} ({needs})", route.method, route.path).unwrap();
            let mut outcomes: Vec<(String, Vec<&str>)> = Vec::new();
            for (name, actor) in credentials.each(route, scope).await {
                let (path, body) = things.request(route).await;
                let reply = actor.call(route.method.parse().unwrap(), &path, body).await;
                if name == "an organization's application" {
                    let is_refused = reply.error() == "PLATFORM_ONLY";
                    assert_eq!(is_refused, !route.is_for_organizations, "{} {}", route.method, route.path);
                }
                let outcome = format!("{} {}", reply.status, reply.error()).trim_end().to_owned();
                match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                    Some((_, names)) => names.push(name),
                    None => outcomes.push((outcome, vec![name])),
                }
            }
            for (outcome, names) in outcomes {
                writeln!(matrix, "    {outcome}: {}", names.join(", ")).unwrap();
            }
        }
    }
    assert_snapshot!(matrix);
}
