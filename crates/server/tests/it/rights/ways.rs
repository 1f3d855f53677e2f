//! The ways in which a credential comes to rights over Keyward itself.

use axum::http::Method;
use serde_json::{Value, json};

use super::all_but;
use crate::support::{Actor, Reply, TestApp};

/// A way to give rights.
pub(super) struct Way {
    pub(super) name: &'static str,
    method: &'static str,
    path: &'static str,
    /// The scope that opens the route.
    pub(super) scope: &'static str,
    /// Whether a bound caller may go it all the same, since it makes less of what is there.
    pub(super) narrows: bool,
    target: Target,
}

/// Whose rights it is about.
#[derive(Clone, Copy)]
enum Target {
    /// A new key with the scope.
    NewKey,
    /// A key with every scope: one that works, one that is disabled, one whose time ends.
    RichKey,
    DisabledKey,
    EndingKey,
    /// A key without any.
    PoorKey,
    /// An application without any.
    Poor,
    /// Applications with every scope: one that works, one that is disabled, one that is bound to an API.
    Rich,
    Disabled,
    Bound,
}

impl Way {
    const fn new(
        name: &'static str,
        method: &'static str,
        path: &'static str,
        scope: &'static str,
        target: Target,
    ) -> Self {
        Self { name, method, path, scope, narrows: false, target }
    }

    pub(super) fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

const APPLICATION: &str = "/api/v1/applications/{application_id}";
const SECRETS: &str = "/api/v1/applications/{application_id}/secrets";
const KEY: &str = "/api/v1/api_keys/{key_id}";
const GRANT: &str = "/api/v1/apis/{api_id}/applications/{application_id}/scopes/{scope_id}";

pub(super) const WAYS: &[Way] = &[
    Way::new("create an environment key", "POST", "/api/v1/api_keys", "create:api_keys", Target::NewKey),
    Way::new("rotate an environment key", "PUT", KEY, "update:api_keys", Target::RichKey),
    Way::new("give an environment key a scope", "PATCH", KEY, "update:api_keys", Target::PoorKey),
    Way::new("enable an environment key", "PATCH", KEY, "update:api_keys", Target::DisabledKey),
    Way::new("prolong an environment key", "PATCH", KEY, "update:api_keys", Target::EndingKey),
    Way::new("give an application a scope", "POST", GRANT, "create:api_application_scopes", Target::Poor),
    Way::new("rotate an application's secret", "POST", SECRETS, "update:applications", Target::Rich),
    Way::new("enable an application", "PATCH", APPLICATION, "update:applications", Target::Disabled),
    Way { narrows: true, ..Way::new("bind an application", "PATCH", APPLICATION, "update:applications", Target::Rich) },
    Way::new("unbind an application", "PATCH", APPLICATION, "update:applications", Target::Bound),
];

/// What changes something else, and why nobody gains a right over Keyward by it.
pub(super) const GIVES_NOTHING: &[(&str, &str)] = &[
    ("POST /oauth2/introspect", "it changes nothing"),
    ("POST /oauth2/revoke", "it ends a key"),
    ("POST /oauth2/token", "the token carries what was granted"),
    ("POST /api/v1/api_keys/verify", "it counts"),
    ("POST /api/v1/api_keys/verify_batch", "it counts"),
    ("POST /api/v1/api_keys/explain", "it changes nothing"),
    ("DELETE /api/v1/api_keys/{key_id}", "it takes"),
    ("POST /api/v1/api_keys/bulk", "it takes"),
    ("POST /api/v1/apis", "an API of the platform"),
    ("PATCH /api/v1/apis/{api_id}", "an API of the platform: `apis::key_policy`"),
    ("POST /api/v1/apis/{api_id}/key_policy/preview", "it changes nothing"),
    ("DELETE /api/v1/apis/{api_id}", "it takes"),
    ("PATCH /api/v1/apis/{api_id}/applications", "authorised, but without scopes: `steps`"),
    ("DELETE /api/v1/apis/{api_id}/applications/{application_id}/scopes/{scope_id}", "it takes"),
    ("POST /api/v1/apis/{api_id}/scopes", "not those of the management API: `steps`"),
    ("PATCH /api/v1/apis/{api_id}/scopes/{scope_id}", "not those of the management API: `steps`"),
    ("DELETE /api/v1/apis/{api_id}/scopes/{scope_id}", "not those of the management API: `steps`"),
    ("POST /api/v1/applications", "made without rights: `steps`"),
    ("DELETE /api/v1/applications/{application_id}", "it takes"),
    ("PATCH /api/v1/applications/{application_id}/tokens", "how long a token lives, not what it may"),
    ("DELETE /api/v1/applications/{application_id}/secrets/{number}", "it takes"),
    ("POST /api/v1/signing_keys", "tokens are signed by Keyward alone"),
    ("POST /api/v1/organization", "an owner"),
    ("PATCH /api/v1/organization/{org_code}", "an owner"),
    ("DELETE /api/v1/organization/{org_code}", "it takes"),
    ("POST /api/v1/user", "an owner"),
    ("PATCH /api/v1/user", "an owner"),
    ("DELETE /api/v1/user", "it takes"),
    ("POST /api/v1/organizations/{org_code}/users", "members do not call the management API"),
    ("PATCH /api/v1/organizations/{org_code}/users", "members do not call the management API"),
    ("DELETE /api/v1/organizations/{org_code}/users/{user_id}", "it takes"),
    ("POST /api/v1/organizations/{org_code}/users/{user_id}/roles", "members do not call the management API"),
    ("DELETE /api/v1/organizations/{org_code}/users/{user_id}/roles/{role_id}", "it takes"),
    ("POST /api/v1/organizations/{org_code}/users/{user_id}/permissions", "members do not call the management API"),
    ("DELETE /api/v1/organizations/{org_code}/users/{user_id}/permissions/{permission_id}", "it takes"),
    ("POST /api/v1/plans", "no environment key has an owner"),
    ("PATCH /api/v1/plans/{plan_id}", "no environment key has an owner"),
    ("DELETE /api/v1/plans/{plan_id}", "it takes"),
    ("POST /api/v1/roles", "roles are of members"),
    ("PATCH /api/v1/roles/{role_id}", "roles are of members"),
    ("DELETE /api/v1/roles/{role_id}", "it takes"),
    ("PATCH /api/v1/roles/{role_id}/permissions", "roles are of members"),
    ("DELETE /api/v1/roles/{role_id}/permissions/{permission_id}", "it takes"),
    ("PATCH /api/v1/roles/{role_id}/system_permissions", "roles are of members"),
    ("POST /api/v1/permissions", "permissions are of members"),
    ("PATCH /api/v1/permissions/{permission_id}", "permissions are of members"),
    ("DELETE /api/v1/permissions/{permission_id}", "it takes"),
];

/// What the ways lead to.
pub(super) struct Stage<'a> {
    pub(super) app: &'a TestApp,
    pub(super) admin: Actor<'a>,
    pub(super) management: String,
    pub(super) api: String,
    all: (String, String),
    rich_key: String,
    poor: String,
    disabled_key: String,
    ending_key: String,
    poor_key: String,
    rich: String,
    disabled: String,
    bound: String,
    scopes: Value,
}

impl<'a> Stage<'a> {
    pub(super) async fn set(app: &'a TestApp) -> Self {
        let every = all_but("");
        let first = app.admin().await;
        let management = first.management_api().await;
        let api = first.makes_api("https://api.example.com", &["read:orders"]).await;
        let all = first.makes_application(&every, json!({})).await;
        let admin = app.sign_in(&all.0, &all.1).await;
        let body = json!({ "name": "Rich", "type": "environment", "api_id": management, "scope_ids": every });
        let key = async |more: Value| admin.makes_key(crate::support::with(&body, more)).await.0;
        let rich_key = key(json!({})).await;
        let disabled_key = key(json!({ "enabled": false })).await;
        let ending_key = key(json!({ "expires_on": "2027-01-01T00:00:00Z" })).await;
        let poor_key = key(json!({ "scope_ids": [] })).await;
        let (poor, _) = admin.makes_application(&[], json!({})).await;
        let (rich, _) = admin.makes_application(&every, json!({})).await;
        let (disabled, _) = admin.makes_application(&every, json!({})).await;
        let path = format!("/api/v1/applications/{disabled}");
        assert_eq!(admin.patch(&path, json!({ "is_enabled": false })).await.status, 200);
        let (bound, _) = admin.makes_application(&every, json!({ "bound_api_ids": [api] })).await;
        let scopes = admin.get(&format!("/api/v1/apis/{management}/scopes")).await.body["scopes"].clone();
        Self {
            app,
            admin,
            management,
            api,
            all,
            rich_key,
            disabled_key,
            ending_key,
            poor_key,
            poor,
            rich,
            disabled,
            bound,
            scopes,
        }
    }

    /// The id of a scope of the management API.
    pub(super) fn scope_id(&self, key: &str) -> &str {
        let found = self.scopes.as_array().unwrap().iter().find(|scope| scope["key"] == key);
        found.unwrap_or_else(|| panic!("{key}"))["id"].as_str().unwrap()
    }

    /// A token of an application that holds every scope, with some of them.
    pub(super) async fn token_with(&self, scopes: &[&str]) -> Actor<'a> {
        let ((id, secret), scope) = (&self.all, scopes.join(" "));
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={scope}");
        self.app.bearer(&self.app.anonymous().form("/oauth2/token", &form).await.text("/access_token"))
    }

    /// Goes a way, to give this scope or more.
    pub(super) async fn go(&self, way: &Way, caller: &Actor<'_>, scope: &str) -> Reply {
        let (id, body) = match way.target {
            Target::NewKey => {
                let key = json!({ "name": "New", "type": "environment", "api_id": self.management });
                ("", Some(crate::support::with(&key, json!({ "scope_ids": [scope] }))))
            }
            Target::RichKey => (&*self.rich_key, None),
            Target::DisabledKey => (&*self.disabled_key, Some(json!({ "enabled": true }))),
            Target::EndingKey => (&*self.ending_key, Some(json!({ "expires_on": null }))),
            Target::PoorKey => (&*self.poor_key, Some(json!({ "scope_ids": [scope] }))),
            Target::Poor => (&*self.poor, None),
            Target::Rich if way.narrows => (&*self.rich, Some(json!({ "bound_api_ids": [self.api] }))),
            Target::Rich => (&*self.rich, Some(json!({}))),
            Target::Disabled => (&*self.disabled, Some(json!({ "is_enabled": true }))),
            Target::Bound => (&*self.bound, Some(json!({ "bound_api_ids": null }))),
        };
        let path = way.path.replace("{api_id}", &self.management).replace("{scope_id}", self.scope_id(scope));
        let path = path.replace("{application_id}", id).replace("{key_id}", id);
        let method: Method = way.method.parse().unwrap();
        caller.call(method, &path, body).await
    }
}
