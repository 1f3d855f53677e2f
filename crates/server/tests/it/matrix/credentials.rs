//! The credentials that are worth something: those that lack a right, and those that will do.

use axum::http::Method;
use keyward_core::ManagementScope;
use serde_json::json;

use super::presented::{How, Presented};
use super::routes::Route;
use super::worthless::worthless;
use crate::support::{Actor, TestApp};

pub(super) struct Credentials<'a> {
    app: &'a TestApp,
    pub(super) admin: Actor<'a>,
    /// The organization of the organization's application.
    pub(super) org: String,
    /// Worth nothing anywhere.
    pub(super) worthless: Vec<Presented<'a>>,
    /// An application with every scope, which can ask for tokens with some.
    all: (String, String),
    /// An application with every scope, from which some are taken for a moment.
    robbed: (String, Actor<'a>),
    without_scopes: Actor<'a>,
    pub(super) of_organization: Actor<'a>,
    of_another_organization: Actor<'a>,
    management_api: String,
}

impl<'a> Credentials<'a> {
    pub(super) async fn make(app: &'a TestApp) -> Self {
        let every: Vec<&str> = ManagementScope::ALL.iter().map(|scope| scope.key()).collect();
        let first = app.admin().await;
        let credentials = first.makes_application(&every, json!({})).await;
        let org = first.makes_organization("Acme").await;
        let (admin, worthless) = worthless(app, &credentials, &org).await;

        let all = admin.makes_application(&every, json!({})).await;
        let (robbed_id, robbed_secret) = admin.makes_application(&every, json!({})).await;
        let robbed = (robbed_id.clone(), app.sign_in(&robbed_id, &robbed_secret).await);
        let without_scopes = admin.makes_m2m(&[], json!({})).await;
        let of_organization = admin.makes_m2m(&every, json!({ "org_code": org })).await;
        let other = admin.makes_organization("Globex").await;
        let of_another_organization = admin.makes_m2m(&every, json!({ "org_code": other })).await;
        let management_api = admin.management_api().await;
        Self {
            app,
            admin,
            org,
            worthless,
            all,
            robbed,
            without_scopes,
            of_organization,
            of_another_organization,
            management_api,
        }
    }

    /// Every credential that is worth something, to try a route with, for a scope that opens it.
    pub(super) async fn each(&self, route: &Route, scope: &str) -> Vec<Presented<'a>> {
        let mut each = Vec::new();
        let mut add = |name, actor| each.push(Presented::new(name, actor));
        if !route.scopes.is_empty() {
            let others = ManagementScope::ALL.iter().map(|scope| scope.key());
            let others: Vec<&str> = others.filter(|other| !route.scopes.contains(other)).collect();
            add("no scope", self.without_scopes.clone());
            add("every other scope", self.token_with(&others.join(" ")).await);
            add("scope withdrawn since", self.robbed_of(route.scopes).await);
            add("environment key with every other scope", self.environment_key(&others).await);
            let alone = self.token_with(scope).await;
            add("the scope alone", alone.clone());
            add("environment key with the scope alone", self.environment_key(&[scope]).await);
            each.push(Presented { name: "the scope alone, by `bearer`", actor: alone, how: How::LowerCase });
        }
        each.push(Presented::new(OF_ORGANIZATION, self.of_organization.clone()));
        each.push(Presented::new("another organization's application", self.of_another_organization.clone()));
        each
    }

    async fn token_with(&self, scope: &str) -> Actor<'a> {
        let (id, secret) = &self.all;
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={scope}");
        let token = self.app.anonymous().form("/oauth2/token", &form).await.text("/access_token");
        self.app.bearer(&token)
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

/// What the matrix calls the application of the organization whose things are asked for.
pub(super) const OF_ORGANIZATION: &str = "an organization's application";
