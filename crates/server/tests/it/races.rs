//! Requests that come at once. Changes are serial, so each pair comes out as if one had come after the other.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp};

/// How often each race is run: who wins is chance.
const ROUNDS: usize = 12;

/// An API with a scope, and an organization; each race has its own.
struct Track<'a> {
    admin: Actor<'a>,
    api: String,
    scope: String,
    org: String,
}

impl<'a> Track<'a> {
    async fn build(admin: &Actor<'a>, round: usize) -> Self {
        let api = admin.makes_api(&format!("https://{round}.example.com"), &["read:orders"]).await;
        let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
        let org = admin.makes_organization("Acme").await;
        Self { admin: admin.clone(), api, scope, org }
    }

    fn body(&self) -> Value {
        json!({ "name": "Key", "api_id": self.api, "org_code": self.org, "scope_ids": ["read:orders"] })
    }

    async fn create(&self) -> Reply {
        self.admin.post("/api/v1/api_keys", self.body()).await
    }

    /// What a key's secret is worth: the code of a verification.
    async fn worth(&self, secret: &str) -> String {
        self.admin.verify(secret, json!({})).await.text("/code")
    }
}

fn key(id: &str) -> String {
    format!("/api/v1/api_keys/{id}")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rotations_the_later_wins_and_one_secret_is_left() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for round in 0..ROUNDS {
        let track = Track::build(&admin, round).await;
        let created = track.create().await;
        let (id, first) = (created.text("/api_key/id"), created.text("/api_key/key"));
        let mut rotated = <[Reply; 2]>::from(join(admin.put(&key(&id)), admin.put(&key(&id))).await);
        rotated.sort_by_key(|reply| reply.body["revision"].as_u64());
        let [earlier, later] = rotated.map(|reply| reply.text("/api_key/key"));
        assert_eq!(track.worth(&later).await, "API_KEY_VERIFIED");
        for lost in [first, earlier] {
            assert_eq!(track.worth(&lost).await, "API_KEY_INVALID");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_while_it_is_rotated_stays_revoked() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for round in 0..ROUNDS {
        let track = Track::build(&admin, round).await;
        let created = track.create().await;
        let (id, mut secret) = (created.text("/api_key/id"), created.text("/api_key/key"));
        let (rotated, revoked) = join(admin.put(&key(&id)), admin.delete(&key(&id))).await;
        assert_eq!(revoked.status, 200, "{revoked}");
        match rotated.status {
            201 => secret = rotated.text("/api_key/key"),
            _ => assert_eq!(rotated.error(), "API_KEY_REVOKED", "{rotated}"),
        }
        assert_eq!(track.worth(&secret).await, "API_KEY_REVOKED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_verification_that_begins_after_the_answer_to_a_revocation_is_valid() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for round in 0..ROUNDS {
        let track = Track::build(&admin, round).await;
        let created = track.create().await;
        let (id, secret) = (created.text("/api_key/id"), created.text("/api_key/key"));
        let revoke_then_verify = async {
            assert_eq!(admin.delete(&key(&id)).await.status, 200);
            join_all((0..4).map(|_| track.worth(&secret))).await
        };
        // Others verify all the while, and may hear either.
        let meanwhile = join_all((0..8).map(|_| track.worth(&secret)));
        let (after, meanwhile) = join(revoke_then_verify, meanwhile).await;
        assert_eq!(after, ["API_KEY_REVOKED"; 4]);
        assert!(meanwhile.iter().all(|code| code == "API_KEY_VERIFIED" || code == "API_KEY_REVOKED"), "{meanwhile:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_outlives_what_is_deleted_while_it_is_made() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for round in 0..ROUNDS {
        let track = Track::build(&admin, round).await;
        let (what, unknown) = match round % 2 {
            0 => (format!("/api/v1/apis/{}", track.api), "API_UNKNOWN"),
            _ => (format!("/api/v1/organization/{}", track.org), "OWNER_NOT_FOUND"),
        };
        let (created, deleted) = join(track.create(), admin.delete(&what)).await;
        assert_eq!(deleted.status, 200, "{deleted}");
        match created.status {
            201 => assert_eq!(track.worth(&created.text("/api_key/key")).await, "API_KEY_REVOKED"),
            _ => assert_eq!(created.error(), unknown, "{created}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_has_a_scope_that_is_deleted_while_it_is_made() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for round in 0..ROUNDS {
        let track = Track::build(&admin, round).await;
        let scope = format!("/api/v1/apis/{}/scopes/{}", track.api, track.scope);
        let (created, deleted) = join(track.create(), admin.delete(&scope)).await;
        assert_eq!(deleted.status, 200, "{deleted}");
        if created.status == 201 {
            let verified = admin.verify(&created.text("/api_key/key"), json!({})).await;
            assert_eq!(verified.body["scopes"], json!([]), "{verified}");
        } else {
            assert_eq!(created.error(), "SCOPE_UNKNOWN", "{created}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_many_requests_make_is_made_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let track = Track::build(&admin, 0).await;
    let body = json!({
        "name": "Key", "api_id": track.api, "org_external_id": "customer-42", "create_owner": true
    });
    let created = join_all((0..8).map(|_| admin.post("/api/v1/api_keys", body.clone()))).await;
    assert!(created.iter().all(|reply| reply.status == 201));
    let found = admin.get("/api/v1/organizations?external_id=customer-42").await;
    assert_eq!(found.body["organizations"].as_array().unwrap().len(), 1, "{found}");
    let listed = admin.get("/api/v1/api_keys?org_external_id=customer-42").await;
    assert_eq!(listed.body["api_keys"].as_array().unwrap().len(), 8, "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_unique_is_given_to_one_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    for (path, body, taken) in [
        ("/api/v1/apis".to_owned(), json!({ "name": "A", "audience": "https://one.example.com" }), "AUDIENCE_TAKEN"),
        (format!("/api/v1/apis/{api}/scopes"), json!({ "key": "read:orders" }), "SCOPE_TAKEN"),
        ("/api/v1/organization".into(), json!({ "name": "A", "external_id": "1" }), "EXTERNAL_ID_TAKEN"),
        ("/api/v1/user".into(), json!({ "provided_id": "1" }), "EXTERNAL_ID_TAKEN"),
        ("/api/v1/roles".into(), json!({ "name": "A", "key": "editor" }), "ROLE_TAKEN"),
        ("/api/v1/plans".into(), json!({ "name": "Pro" }), "PLAN_TAKEN"),
        ("/api/v1/permissions".into(), json!({ "name": "A", "key": "edit" }), "PERMISSION_TAKEN"),
    ] {
        let replies = join_all((0..6).map(|_| admin.post(&path, body.clone()))).await;
        let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status < 300);
        assert_eq!(made.len(), 1, "{path}");
        assert!(refused.iter().all(|reply| reply.error() == taken), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_a_right_while_using_it_either_used_it_before_or_not_at_all() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for round in 0..ROUNDS {
        let (id, secret) = admin.makes_application(&["create:organizations"], json!({})).await;
        let losing = app.sign_in(&id, &secret).await;
        let before = app.revision().await;
        let application = format!("/api/v1/applications/{id}");
        let disable = admin.patch(&application, json!({ "is_enabled": false }));
        let name = json!({ "name": format!("Made in {round}") });
        let (used, disabled) = join(losing.post("/api/v1/organization", name), disable).await;
        assert_eq!(disabled.status, 200, "{disabled}");
        let was_used = used.status == 200;
        assert!(was_used || used.error() == "TOKEN_INVALID", "{used}");
        if was_used {
            assert!(used.body["revision"].as_u64() < disabled.body["revision"].as_u64());
        }
        assert_eq!(app.revision().await, before + 1 + i64::from(was_used));
    }
}
