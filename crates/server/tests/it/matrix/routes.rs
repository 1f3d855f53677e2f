//! The routes, with the scopes that open each.

use std::cell::Cell;

use serde_json::{Value, json};

use super::{members, organizations, plans, roles, users};
use crate::support::Actor;

/// A route and who may use it. No scope means that it is open to all.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// Any of these will do.
    pub(super) scopes: &'static [&'static str],
    pub(super) is_for_organizations: bool,
}

pub(super) const fn platform(method: &'static str, path: &'static str, scopes: &'static [&'static str]) -> Route {
    Route { method, path, scopes, is_for_organizations: false }
}

pub(super) const fn shared(method: &'static str, path: &'static str, scopes: &'static [&'static str]) -> Route {
    Route { method, path, scopes, is_for_organizations: true }
}

const fn open(method: &'static str, path: &'static str) -> Route {
    Route { method, path, scopes: &[], is_for_organizations: true }
}

const SCOPE_OF_APPLICATION: &str = "/api/v1/apis/{api_id}/applications/{application_id}/scopes/{scope_id}";

/// Every route of the document, by the file that knows how to ask for it.
pub(crate) const ROUTES: &[&[Route]] =
    &[GENERAL, organizations::ROUTES, members::ROUTES, users::ROUTES, roles::ROUTES, plans::ROUTES];

const GENERAL: &[Route] = &[
    shared("GET", "/api/v1/apis", &["read:apis"]),
    platform("POST", "/api/v1/apis", &["create:apis"]),
    shared("GET", "/api/v1/apis/{api_id}", &["read:apis"]),
    platform("PATCH", "/api/v1/apis/{api_id}", &["update:apis"]),
    platform("POST", "/api/v1/apis/{api_id}/key_policy/preview", &["update:apis"]),
    platform("PATCH", "/api/v1/apis/{api_id}/applications", &["update:apis"]),
    platform("POST", SCOPE_OF_APPLICATION, &["create:api_application_scopes"]),
    platform("DELETE", SCOPE_OF_APPLICATION, &["delete:apis_application_scopes"]),
    platform("DELETE", "/api/v1/apis/{api_id}", &["delete:apis"]),
    shared("GET", "/api/v1/apis/{api_id}/scopes", &["read:api_scopes"]),
    platform("POST", "/api/v1/apis/{api_id}/scopes", &["create:api_scopes"]),
    shared("GET", "/api/v1/apis/{api_id}/scopes/{scope_id}", &["read:api_scopes"]),
    platform("PATCH", "/api/v1/apis/{api_id}/scopes/{scope_id}", &["update:api_scopes"]),
    platform("DELETE", "/api/v1/apis/{api_id}/scopes/{scope_id}", &["delete:apis_scopes"]),
    platform("GET", "/api/v1/applications", &["read:applications"]),
    platform("POST", "/api/v1/applications", &["create:applications"]),
    platform("PATCH", "/api/v1/applications/{application_id}", &["update:applications"]),
    platform("PATCH", "/api/v1/applications/{application_id}/tokens", &["update:application_tokens"]),
    platform("POST", "/api/v1/applications/{application_id}/secrets", &["update:applications"]),
    platform("DELETE", "/api/v1/applications/{application_id}/secrets/{number}", &["update:applications"]),
    platform("GET", "/api/v1/applications/{application_id}", &["read:applications"]),
    platform("DELETE", "/api/v1/applications/{application_id}", &["delete:applications"]),
    shared("GET", "/api/v1/api_keys", &["read:api_keys"]),
    shared("POST", "/api/v1/api_keys", &["create:api_keys"]),
    shared("POST", "/api/v1/api_keys/bulk", &["delete:api_keys"]),
    shared("GET", "/api/v1/api_keys/{key_id}", &["read:api_keys"]),
    shared("GET", "/api/v1/api_keys/{key_id}/usage", &["read:api_keys"]),
    shared("GET", "/api/v1/usage", &["read:api_keys"]),
    shared("PUT", "/api/v1/api_keys/{key_id}", &["update:api_keys"]),
    shared("PATCH", "/api/v1/api_keys/{key_id}", &["update:api_keys"]),
    shared("DELETE", "/api/v1/api_keys/{key_id}", &["delete:api_keys"]),
    shared("POST", "/api/v1/api_keys/verify", &["verify:api_keys", "read:api_keys"]),
    shared("POST", "/api/v1/api_keys/verify_batch", &["verify:api_keys", "read:api_keys"]),
    shared("POST", "/api/v1/api_keys/explain", &["read:api_keys"]),
    // Whoever holds a key asks about it, and nobody else.
    open("GET", "/api/v1/api_keys/self"),
    platform("GET", "/api/v1/signing_keys", &["read:signing_keys"]),
    platform("POST", "/api/v1/signing_keys", &["update:signing_keys"]),
    shared("GET", "/api/v1/audit_events", &["read:audit_events"]),
    platform("GET", "/api/v1/refusals", &["read:audit_events"]),
    open("GET", "/healthz"),
    open("GET", "/readyz"),
    open("POST", "/oauth2/token"),
    // Whoever asks may show an application's own credentials: who may is held by `oauth::introspect`.
    open("POST", "/oauth2/introspect"),
    open("POST", "/oauth2/revoke"),
    open("GET", "/.well-known/jwks"),
    open("GET", "/.well-known/openid-configuration"),
];

/// What is served beside them.
pub(super) const UNDOCUMENTED: &[Route] = &[
    open("GET", "/openapi.json"),
    open("GET", "/docs"),
    open("GET", "/docs/"),
    open("GET", "/docs/nothing"),
    open("GET", "/.well-known/jwks.json"),
    open("GET", "/.well-known/oauth-authorization-server"),
    open("GET", "/setup/0"),
    open("POST", "/setup/0"),
    open("GET", "/api/v1/nothing"),
    open("DELETE", "/api/v1/apis"),
];

/// What the requests name.
pub(crate) struct Things<'a> {
    pub(crate) admin: Actor<'a>,
    pub(crate) api: String,
    pub(crate) scope: String,
    pub(crate) application: String,
    pub(crate) org: String,
    pub(crate) user: String,
    count: Cell<u32>,
}

impl<'a> Things<'a> {
    /// Keys are those of this organization.
    pub(crate) async fn make(admin: &Actor<'a>, of_organization: &Actor<'_>, org: &str) -> Self {
        let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
        let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
        let created = admin.post("/api/v1/applications", json!({ "name": "Other", "type": "m2m" })).await;
        let application = created.text("/application/id");
        let path = format!("/api/v1/apis/{api}/applications");
        assert_eq!(admin.patch(&path, json!({ "applications": [{ "id": application }] })).await.status, 200);
        admin.authorizes(&api, of_organization).await;
        let user = admin.makes_user("Kim").await;
        Self { admin: admin.clone(), api, scope, application, org: org.to_owned(), user, count: Cell::new(0) }
    }

    /// A request that succeeds for whoever may make it, each time anew.
    pub(crate) async fn request(&self, route: &Route) -> (String, Option<Value>) {
        self.count.set(self.count.get() + 1);
        let count = self.count.get();
        if let Some(request) = organizations::request(self, route, count).await {
            return request;
        }
        if let Some(request) = members::request(self, route, count).await {
            return request;
        }
        if let Some(request) = users::request(self, route, count).await {
            return request;
        }
        if let Some(request) = roles::request(self, route, count).await {
            return request;
        }
        if let Some(request) = plans::request(self, route, count).await {
            return request;
        }
        let key = json!({ "name": "Key", "api_id": self.api, "org_code": self.org });
        let (mut api, mut scope) = (self.api.clone(), self.scope.clone());
        if route.method == "DELETE" && !route.path.contains("application") && route.path.contains("{api_id}") {
            api = self.admin.makes_api(&format!("https://gone-{count}.example.com"), &["read:orders"]).await;
            scope = self.admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
        }
        if ["/api/v1/apis/{api_id}", "/api/v1/apis/{api_id}/key_policy/preview"].contains(&route.path) {
            // One without keys, which nothing is asked of yet.
            let others = ["PATCH", "POST"].contains(&route.method);
            api =
                if others { self.admin.makes_api(&format!("https://new-{count}.example.com"), &[]).await } else { api };
        }
        let mut path = route.path.replace("{api_id}", &api);
        let mut application = self.application.clone();
        if (route.method, route.path) == ("DELETE", "/api/v1/applications/{application_id}") {
            let created = self.admin.post("/api/v1/applications", json!({ "name": "Gone", "type": "m2m" })).await;
            application = created.text("/application/id");
        }
        path = path.replace("{scope_id}", &scope).replace("{application_id}", &application);
        if path.contains("{key_id}") {
            path = path.replace("{key_id}", &self.admin.makes_key(key.clone()).await.0);
        }
        let body = match (route.method, route.path) {
            ("POST", "/api/v1/apis") => json!({ "name": "API", "audience": format!("https://{count}.example.com") }),
            ("PATCH", "/api/v1/apis/{api_id}") => json!({ "name": format!("Renamed {count}") }),
            ("POST", "/api/v1/apis/{api_id}/key_policy/preview") => json!({ "key_policy": {} }),
            ("PATCH", "/api/v1/apis/{api_id}/scopes/{scope_id}") => {
                json!({ "description": format!("Orders, {count}") })
            }
            ("PATCH", "/api/v1/api_keys/{key_id}") => json!({ "name": format!("Renamed {count}") }),
            ("PATCH", "/api/v1/applications/{application_id}") => json!({ "name": format!("Renamed {count}") }),
            ("PATCH", "/api/v1/applications/{application_id}/tokens") => json!({ "access_token_lifetime": 60 + count }),
            ("POST", "/api/v1/applications/{application_id}/secrets") => json!({}),
            ("DELETE", "/api/v1/applications/{application_id}/secrets/{number}") => {
                let secrets = format!("/api/v1/applications/{application}/secrets");
                self.admin.post(&secrets, json!({ "grace_seconds": 60 })).await.text("/application/id");
                let read = self.admin.get(&format!("/api/v1/applications/{application}")).await;
                return (format!("{secrets}/{}", read.body["application"]["secrets"][1]["number"]), None);
            }
            ("PATCH", _) => json!({ "applications": [{ "id": self.application }] }),
            ("POST", "/api/v1/apis/{api_id}/scopes") => json!({ "key": format!("read:{count}") }),
            ("POST", "/api/v1/applications") => json!({ "name": "One more", "type": "m2m" }),
            ("POST", "/api/v1/signing_keys") => json!({}),
            ("POST", "/api/v1/api_keys") => key,
            ("POST", "/api/v1/api_keys/bulk") => json!({ "action": "revoke", "filter": { "org_code": self.org } }),
            ("POST", "/api/v1/api_keys/verify") => json!({ "api_key": "k_live_0" }),
            ("POST", "/api/v1/api_keys/verify_batch") => json!({ "keys": [{ "api_key": "k_live_0" }] }),
            ("POST", "/api/v1/api_keys/explain") => json!({ "key_id": self.admin.makes_key(key).await.0 }),
            _ => return (path, None),
        };
        (path, Some(body))
    }
}
