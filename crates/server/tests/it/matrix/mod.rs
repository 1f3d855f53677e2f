//! Every route with every kind of credential.

mod credentials;
mod described;
mod members;
mod organizations;
mod outcomes;
mod plans;
mod presented;
mod roles;
pub(crate) mod routes;
mod users;
mod worthless;

use std::collections::BTreeSet;

use insta::assert_snapshot;
use keyward_server::routes::document;

use crate::support::TestApp;
use credentials::{Credentials, OF_ORGANIZATION};
use described::Described;
use outcomes::{Matrix, Outcomes};
use routes::{ROUTES, Route, Things, UNDOCUMENTED};

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
async fn each_credential_opens_what_it_should_of_apis_applications_and_keys() {
    let routes = ROUTES[0].iter().chain(UNDOCUMENTED);
    assert_snapshot!(matrix_of(routes).await);
}

#[tokio::test]
async fn each_credential_opens_what_it_should_of_owners_members_and_roles() {
    let routes = ROUTES[1..].iter().copied().flatten();
    assert_snapshot!(matrix_of(routes).await);
}

async fn matrix_of(routes: impl Iterator<Item = &Route>) -> String {
    // So many worthless credentials within a moment would be told 429.
    let app = TestApp::start_with(SETTINGS).await;
    let credentials = Credentials::make(&app).await;
    let things = Things::make(&credentials.admin, &credentials.of_organization, &credentials.org).await;
    let (mut matrix, described) = (Matrix::default(), Described::new());
    for route in routes {
        // What is refused changes nothing, so one request will do for all that is worth nothing.
        let (path, body) = things.request(route).await;
        let before = app.revision().await;
        let mut refused = Outcomes::default();
        for credential in &credentials.worthless {
            let reply = credential.call(&app, route.method, &path, body.as_ref()).await;
            described.hold(route, &reply);
            refused.add(credential.name, &reply);
        }
        assert_eq!(app.revision().await, before, "{} {}", route.method, route.path);
        // A route that any of several scopes opens is tried with each of them.
        let scopes = if route.scopes.is_empty() { &[""][..] } else { route.scopes };
        for scope in scopes {
            let mut outcomes = Outcomes::default();
            for credential in credentials.each(route, scope).await {
                let (path, body) = things.request(route).await;
                let reply = credential.call(&app, route.method, &path, body.as_ref()).await;
                if credential.name == OF_ORGANIZATION {
                    let is_refused = reply.error() == "PLATFORM_ONLY";
                    assert_eq!(is_refused, !route.is_for_organizations, "{} {}", route.method, route.path);
                }
                described.hold(route, &reply);
                outcomes.add(credential.name, &reply);
            }
            matrix.add(route, scope, &refused, &outcomes);
        }
    }
    matrix.finish()
}
