//! API keys, one file or folder an operation.

mod bulk;
mod create;
mod credits;
mod explain;
mod get;
mod grace;
mod limits;
mod list;
mod own;
mod revoke;
mod rotate;
mod update;
mod verify;
mod verify_batch;

use serde_json::{Value, json};

use crate::support::{Actor, TestApp, with};

/// What most of these tests begin with: an API with two scopes, and an organization.
struct Shop<'a> {
    admin: Actor<'a>,
    api: String,
    org: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://api.example.com", &["read:orders", "write:orders"]).await;
        let org = admin.makes_organization("Acme").await;
        Self { admin, api, org }
    }

    /// The body that makes a key of the organization.
    fn body(&self) -> Value {
        json!({ "name": "Production", "api_id": self.api, "org_code": self.org, "scope_ids": ["read:orders"] })
    }

    /// Makes a key of the organization, and answers its id and its secret. `more` are further members.
    async fn makes_key(&self, more: Value) -> (String, String) {
        self.admin.makes_key(with(&self.body(), more)).await
    }

    /// Makes a key of a user, and answers its id and its secret.
    async fn makes_key_of_user(&self, user: &str) -> (String, String) {
        self.makes_key(json!({ "org_code": null, "user_id": user })).await
    }

    async fn get(&self, key: &str) -> crate::support::Reply {
        self.admin.get(&format!("/api/v1/api_keys/{key}")).await
    }
}
