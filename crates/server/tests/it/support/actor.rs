//! Who calls: nobody, an application, an environment key, a customer with a key.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::tokens::claims_of;
use super::{Reply, TestApp};

/// A body with more members, which replace those of the same name.
pub(crate) fn with(body: &Value, more: Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    body
}

/// A caller of the app, by a bearer token or without one.
#[derive(Clone)]
pub(crate) struct Actor<'a> {
    app: &'a TestApp,
    pub(crate) token: Option<String>,
}

impl<'a> Actor<'a> {
    pub(crate) fn new(app: &'a TestApp, token: Option<String>) -> Self {
        Self { app, token }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str) -> Reply {
        self.call(Method::PUT, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.app.send(request.unwrap()).await
    }

    pub(crate) async fn form(&self, path: &str, form: &str) -> Reply {
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        self.app.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// A request to be completed by the test.
    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header("host", "keys.example.com");
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Asks whether a key may be used; `more` are further members of the body.
    pub(crate) async fn verify(&self, key: &str, more: Value) -> Reply {
        self.post("/api/v1/api_keys/verify", with(&json!({ "api_key": key }), more)).await
    }

    // What an admin makes, by its id.

    pub(crate) async fn makes_api(&self, audience: &str, scopes: &[&str]) -> String {
        let reply = self.post("/api/v1/apis", json!({ "name": "Orders", "audience": audience })).await;
        let api = reply.text("/api/id");
        for scope in scopes {
            self.post(&format!("/api/v1/apis/{api}/scopes"), json!({ "key": scope })).await.text("/scope/id");
        }
        api
    }

    pub(crate) async fn makes_organization(&self, name: &str) -> String {
        self.post("/api/v1/organization", json!({ "name": name })).await.text("/organization/code")
    }

    pub(crate) async fn makes_user(&self, given_name: &str) -> String {
        self.post("/api/v1/user", json!({ "profile": { "given_name": given_name } })).await.text("/id")
    }

    /// `more` are further members.
    pub(crate) async fn makes_role(&self, key: &str, more: Value) -> String {
        self.post("/api/v1/roles", with(&json!({ "name": "Role", "key": key }), more)).await.text("/role/id")
    }

    /// `more` are further members.
    pub(crate) async fn makes_permission(&self, key: &str, more: Value) -> String {
        let body = with(&json!({ "name": "Permission", "key": key }), more);
        self.post("/api/v1/permissions", body).await.text("/permission/id")
    }

    /// Makes a key, and answers its id and its secret.
    pub(crate) async fn makes_key(&self, body: Value) -> (String, String) {
        let reply = self.post("/api/v1/api_keys", body).await;
        (reply.text("/api_key/id"), reply.text("/api_key/key"))
    }

    /// The id of the management API.
    pub(crate) async fn management_api(&self) -> String {
        let reply = self.get("/api/v1/apis").await;
        let apis = reply.body["apis"].as_array().unwrap_or_else(|| panic!("{reply}"));
        let management = apis.iter().find(|api| api["is_management_api"] == true).unwrap();
        management["id"].as_str().unwrap().to_owned()
    }

    /// Makes an application with these scopes of the management API, and signs it in. `more` are further members.
    pub(crate) async fn makes_m2m(&self, scopes: &[&str], more: Value) -> Actor<'a> {
        let (id, secret) = self.makes_application(scopes, more).await;
        self.app.sign_in(&id, &secret).await
    }

    /// Makes an application with these scopes of the management API, and answers its credentials.
    pub(crate) async fn makes_application(&self, scopes: &[&str], more: Value) -> (String, String) {
        let body = with(&json!({ "name": "Backend", "type": "m2m" }), more);
        let created = self.post("/api/v1/applications", body).await;
        let (id, secret) = (created.text("/application/client_id"), created.text("/application/client_secret"));
        let api = self.management_api().await;
        let path = format!("/api/v1/apis/{api}/applications");
        assert_eq!(self.patch(&path, json!({ "applications": [{ "id": id }] })).await.status, 200);
        let known = self.get(&format!("/api/v1/apis/{api}/scopes")).await;
        for scope in scopes {
            let known = known.body["scopes"].as_array().unwrap();
            let found = known.iter().find(|row| row["key"] == *scope).unwrap_or_else(|| panic!("{scope}"));
            let path = format!("{path}/{id}/scopes/{}", found["id"].as_str().unwrap());
            let reply = self.call(Method::POST, &path, None).await;
            assert_eq!(reply.status, 200, "{reply}");
        }
        (id, secret)
    }

    /// Authorises an application, which has signed in, for an API.
    pub(crate) async fn authorizes(&self, api: &str, application: &Actor<'_>) {
        let client_id = claims_of(application.token.as_ref().unwrap())["azp"].clone();
        let listed = json!({ "applications": [{ "id": client_id }] });
        assert_eq!(self.patch(&format!("/api/v1/apis/{api}/applications"), listed).await.status, 200);
    }

    /// Makes an environment key with these scopes, and answers whoever holds it.
    pub(crate) async fn makes_environment_key(&self, scopes: &[&str], more: Value) -> Actor<'a> {
        let api = self.management_api().await;
        let body = json!({ "name": "Machine", "type": "environment", "api_id": api, "scope_ids": scopes });
        let (_, secret) = self.makes_key(with(&body, more)).await;
        self.app.bearer(&secret)
    }
}
