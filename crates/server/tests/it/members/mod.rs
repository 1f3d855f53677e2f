//! `/api/v1/organizations/{org_code}/users`, and what hangs below it.

mod add;
mod list;
mod permissions;
mod roles;
mod update;

use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

/// An organization with its address, and how things are given there.
struct Shop<'a> {
    admin: Actor<'a>,
    org: String,
    users: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let org = admin.makes_organization("Acme").await;
        let users = format!("/api/v1/organizations/{org}/users");
        Self { admin, org, users }
    }

    async fn role(&self, key: &str, more: Value) -> String {
        self.admin.makes_role(key, crate::support::with(&json!({ "name": key }), more)).await
    }

    async fn permission(&self, key: &str) -> String {
        self.admin.makes_permission(key, json!({ "name": key })).await
    }

    async fn adds(&self, user: Value) {
        let added = self.admin.post(&self.users, json!({ "users": [user] })).await;
        assert_eq!(added.status, 200, "{added}");
    }

    /// The members as the list shows them, each with its roles.
    async fn members(&self, query: &str) -> Vec<(String, Vec<String>)> {
        let reply = self.admin.get(&format!("{}?{query}", self.users)).await;
        let listed = reply.body["organization_users"].as_array().unwrap_or_else(|| panic!("{reply}"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let roles = |row: &Value| row["roles"].as_array().unwrap().iter().map(text).collect();
        listed.iter().map(|row| (text(&row["full_name"]), roles(row))).collect()
    }

    /// The permissions of a member, by key.
    async fn permissions_of(&self, user: &str) -> Vec<String> {
        let reply = self.admin.get(&format!("{}/{user}/permissions", self.users)).await;
        let listed = reply.body["permissions"].as_array().unwrap_or_else(|| panic!("{reply}"));
        listed.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
    }
}
