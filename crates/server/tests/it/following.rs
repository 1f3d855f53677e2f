//! A node answers from memory what the store says: what is committed is heard of, and no answer runs ahead of it.

use std::future::pending;
use std::time::Duration;

use keyward_server::actions::follow;
use keyward_server::jobs;
use serde_json::json;

use crate::support::{Actor, TestApp};

struct Shop<'a> {
    admin: Actor<'a>,
    org: String,
    id: String,
    secret: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
        let org = admin.makes_organization("Acme").await;
        let (id, secret) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
        Self { admin, org, id, secret }
    }

    async fn code(&self) -> String {
        self.admin.verify(&self.secret, json!({})).await.text("/code")
    }
}

/// Revokes the key in the store, as one who has committed and did not come to tell anybody.
async fn revoke_unheard(app: &TestApp) {
    app.database.db_change("UPDATE keys SET revoked_at = 1 WHERE name = 'Key'").await;
}

#[tokio::test]
async fn what_was_committed_and_told_to_nobody_is_heard_of() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    revoke_unheard(&app).await;
    assert_eq!(shop.code().await, "API_KEY_VERIFIED", "nobody has told this node, and the test proves nothing");

    let job = tokio::spawn(jobs::follow(app.app.clone(), pending()));
    for _ in 0..200 {
        // On PostgreSQL the lease counts from the last round; here none but the job makes one.
        if shop.code().await == "API_KEY_REVOKED" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    job.abort();
    assert_eq!(shop.code().await, "API_KEY_REVOKED");
}

#[tokio::test]
async fn a_repeated_revoke_is_answered_when_the_first_one_is_in_force() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    revoke_unheard(&app).await;
    let repeated = shop.admin.delete(&format!("/api/v1/api_keys/{}", shop.id)).await;
    assert_eq!((repeated.status, repeated.body["revision"].as_i64()), (200, Some(app.revision().await)));
    assert_eq!(shop.code().await, "API_KEY_REVOKED");
}

#[tokio::test]
async fn a_repeated_suspension_is_answered_when_the_first_one_is_in_force() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    app.database.db_change("UPDATE organizations SET suspended_at = 1").await;
    let path = format!("/api/v1/organization/{}", shop.org);
    assert_eq!(shop.admin.patch(&path, json!({ "is_suspended": true })).await.status, 200);
    assert_eq!(shop.code().await, "API_KEY_OWNER_SUSPENDED");
}

#[tokio::test]
async fn a_node_that_cannot_apply_a_change_is_not_ready_until_it_can() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    assert_eq!(app.anonymous().get("/readyz").await.status, 204);
    app.db_change("UPDATE keys SET allowed_cidrs = 'not json'").await;
    app.advance(Duration::from_secs(3));
    let ready = app.anonymous().get("/readyz").await;
    assert_eq!((ready.status, ready.error()), (503, "UNAVAILABLE"), "{ready}");
    let verified = shop.admin.verify(&shop.secret, json!({})).await;
    assert_eq!((verified.status, verified.error()), (503, "UNAVAILABLE"), "{verified}");

    app.database.db_run("UPDATE keys SET allowed_cidrs = '[]'").await;
    assert_eq!(app.anonymous().get("/readyz").await.status, 204);
    assert_eq!(shop.code().await, "API_KEY_VERIFIED");
}

#[tokio::test]
async fn a_token_by_a_signing_key_that_is_not_known_here_is_good_after_one_round() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    app.database.db_change("UPDATE signing_keys SET kid = 'of another node'").await;
    let elsewhere = app.sign_in(&id, &secret).await;
    assert_eq!(elsewhere.get("/api/v1/apis").await.status, 200);
    assert_eq!(admin.get("/api/v1/apis").await.status, 200, "the one before has not been told to have ended");
}

#[tokio::test]
async fn a_right_that_was_taken_and_told_to_nobody_counts_when_a_round_has_told_of_it_and_never_in_a_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let reader = admin.makes_m2m(&["read:apis", "create:apis"], json!({ "name": "Reader" })).await;
    let taken = app.database.db_change("UPDATE applications SET disabled_at = 1 WHERE name = 'Reader'").await;
    assert_eq!(reader.get("/api/v1/apis").await.status, 200, "nobody has told this node, and the test proves nothing");
    let api = json!({ "name": "Orders", "audience": "https://orders.example.com" });
    assert_eq!(reader.post("/api/v1/apis", api).await.status, 401, "a change asks the store itself");
    follow::catch_up(&app.app, taken).await.unwrap();
    assert_eq!(reader.get("/api/v1/apis").await.status, 401);
}
