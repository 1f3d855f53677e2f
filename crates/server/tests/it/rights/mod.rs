//! Rights are not to be widened: nobody gives what they do not hold, by whatever way, in one step or in several.

mod steps;
mod ways;

use std::collections::BTreeSet;

use keyward_core::ManagementScope;
use keyward_server::routes::document;
use serde_json::json;

use crate::support::{Actor, TestApp};
use ways::{GIVES_NOTHING, Stage, WAYS, Way};

/// Every scope but one.
fn all_but(lacking: &str) -> Vec<&'static str> {
    ManagementScope::ALL.iter().map(|scope| scope.key()).filter(|key| *key != lacking).collect()
}

/// Tries every way to give a scope, which the caller lacks; nothing changes.
async fn tries_every_way(stage: &Stage<'_>, caller: &Actor<'_>, lacking: &str) {
    let before = stage.app.revision().await;
    for way in WAYS {
        let reply = stage.go(way, caller, lacking).await;
        let outcome = (reply.status, reply.error().to_owned());
        if way.scope == lacking {
            assert_eq!(outcome, (403, "SCOPE_MISSING".into()), "{} {lacking}: {reply}", way.name);
        } else {
            assert_eq!(outcome, (403, "RIGHTS_EXCEEDED".into()), "{} {lacking}: {reply}", way.name);
            let message = format!("The credential does not hold {lacking} and so cannot give it.");
            assert_eq!(reply.message(), message, "{}", way.name);
        }
    }
    assert_eq!(stage.app.revision().await, before, "{lacking}");
}

#[test]
fn every_call_that_changes_something_is_a_way_or_known_to_give_nothing() {
    let document = serde_json::to_value(document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|method| *method != "get") {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let ways = WAYS.iter().map(Way::route);
    let known: BTreeSet<_> = ways.chain(GIVES_NOTHING.iter().map(|(route, _)| (*route).to_owned())).collect();
    assert_eq!(known, documented);
}

#[tokio::test]
async fn an_application_gives_no_scope_that_it_lacks() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    for scope in ManagementScope::ALL {
        let caller = stage.token_with(&all_but(scope.key())).await;
        tries_every_way(&stage, &caller, scope.key()).await;
    }
}

#[tokio::test]
async fn an_environment_key_gives_no_scope_that_it_lacks() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    for scope in ManagementScope::ALL {
        let caller = stage.admin.makes_environment_key(&all_but(scope.key()), json!({})).await;
        tries_every_way(&stage, &caller, scope.key()).await;
    }
}

#[tokio::test]
async fn whoever_holds_all_of_it_gives_it_by_each_way() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    for way in WAYS {
        let before = app.revision().await;
        let reply = stage.go(way, &stage.admin, "read:users").await;
        assert!(reply.status < 300, "{}: {reply}", way.name);
        assert_eq!(app.revision().await, before + 1, "{}", way.name);
    }
}

#[tokio::test]
async fn whoever_is_bound_to_an_api_gives_nothing_that_is_not() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let every = all_but("");
    let bound = json!({ "bound_api_ids": [stage.api] });
    let callers =
        [stage.admin.makes_m2m(&every, bound.clone()).await, stage.admin.makes_environment_key(&every, bound).await];
    let before = app.revision().await;
    for caller in &callers {
        for way in WAYS.iter().filter(|way| !way.narrows) {
            let reply = stage.go(way, caller, "verify:api_keys").await;
            assert_eq!((reply.status, reply.error()), (403, "RIGHTS_EXCEEDED"), "{}: {reply}", way.name);
            let message = "The credential is bound to APIs and can give rights within these alone.";
            assert_eq!(reply.message(), message, "{}", way.name);
        }
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_organizations_application_gives_nothing() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let org = stage.admin.makes_organization("Acme").await;
    let caller = stage.admin.makes_m2m(&all_but(""), json!({ "org_code": org })).await;
    let before = app.revision().await;
    for way in WAYS {
        let reply = stage.go(way, &caller, "read:users").await;
        // Whatever is not its organization's is not there.
        let outcome = if way.route().ends_with(" /api/v1/api_keys/{key_id}") {
            (404, "API_KEY_NOT_FOUND")
        } else {
            (403, "PLATFORM_ONLY")
        };
        assert_eq!((reply.status, reply.error()), outcome, "{}: {reply}", way.name);
    }
    assert_eq!(app.revision().await, before);
}
