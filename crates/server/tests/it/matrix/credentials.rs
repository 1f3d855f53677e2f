//! The credentials: those that are worth nothing, those that lack a right, and those that will do.

use axum::http::Method;
use jsonwebtoken::Algorithm;
use keyward_core::ManagementScope;
use serde_json::json;

use super::routes::Route;
use crate::support::tokens::{
    header_of, signed_again, with_bad_signature, with_public_key_as_secret, without_signature,
};
use crate::support::{Actor, TestApp, hours};

pub(super) struct Credentials<'a> {
    app: &'a TestApp,
    pub(super) admin: Actor<'a>,
    /// The organization of the organization's application.
    pub(super) org: String,
    /// Worth nothing anywhere, by what is wrong with them.
    worthless: Vec<(&'static str, Actor<'a>)>,
    /// An application with every scope, which can ask for tokens with some.
    all: (String, String),
    /// An application with every scope, from which some are taken for a moment.
    robbed: (String, Actor<'a>),
    pub(super) of_organization: Actor<'a>,
    management_api: String,
}

impl<'a> Credentials<'a> {
    pub(super) async fn make(app: &'a TestApp) -> Self {
        let every: Vec<&str> = ManagementScope::ALL.iter().map(|scope| scope.key()).collect();
        let first = app.admin().await;
        let (first_id, first_secret) = first.makes_application(&every, json!({})).await;
        let org = first.makes_organization("Acme").await;
        let jwks = app.anonymous().get("/.well-known/jwks").await;

        let expired = app.sign_in(&first_id, &first_secret).await;
        app.advance(hours(2));
        let admin = app.sign_in(&first_id, &first_secret).await;
        let token = admin.token.clone().unwrap();
        let kid = header_of(&token)["kid"].as_str().unwrap().to_owned();

        let again = |kid: &str, algorithm, claims| app.bearer(&signed_again(&token, kid, algorithm, &claims));
        let rs256 = Algorithm::RS256;
        let other_application = json!({ "azp": "0123456789abcdef0123456789abcdef" });
        let mut worthless = vec![
            ("no token", app.anonymous()),
            ("garbage", app.bearer("garbage")),
            ("bad signature", app.bearer(&with_bad_signature(&token))),
            ("alg none", app.bearer(&without_signature(&token))),
            ("HS256 with the public key", app.bearer(&with_public_key_as_secret(&token, &jwks.body["keys"][0]))),
            ("RS512", again(&kid, Algorithm::RS512, json!({}))),
            ("wrong kid", again("00", rs256, json!({}))),
            ("wrong issuer", again(&kid, rs256, json!({ "iss": "https://evil.example" }))),
            ("wrong organization", again(&kid, rs256, json!({ "org_code": org }))),
            ("unknown application", again(&kid, rs256, other_application)),
            ("expired", expired),
            ("wrong audience", for_another_api(app, &admin).await),
        ];
        for (name, gone) in [("disabled application", "Disabled"), ("deleted application", "Deleted")] {
            worthless.push((name, admin.makes_m2m(&every, json!({ "name": gone })).await));
        }
        app.database.db_run("UPDATE applications SET disabled_at = 1 WHERE name = 'Disabled'").await;
        app.database.db_run("UPDATE applications SET deleted_at = 1 WHERE name = 'Deleted'").await;
        worthless.push(("revoked environment key", revoked_environment_key(app, &admin, &every).await));
        for (name, mode) in [("live key", "live"), ("test key", "test")] {
            worthless.push((name, ordinary_key(app, &admin, &org, mode).await));
        }

        let all = admin.makes_application(&every, json!({})).await;
        let (robbed_id, robbed_secret) = admin.makes_application(&every, json!({})).await;
        let robbed = (robbed_id.clone(), app.sign_in(&robbed_id, &robbed_secret).await);
        let of_organization = admin.makes_m2m(&every, json!({ "org_code": org })).await;
        let management_api = admin.management_api().await;
        Self { app, admin, org, worthless, all, robbed, of_organization, management_api }
    }

    /// Every credential to try a route with, for a scope that opens it.
    pub(super) async fn each(&self, route: &Route, scope: &str) -> Vec<(&'static str, Actor<'a>)> {
        let mut each = self.worthless.clone();
        if !route.scopes.is_empty() {
            let others = ManagementScope::ALL.iter().map(|scope| scope.key());
            let others: Vec<&str> = others.filter(|other| !route.scopes.contains(other)).collect();
            each.push(("no scope", self.with_scopes_of_nothing().await));
            each.push(("every other scope", self.token_with(&others.join(" ")).await));
            each.push(("scope withdrawn since", self.robbed_of(route.scopes).await));
            each.push(("the scope alone", self.token_with(scope).await));
            each.push(("environment key with every other scope", self.environment_key(&others).await));
            each.push(("environment key with the scope alone", self.environment_key(&[scope]).await));
        }
        each.push(("an organization's application", self.of_organization.clone()));
        each
    }

    async fn token_with(&self, scope: &str) -> Actor<'a> {
        let (id, secret) = &self.all;
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={scope}");
        let token = self.app.anonymous().form("/oauth2/token", &form).await.text("/access_token");
        self.app.bearer(&token)
    }

    async fn with_scopes_of_nothing(&self) -> Actor<'a> {
        let made = self.admin.makes_m2m(&[], json!({ "name": "Without scopes" })).await;
        self.app.bearer(&made.token.unwrap())
    }

    async fn environment_key(&self, scopes: &[&str]) -> Actor<'a> {
        let made = self.admin.makes_environment_key(scopes, json!({})).await;
        self.app.bearer(&made.token.unwrap())
    }

    /// A token from before the application lost these scopes. The application gets the scopes of the last time back.
    async fn robbed_of(&self, scopes: &[&str]) -> Actor<'a> {
        let api = &self.management_api;
        let known = self.admin.get(&format!("/api/v1/apis/{api}/scopes")).await;
        for row in known.body["scopes"].as_array().unwrap() {
            let is_taken = scopes.contains(&row["key"].as_str().unwrap());
            let (client, id) = (&self.robbed.0, row["id"].as_str().unwrap());
            let path = format!("/api/v1/apis/{api}/applications/{client}/scopes/{id}");
            let method = if is_taken { Method::DELETE } else { Method::POST };
            assert_eq!(self.admin.call(method, &path, None).await.status, 200);
        }
        self.robbed.1.clone()
    }
}

/// A token of an application that may do everything, for another API that has scopes of the same names.
async fn for_another_api<'a>(app: &'a TestApp, admin: &Actor<'_>) -> Actor<'a> {
    let every: Vec<&str> = ManagementScope::ALL.iter().map(|scope| scope.key()).collect();
    let (id, secret) = admin.makes_application(&every, json!({})).await;
    let api = admin.makes_api("https://shadow.example.com", &every).await;
    let path = format!("/api/v1/apis/{api}/applications");
    admin.patch(&path, json!({ "applications": [{ "id": id }] })).await;
    for row in admin.get(&format!("/api/v1/apis/{api}/scopes")).await.body["scopes"].as_array().unwrap() {
        let path = format!("{path}/{id}/scopes/{}", row["id"].as_str().unwrap());
        assert_eq!(admin.call(Method::POST, &path, None).await.status, 200);
    }
    let audience = "https://shadow.example.com";
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&audience={audience}");
    app.bearer(&app.anonymous().form("/oauth2/token", &form).await.text("/access_token"))
}

async fn revoked_environment_key<'a>(app: &'a TestApp, admin: &Actor<'_>, scopes: &[&str]) -> Actor<'a> {
    let api = admin.management_api().await;
    let body = json!({ "name": "Machine", "type": "environment", "api_id": api, "scope_ids": scopes });
    let (id, secret) = admin.makes_key(body).await;
    assert_eq!(admin.delete(&format!("/api/v1/api_keys/{id}")).await.status, 200);
    app.bearer(&secret)
}

async fn ordinary_key<'a>(app: &'a TestApp, admin: &Actor<'_>, org: &str, mode: &str) -> Actor<'a> {
    let body = json!({ "name": "API", "audience": format!("https://{mode}.example.com"), "mode": mode });
    let api = admin.post("/api/v1/apis", body).await.text("/api/id");
    let (_, secret) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    app.bearer(&secret)
}
