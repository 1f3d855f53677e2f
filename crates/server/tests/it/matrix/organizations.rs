//! Organizations.

use serde_json::{Value, json};

use super::routes::{Route, Things, platform, shared};

pub(super) const ROUTES: &[Route] = &[
    shared("GET", "/api/v1/organizations", &["read:organizations"]),
    shared("GET", "/api/v1/organization", &["read:organizations"]),
    platform("POST", "/api/v1/organization", &["create:organizations"]),
    platform("PATCH", "/api/v1/organization/{org_code}", &["update:organizations"]),
    platform("DELETE", "/api/v1/organization/{org_code}", &["delete:organizations"]),
];

pub(super) async fn request(things: &Things<'_>, route: &Route, count: u32) -> Option<(String, Option<Value>)> {
    let request = match (route.method, route.path) {
        ("GET", "/api/v1/organization") => (format!("/api/v1/organization?code={}", things.org), None),
        ("POST", "/api/v1/organization") => (route.path.into(), Some(json!({ "name": "One more" }))),
        ("PATCH", "/api/v1/organization/{org_code}") => {
            (format!("/api/v1/organization/{}", things.org), Some(json!({ "name": format!("Renamed {count}") })))
        }
        ("DELETE", "/api/v1/organization/{org_code}") => {
            (format!("/api/v1/organization/{}", things.admin.makes_organization("Gone").await), None)
        }
        _ => return None,
    };
    Some(request)
}
