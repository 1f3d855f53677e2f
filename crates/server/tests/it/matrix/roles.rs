//! The routes of roles, permissions and system permissions.

use serde_json::{Value, json};

use super::routes::{Route, Things, platform};

const ROLE: &str = "/api/v1/roles/{role_id}";
const PERMISSION: &str = "/api/v1/permissions/{permission_id}";
const OF_ROLE: &str = "/api/v1/roles/{role_id}/permissions";
const ONE_OF_ROLE: &str = "/api/v1/roles/{role_id}/permissions/{permission_id}";
const SYSTEM_OF_ROLE: &str = "/api/v1/roles/{role_id}/system_permissions";

pub(super) const ROUTES: &[Route] = &[
    platform("GET", "/api/v1/roles", &["read:roles"]),
    platform("POST", "/api/v1/roles", &["create:roles"]),
    platform("GET", ROLE, &["read:roles"]),
    platform("PATCH", ROLE, &["update:roles"]),
    platform("DELETE", ROLE, &["delete:roles"]),
    platform("GET", OF_ROLE, &["read:role_permissions"]),
    platform("PATCH", OF_ROLE, &["update:role_permissions"]),
    platform("DELETE", ONE_OF_ROLE, &["delete:role_permissions"]),
    platform("GET", "/api/v1/permissions", &["read:permissions"]),
    platform("POST", "/api/v1/permissions", &["create:permissions"]),
    platform("PATCH", PERMISSION, &["update:permissions"]),
    platform("DELETE", PERMISSION, &["delete:permissions"]),
    platform("GET", "/api/v1/system_permissions", &["read:system_permissions"]),
    platform("GET", SYSTEM_OF_ROLE, &["read:role_system_permissions"]),
    platform("PATCH", SYSTEM_OF_ROLE, &["update:role_system_permissions"]),
];

/// A request that succeeds for whoever may make it, each time for a role and a permission of its own.
pub(super) async fn request(things: &Things<'_>, route: &Route, count: u32) -> Option<(String, Option<Value>)> {
    if !ROUTES.iter().any(|known| (known.method, known.path) == (route.method, route.path)) {
        return None;
    }
    let (mut path, admin) = (route.path.to_owned(), &things.admin);
    if path.contains("{role_id}") {
        path = path.replace("{role_id}", &admin.makes_role(&format!("role:{count}"), json!({})).await);
    }
    let mut permission = String::new();
    if path.contains("permission_id") || (route.method, route.path) == ("PATCH", OF_ROLE) {
        permission = admin.makes_permission(&format!("permission:{count}"), json!({})).await;
        path = path.replace("{permission_id}", &permission);
    }
    let body = match (route.method, route.path) {
        ("POST", _) => json!({ "name": "One more", "key": format!("more:{count}") }),
        ("PATCH", OF_ROLE) => json!({ "permissions": [{ "id": permission }] }),
        ("PATCH", SYSTEM_OF_ROLE) => json!({ "system_permissions": [{ "id": "read:org:authentication" }] }),
        ("PATCH", _) => json!({ "name": "Renamed" }),
        _ => return Some((path, None)),
    };
    Some((path, Some(body)))
}
