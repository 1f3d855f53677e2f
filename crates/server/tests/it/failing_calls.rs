//! Every call of the database fails once, for every kind of request: a failure is never read as an answer. Nothing is
//! valid by it, nothing is refused as unknown or not allowed, and no change is told of that was not made.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use keyward_server::actions::follow;
use keyward_store::faults::{Failure, disarm, fail_call};
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp, with};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    VerifyValid,
    VerifyUnknown,
    VerifyRevoked,
    VerifyByKey,
    VerifyMany,
    /// The key uses up credits, of which none has been taken yet.
    VerifyPaid,
    OwnKey,
    ExplainKey,
    CreateKey,
    CreateKeyByKey,
    RotateKey,
    RevokeKey,
    GetKey,
    ListKeys,
    Token,
    RegisterApi,
    CreateOrganization,
    SuspendOrganization,
    CreateApplication,
    PublicKeys,
    Ready,
}

impl Asked {
    const ALL: [Self; 21] = [
        Self::VerifyValid,
        Self::VerifyUnknown,
        Self::VerifyRevoked,
        Self::VerifyByKey,
        Self::VerifyMany,
        Self::VerifyPaid,
        Self::OwnKey,
        Self::ExplainKey,
        Self::CreateKey,
        Self::CreateKeyByKey,
        Self::RotateKey,
        Self::RevokeKey,
        Self::GetKey,
        Self::ListKeys,
        Self::Token,
        Self::RegisterApi,
        Self::CreateOrganization,
        Self::SuspendOrganization,
        Self::CreateApplication,
        Self::PublicKeys,
        Self::Ready,
    ];

    /// Whether it can be sent again under the same `Idempotency-Key`.
    fn can_be_repeated(self) -> bool {
        matches!(self, Self::CreateKey | Self::CreateKeyByKey | Self::RotateKey)
    }
}

/// Who asks, and about what.
struct Scene<'a> {
    app: &'a TestApp,
    admin: Actor<'a>,
    machine: Actor<'a>,
    client: (String, String),
    api: String,
    org: String,
    other_org: String,
    revoked: String,
}

impl<'a> Scene<'a> {
    async fn set(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
        let org = admin.makes_organization("Acme").await;
        let other_org = admin.makes_organization("Other").await;
        let machine = admin.makes_environment_key(&["verify:api_keys", "create:api_keys"], json!({})).await;
        let client = admin.makes_application(&[], json!({})).await;
        let body = json!({ "name": "Revoked", "api_id": api, "org_code": org });
        let (id, revoked) = admin.makes_key(body).await;
        assert_eq!(admin.delete(&format!("/api/v1/api_keys/{id}")).await.status, 200);
        Self { app, admin, machine, client, api, org, other_org, revoked }
    }

    fn body(&self, name: &str) -> Value {
        json!({ "name": name, "api_id": self.api, "org_code": self.org, "scope_ids": ["read:orders"] })
    }

    /// Asks about a key; `name` is that of what is made, and the `Idempotency-Key`.
    async fn ask(&self, asked: Asked, (id, secret): &(String, String), name: &str) -> Reply {
        let key = format!("/api/v1/api_keys/{id}");
        match asked {
            Asked::VerifyValid | Asked::VerifyPaid => self.admin.verify(secret, json!({})).await,
            Asked::VerifyUnknown => self.admin.verify(&with_another_secret(secret), json!({})).await,
            Asked::VerifyRevoked => self.admin.verify(&self.revoked, json!({})).await,
            Asked::VerifyByKey => self.machine.verify(secret, json!({ "scopes": ["read:orders"] })).await,
            Asked::VerifyMany => {
                let keys = json!([{ "api_key": secret }, { "api_key": self.revoked }]);
                self.admin.post("/api/v1/api_keys/verify_batch", json!({ "keys": keys })).await
            }
            Asked::OwnKey => self.app.bearer(secret).get("/api/v1/api_keys/self").await,
            Asked::ExplainKey => self.admin.post("/api/v1/api_keys/explain", json!({ "key_id": id })).await,
            Asked::CreateKey => self.repeatable(&self.admin, Method::POST, "/api/v1/api_keys", Some(name), name).await,
            Asked::CreateKeyByKey => {
                self.repeatable(&self.machine, Method::POST, "/api/v1/api_keys", Some(name), name).await
            }
            Asked::RotateKey => self.repeatable(&self.admin, Method::PUT, &key, None, name).await,
            Asked::RevokeKey => self.admin.delete(&key).await,
            Asked::GetKey => self.admin.get(&key).await,
            Asked::ListKeys => self.admin.get("/api/v1/api_keys").await,
            Asked::Token => {
                let (id, secret) = &self.client;
                // Of an application that may ask for tokens of the API.
                let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
                self.app.anonymous().form("/oauth2/token", &form).await
            }
            Asked::RegisterApi => self.admin.post("/api/v1/apis", json!({ "name": name, "audience": name })).await,
            Asked::CreateOrganization => self.admin.post("/api/v1/organization", json!({ "name": name })).await,
            Asked::SuspendOrganization => {
                let is_suspended = self.app.revision().await % 2 == 0;
                let path = format!("/api/v1/organization/{}", self.other_org);
                self.admin.patch(&path, json!({ "is_suspended": is_suspended })).await
            }
            Asked::CreateApplication => {
                self.admin.post("/api/v1/applications", json!({ "name": name, "type": "m2m" })).await
            }
            Asked::PublicKeys => self.app.anonymous().get("/.well-known/jwks").await,
            Asked::Ready => self.app.anonymous().get("/readyz").await,
        }
    }

    async fn repeatable(&self, who: &Actor<'_>, method: Method, path: &str, creates: Option<&str>, key: &str) -> Reply {
        let request = who.request(method, path).header("idempotency-key", format!("under {key}"));
        let request = match creates {
            Some(name) => {
                request.header("content-type", "application/json").body(Body::from(self.body(name).to_string()))
            }
            None => request.body(Body::empty()),
        };
        self.app.send(request.unwrap()).await
    }
}

/// A secret of the right form that was never issued.
fn with_another_secret(secret: &str) -> String {
    let parsed = keyward_core::KeySecret::parse(secret).unwrap();
    let mut state = 7_u8;
    let mut fill = |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(31).wrapping_add(11);
            *byte = state;
        }
    };
    let prefix = keyward_core::KeyPrefix::default();
    keyward_core::KeySecret::generate(&prefix, parsed.class(), &mut fill).plain().expose().to_owned()
}

#[tokio::test]
async fn a_call_that_never_reaches_the_database_is_never_an_answer() {
    fail_every_call(Failure::Before).await;
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_never_an_answer() {
    fail_every_call(Failure::After).await;
}

async fn fail_every_call(failure: Failure) {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let mut failed = 0;
    for asked in Asked::ALL {
        let mut nth = 0;
        loop {
            nth += 1;
            let name = format!("{asked:?}-{nth}");
            let body = scene.body(&format!("key of {name}"));
            let credits = if asked == Asked::VerifyPaid { json!({ "remaining": 9 }) } else { json!(null) };
            let key = scene.admin.makes_key(with(&body, json!({ "credits": credits }))).await;
            let before = app.revision().await;
            fail_call(nth, failure);
            let reply = scene.ask(asked, &key, &name).await;
            if !disarm() {
                assert!((200..300).contains(&reply.status), "{asked:?} without a failure: {reply}");
                break;
            }
            failed += 1;
            if (200..300).contains(&reply.status) {
                // It was made. This node could not apply it at once, and so it has by now, or answers nothing.
                assert_eq!(app.revision().await - before, 1, "{asked:?} {nth}: {reply}");
                let is_applied = i64::try_from(app.app.engine.revision()).unwrap() == app.revision().await;
                assert!(is_applied || follow::require_lease(&app.app).is_err(), "{asked:?} {nth}");
                continue;
            }
            hold_to_not_knowing(&reply, &format!("{failure:?} call {nth} of {asked:?}"));
            let moved = app.revision().await - before;
            assert!(moved == 0 || (failure == Failure::After && moved == 1), "{asked:?} {nth}: {moved} changes");
            if asked.can_be_repeated() {
                let again = scene.ask(asked, &key, &name).await;
                let is_repeated = again.header("idempotent-replayed") == "true";
                assert_eq!((again.status, is_repeated), (201, moved == 1), "{asked:?} {nth}: {again}");
                assert_eq!(app.revision().await - before, 1, "{asked:?} {nth} was done more than once");
            }
        }
        let least = match asked {
            // Who asks, and about what, is known from memory, and it is counted in a file.
            Asked::VerifyValid | Asked::VerifyByKey | Asked::VerifyUnknown | Asked::VerifyRevoked => 0,
            Asked::VerifyMany | Asked::OwnKey => 0,
            // It begins, and it asks something.
            Asked::PublicKeys | Asked::Ready | Asked::GetKey | Asked::ListKeys | Asked::ExplainKey => 2,
            // It is looked once more at who asks.
            _ => 4,
        };
        assert!(nth > least, "{asked:?} has made {nth} calls: the failures have missed it");
        assert!(least > 0 || nth == 1, "{asked:?} has asked the database");
    }
    assert!(failed > 150, "{failed}");
}

/// 503, and nothing that could be taken for an answer.
fn hold_to_not_knowing(reply: &Reply, what: &str) {
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"), "{what}: {reply}");
    assert!(["UNAVAILABLE", "temporarily_unavailable"].contains(&reply.error()), "{what}: {reply}");
    assert_eq!(reply.header("www-authenticate"), "", "{what}: {reply}");
    for member in ["is_valid", "api_key", "results", "steps"] {
        assert!(reply.body.get(member).is_none(), "{what}: {reply}");
    }
}

#[tokio::test]
#[should_panic = "left: (401"]
async fn a_refusal_in_the_place_of_not_knowing_is_seen() {
    let app = TestApp::start().await;
    hold_to_not_knowing(&app.bearer("garbage").get("/api/v1/api_keys").await, "a control");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_fault_of_ours_and_nothing_is_verified_beside_it() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let (id, secret) = scene.admin.makes_key(with(&scene.body("broken"), json!({}))).await;
    let update = "UPDATE keys SET scopes = 'not json' WHERE name = 'broken'";
    app.database.db_run(update).await;
    let shown = scene.admin.get(&format!("/api/v1/api_keys/{id}")).await;
    assert_eq!((shown.status, shown.error()), (500, "INTERNAL"), "{shown}");
    // As soon as this node hears of it, it cannot know anything any more.
    app.db_change(update).await;
    app.advance(Duration::from_secs(3));
    let verified = scene.admin.verify(&secret, json!({})).await;
    assert_eq!((verified.status, verified.error()), (503, "UNAVAILABLE"), "{verified}");
}
