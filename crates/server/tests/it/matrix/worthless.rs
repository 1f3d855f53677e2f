//! Credentials that open nothing, by what is wrong with them.

use axum::http::Method;
use jsonwebtoken::Algorithm;
use keyward_core::ManagementScope;
use serde_json::{Value, json};

use super::presented::{How, Presented};
use crate::support::tokens::{
    header_of, key_of_another, signed_again, with_bad_signature, with_header, with_public_key_as_secret,
    without_signature,
};
use crate::support::{Actor, TestApp, hours, with};

/// Whoever makes them, and takes away what they were worth.
struct Maker<'a> {
    app: &'a TestApp,
    admin: Actor<'a>,
    every: Vec<&'static str>,
}

/// All of them, and after them the clock stands two hours later. `first` is an application with every scope.
pub(super) async fn worthless<'a>(
    app: &'a TestApp,
    first: &(String, String),
    org: &str,
) -> (Actor<'a>, Vec<Presented<'a>>) {
    let every = ManagementScope::ALL.iter().map(|scope| scope.key()).collect();
    let early = Maker { app, admin: app.sign_in(&first.0, &first.1).await, every };
    let soon = json!({ "expires_on": "2026-11-22T13:00:00Z" });
    let mut all =
        vec![("expired", early.admin.clone()), ("expired environment key", early.environment_key(soon).await.1)];
    app.advance(hours(2));
    let maker = Maker { admin: app.sign_in(&first.0, &first.1).await, ..early };
    all.extend(maker.forged(org).await);
    all.push(("wrong audience", maker.token_for_another_api().await));
    all.extend(maker.applications_out_of_use().await);
    all.extend(maker.keys_out_of_use(org).await);
    let mut all: Vec<Presented<'_>> = all.into_iter().map(|(name, actor)| Presented::new(name, actor)).collect();
    for (name, how) in [
        ("no token", How::Not),
        ("in the query as access_token", How::InQuery("access_token")),
        ("in the query as api_key", How::InQuery("api_key")),
        ("by Basic", How::Basic),
        ("two at once", How::Twice),
    ] {
        all.push(Presented { name, actor: maker.admin.clone(), how });
    }
    (maker.admin, all)
}

impl<'a> Maker<'a> {
    /// Tokens that nobody issued, or not so.
    async fn forged(&self, org: &str) -> Vec<(&'static str, Actor<'a>)> {
        let token = self.admin.token.clone().unwrap();
        let jwks = self.app.anonymous().get("/.well-known/jwks").await;
        let (other_key, other_jwk) = key_of_another();
        let header = header_of(&token);
        let kid = header["kid"].as_str().unwrap();
        let again = |claims: Value| signed_again(&token, kid, Algorithm::RS256, &claims);
        let ours = |more: Value| with_header(&token, &with(&header, more), None);
        let theirs = |more: Value| with_header(&token, &with(&header, more), Some(&other_key));
        let mut without_kid = header.clone();
        without_kid.as_object_mut().unwrap().remove("kid");
        let jku = json!({ "jku": "https://evil.example/jwks" });
        let forged = [
            ("garbage", "garbage".to_owned()),
            ("bad signature", with_bad_signature(&token)),
            ("alg none", without_signature(&token)),
            ("HS256 with the public key", with_public_key_as_secret(&token, &jwks.body["keys"][0])),
            ("RS512", signed_again(&token, kid, Algorithm::RS512, &json!({}))),
            ("another's key", theirs(json!({}))),
            ("another's key in jwk", theirs(json!({ "jwk": other_jwk }))),
            ("another's key by jku", theirs(jku.clone())),
            ("jku", ours(jku)),
            ("crit", ours(json!({ "crit": ["exp"] }))),
            ("wrong typ", ours(json!({ "typ": "at+jwt" }))),
            ("wrong kid", ours(json!({ "kid": "00" }))),
            ("no kid", with_header(&token, &without_kid, None)),
            ("wrong issuer", again(json!({ "iss": "https://evil.example" }))),
            ("wrong organization", again(json!({ "org_code": org }))),
            ("unknown application", again(json!({ "azp": "0123456789abcdef0123456789abcdef" }))),
        ];
        forged.into_iter().map(|(name, token)| (name, self.app.bearer(&token))).collect()
    }

    /// A token of an application that may do everything, for another API that has scopes of the same names.
    async fn token_for_another_api(&self) -> Actor<'a> {
        let (id, secret) = self.admin.makes_application(&self.every, json!({})).await;
        let api = self.admin.makes_api("https://shadow.example.com", &self.every).await;
        let path = format!("/api/v1/apis/{api}/applications");
        self.admin.patch(&path, json!({ "applications": [{ "id": id }] })).await;
        for row in self.admin.get(&format!("/api/v1/apis/{api}/scopes")).await.body["scopes"].as_array().unwrap() {
            let path = format!("{path}/{id}/scopes/{}", row["id"].as_str().unwrap());
            assert_eq!(self.admin.call(Method::POST, &path, None).await.status, 200);
        }
        let audience = "https://shadow.example.com";
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&audience={audience}");
        self.app.bearer(&self.app.anonymous().form("/oauth2/token", &form).await.text("/access_token"))
    }

    /// Good tokens whose application, or its organization, was then disabled, suspended, deleted.
    async fn applications_out_of_use(&self) -> Vec<(&'static str, Actor<'a>)> {
        let mut all = Vec::new();
        for (name, end) in
            [("disabled application", Some(json!({ "is_enabled": false }))), ("deleted application", None)]
        {
            let (id, secret) = self.admin.makes_application(&self.every, json!({})).await;
            all.push((name, self.app.sign_in(&id, &secret).await));
            self.ends(&format!("/api/v1/applications/{id}"), end).await;
        }
        for (name, end) in [
            ("application of a suspended organization", Some(json!({ "is_suspended": true }))),
            ("application of a deleted organization", None),
        ] {
            let org = self.admin.makes_organization("Gone").await;
            all.push((name, self.admin.makes_m2m(&self.every, json!({ "org_code": org })).await));
            self.ends(&format!("/api/v1/organization/{org}"), end).await;
        }
        all
    }

    /// Changes what is there, or deletes it.
    async fn ends(&self, path: &str, change: Option<Value>) {
        let reply = match change {
            Some(change) => self.admin.patch(path, change).await,
            None => self.admin.delete(path).await,
        };
        assert_eq!(reply.status, 200, "{reply}");
    }

    /// Keys that are not good any more, or not for this.
    async fn keys_out_of_use(&self, org: &str) -> Vec<(&'static str, Actor<'a>)> {
        let (revoked, revoked_key) = self.environment_key(json!({})).await;
        assert_eq!(self.admin.delete(&format!("/api/v1/api_keys/{revoked}")).await.status, 200);
        let (rotated, old_secret) = self.environment_key(json!({})).await;
        assert_eq!(self.admin.put(&format!("/api/v1/api_keys/{rotated}")).await.status, 201);
        let (_, disabled_key) = self.environment_key(json!({ "name": "Disabled" })).await;
        // No call disables a key yet.
        self.app.db_change("UPDATE keys SET is_enabled = FALSE WHERE name = 'Disabled'").await;
        let mut all = vec![
            ("revoked environment key", revoked_key),
            ("old secret of an environment key", old_secret),
            ("disabled environment key", disabled_key),
        ];
        for (name, mode) in [("live key", "live"), ("test key", "test")] {
            let body = json!({ "name": "API", "audience": format!("https://{mode}.example.com"), "mode": mode });
            let api = self.admin.post("/api/v1/apis", body).await.text("/api/id");
            let (_, secret) = self.admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
            all.push((name, self.app.bearer(&secret)));
        }
        let (_, client_secret) = self.admin.makes_application(&self.every, json!({})).await;
        all.push(("secret of an application", self.app.bearer(&client_secret)));
        all
    }

    async fn environment_key(&self, more: Value) -> (String, Actor<'a>) {
        let api = self.admin.management_api().await;
        let body = json!({ "name": "Machine", "type": "environment", "api_id": api, "scope_ids": self.every });
        let (id, secret) = self.admin.makes_key(with(&body, more)).await;
        (id, self.app.bearer(&secret))
    }
}
