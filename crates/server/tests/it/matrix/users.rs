//! Users.

use serde_json::{Value, json};

use super::routes::{Route, Things, platform};

pub(super) const ROUTES: &[Route] = &[
    platform("GET", "/api/v1/users", &["read:users"]),
    platform("GET", "/api/v1/search/users", &["read:users"]),
    platform("GET", "/api/v1/user", &["read:users"]),
    platform("POST", "/api/v1/user", &["create:users"]),
    platform("PATCH", "/api/v1/user", &["update:users"]),
    platform("DELETE", "/api/v1/user", &["delete:users"]),
];

pub(super) async fn request(things: &Things<'_>, route: &Route, count: u32) -> Option<(String, Option<Value>)> {
    let request = match (route.method, route.path) {
        ("GET", "/api/v1/user") => (format!("/api/v1/user?id={}", things.user), None),
        ("POST", "/api/v1/user") => (route.path.into(), Some(json!({ "profile": { "given_name": "Lee" } }))),
        ("PATCH", "/api/v1/user") => {
            (format!("/api/v1/user?id={}", things.user), Some(json!({ "given_name": format!("Renamed {count}") })))
        }
        ("DELETE", "/api/v1/user") => (format!("/api/v1/user?id={}", things.admin.makes_user("Gone").await), None),
        _ => return None,
    };
    Some(request)
}
