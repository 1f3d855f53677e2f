//! Which applications may ask for tokens for an API, and with which scopes.

use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp};

const AUDIENCE: &str = "https://api.example.com";

/// An API with a scope, and an application that knows nothing of it yet.
struct Pair<'a> {
    app: &'a TestApp,
    admin: Actor<'a>,
    api: String,
    scope: String,
    application: String,
    secret: String,
}

impl<'a> Pair<'a> {
    async fn meet(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api(AUDIENCE, &["read:orders"]).await;
        let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
        let body = json!({ "name": "Backend", "type": "m2m" });
        let created = admin.post("/api/v1/applications", body).await;
        let (application, secret) = (created.text("/application/id"), created.text("/application/client_secret"));
        Self { app, admin, api, scope, application, secret }
    }

    async fn update(&self, listed: Value) -> Reply {
        let path = format!("/api/v1/apis/{}/applications", self.api);
        self.admin.patch(&path, json!({ "applications": listed })).await
    }

    fn path_of_scope(&self) -> String {
        format!("/api/v1/apis/{}/applications/{}/scopes/{}", self.api, self.application, self.scope)
    }

    async fn gains_scope(&self) -> Reply {
        self.admin.call(Method::POST, &self.path_of_scope(), None).await
    }

    /// The scopes of a fresh token for the API, or the code of the refusal.
    async fn token(&self) -> String {
        let (id, secret) = (&self.application, &self.secret);
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&audience={AUDIENCE}");
        let reply = self.app.anonymous().form("/oauth2/token", &form).await;
        if reply.status == 200 { reply.text("/scope") } else { reply.error().to_owned() }
    }
}

#[tokio::test]
async fn an_application_is_authorised_given_a_scope_and_cut_off() {
    let app = TestApp::start().await;
    let pair = Pair::meet(&app).await;
    let listed = json!([{ "id": pair.application }]);
    assert_eq!(pair.token().await, "unauthorized_client");
    assert_snapshot!(pair.update(listed).await, @r#"
    200
    cache-control: no-store

    {
      "applications_connected": [
        "e809acafa23864a44da1edaba1d0f7bd"
      ],
      "applications_disconnected": [],
      "code": "API_APPLICATIONS_UPDATED",
      "message": "API applications updated",
      "revision": 8
    }
    "#);
    assert_eq!(pair.token().await, "");
    assert_snapshot!(pair.gains_scope().await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 9
    }
    "#);
    assert_eq!(pair.token().await, "read:orders");
    assert_snapshot!(pair.admin.delete(&pair.path_of_scope()).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 10
    }
    "#);
    assert_eq!(pair.token().await, "");
    assert_snapshot!(pair.update(json!([{ "id": pair.application, "operation": "delete" }])).await, @r#"
    200
    cache-control: no-store

    {
      "applications_connected": [],
      "applications_disconnected": [
        "e809acafa23864a44da1edaba1d0f7bd"
      ],
      "code": "API_APPLICATIONS_UPDATED",
      "message": "API applications updated",
      "revision": 11
    }
    "#);
    assert_eq!(pair.token().await, "unauthorized_client");
}

#[tokio::test]
async fn scopes_do_not_come_back_with_a_new_authorisation() {
    let app = TestApp::start().await;
    let pair = Pair::meet(&app).await;
    let listed = json!([{ "id": pair.application }]);
    pair.update(listed.clone()).await;
    pair.gains_scope().await;
    pair.update(listed.clone()).await;
    assert_eq!(pair.token().await, "read:orders", "to authorise it again takes nothing from it");
    pair.update(json!([{ "id": pair.application, "operation": "delete" }])).await;
    pair.update(listed).await;
    assert_eq!(pair.token().await, "");
}

#[tokio::test]
async fn a_scope_needs_an_authorisation_first() {
    let app = TestApp::start().await;
    let pair = Pair::meet(&app).await;
    let before = app.revision().await;
    assert_snapshot!(pair.gains_scope().await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "APPLICATION_NOT_AUTHORIZED",
          "message": "The application is not authorised for this API."
        }
      ]
    }
    "#);
    assert_eq!(pair.admin.delete(&pair.path_of_scope()).await.error(), "APPLICATION_NOT_AUTHORIZED");
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn all_of_a_request_is_done_or_nothing() {
    let app = TestApp::start().await;
    let pair = Pair::meet(&app).await;
    let before = app.revision().await;
    let unknown = "`applications[1].id` is not the id of an application";
    for (listed, code, message) in [
        (json!([]), "FIELD_INVALID", "`applications` must have 1 to 100 entries"),
        (
            json!(vec![json!({ "id": pair.application }); 101]),
            "FIELD_INVALID",
            "`applications` must have 1 to 100 entries",
        ),
        (json!([{ "id": pair.application }, { "id": "0".repeat(32) }]), "APPLICATION_UNKNOWN", unknown),
        (json!([{ "id": pair.application }, { "id": "" }]), "APPLICATION_UNKNOWN", unknown),
        (
            json!([{ "id": pair.application, "operation": "add" }]),
            "FIELD_INVALID",
            "`applications[0].operation` must be `delete`",
        ),
        (
            json!([{ "id": pair.application, "name": "x" }]),
            "FIELD_UNKNOWN",
            "`applications[0].name` is not a field of this request",
        ),
        (json!([{}]), "FIELD_MISSING", "`applications[0].id` is missing"),
    ] {
        let reply = pair.update(listed).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message));
    }
    assert_eq!(app.revision().await, before);
    assert_eq!(pair.token().await, "unauthorized_client");
}

#[tokio::test]
async fn what_is_unknown_in_the_path_is_not_found() {
    let app = TestApp::start().await;
    let pair = Pair::meet(&app).await;
    pair.update(json!([{ "id": pair.application }])).await;
    let other = pair.admin.makes_api("https://other.example.com", &["read:orders"]).await;
    let foreign = pair.admin.get(&format!("/api/v1/apis/{other}/scopes")).await.text("/scopes/0/id");
    let (api, id, scope) = (&pair.api, &pair.application, &pair.scope);
    let before = app.revision().await;
    for (path, code) in [
        (format!("nope/applications/{id}/scopes/{scope}"), "API_NOT_FOUND"),
        (format!("{api}/applications/nope/scopes/{scope}"), "APPLICATION_NOT_FOUND"),
        (format!("{api}/applications/{id}/scopes/nope"), "SCOPE_NOT_FOUND"),
        (format!("{api}/applications/{id}/scopes/{foreign}"), "SCOPE_NOT_FOUND"),
    ] {
        for method in [Method::POST, Method::DELETE] {
            let reply = pair.admin.call(method, &format!("/api/v1/apis/{path}"), None).await;
            assert_eq!((reply.status, reply.error()), (404, code), "{path}");
        }
    }
    let reply = pair.admin.patch("/api/v1/apis/nope/applications", json!({ "applications": [{ "id": id }] })).await;
    assert_eq!((reply.status, reply.error()), (404, "API_NOT_FOUND"));
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_audience_that_no_api_can_have_is_one_that_nobody_is_authorised_for() {
    let app = TestApp::start().await;
    let pair = Pair::meet(&app).await;
    pair.update(json!([{ "id": pair.application }])).await;
    let (id, secret) = (&pair.application, &pair.secret);
    for audience in ["%00", "a+b", &"x".repeat(257)] {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&audience={audience}");
        let reply = app.anonymous().form("/oauth2/token", &form).await;
        assert_eq!((reply.status, reply.error()), (400, "unauthorized_client"), "{reply}");
    }
}

#[tokio::test]
async fn an_application_that_is_named_twice_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let (id, _) = admin.makes_application(&[], json!({})).await;
    let path = format!("/api/v1/apis/{api}/applications");
    let before = app.revision().await;
    let twice = json!({ "applications": [{ "id": id, "operation": "delete" }, { "id": id }] });
    let reply = admin.patch(&path, twice).await;
    assert_eq!((reply.status, reply.message()), (400, "`applications[1].id` is named twice"));
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_refused_in_the_shape_of_every_other_error() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (method, path) in
        [("PATCH", "/api/v1/apis/%ff/applications"), ("POST", "/api/v1/apis/%ff/applications/a/scopes/b")]
    {
        let reply = admin.call(method.parse().unwrap(), path, None).await;
        assert_eq!((reply.status, reply.error()), (400, "FIELD_INVALID"), "{reply}");
    }
}
