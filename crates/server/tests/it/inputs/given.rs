//! What there is when bad input comes: an app with one of each kind, and for each operation a request that would do.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::operations::Operation;
use crate::matrix::routes::{ROUTES, Route, Things};
use crate::support::{Actor, Rows, TestApp};

/// Tables that a refusal may write to: the log of refusals.
const OF_REFUSALS: &[&str] = &["refusals"];

pub(super) struct Given<'a> {
    pub(super) app: &'a TestApp,
    pub(super) admin: Actor<'a>,
    pub(super) things: Things<'a>,
    /// Whoever holds a key, for what is asked with that alone.
    holder: Actor<'a>,
}

/// A request that would do.
#[derive(Clone, Debug)]
pub(super) struct Base {
    /// Without the query.
    pub(super) path: String,
    /// Names and values, as they stand in the address.
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Value,
}

impl<'a> Given<'a> {
    pub(super) async fn make(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let org = admin.makes_organization("Acme").await;
        let of_organization = admin.makes_m2m(&[], json!({ "org_code": org })).await;
        let things = Things::make(&admin, &of_organization, &org).await;
        let (_, secret) = admin.makes_key(json!({ "name": "Own", "api_id": things.api, "org_code": org })).await;
        Self { app, admin, things, holder: app.bearer(&secret) }
    }

    /// A request that would do, for things of its own.
    pub(super) async fn base(&self, operation: &Operation) -> Base {
        let is_own = |route: &&Route| route.method == operation.method.as_str() && route.path == operation.path;
        let route = ROUTES.iter().copied().flatten().find(is_own);
        let route = route.unwrap_or_else(|| panic!("the matrix has no request for {}", operation.name()));
        let (address, body) = self.things.request(route).await;
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Base {
            path: path.to_owned(),
            query: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: body.unwrap_or_else(|| json!({})),
        }
    }

    /// Everything that is stored, but for the log of refusals.
    pub(super) async fn rows(&self) -> Rows {
        let mut rows = self.app.database.db_rows().await;
        rows.retain(|table, _| !OF_REFUSALS.contains(&table.as_str()));
        assert!(rows.len() > 10 && rows.contains_key("head"), "the tables have moved: {:?}", rows.keys());
        rows
    }

    pub(super) fn request(&self, method: &Method, address: &str) -> axum::http::request::Builder {
        let is_of_holder = address.split('?').next() == Some("/api/v1/api_keys/self");
        let caller = if is_of_holder { &self.holder } else { &self.admin };
        caller.request(method.clone(), address)
    }

    pub(super) fn json(&self, operation: &Operation, base: &Base, body: impl Into<Body>) -> Request<Body> {
        let request = self.request(&operation.method, &base.address());
        request.header("content-type", "application/json").body(body.into()).unwrap()
    }
}

impl Base {
    pub(super) fn address(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    /// With a parameter that replaces the one of the same name.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut base = self.without(name);
        base.query.push((name.to_owned(), value.to_owned()));
        base
    }

    pub(super) fn without(&self, name: &str) -> Self {
        let mut base = self.clone();
        base.query.retain(|(own, _)| own != name);
        base
    }
}
