//! Members of organizations, and what they are given.

use serde_json::{Value, json};

use super::routes::{Route, Things, platform, shared};

const USERS: &str = "/api/v1/organizations/{org_code}/users";
const USER: &str = "/api/v1/organizations/{org_code}/users/{user_id}";
const ROLES: &str = "/api/v1/organizations/{org_code}/users/{user_id}/roles";
const ROLE: &str = "/api/v1/organizations/{org_code}/users/{user_id}/roles/{role_id}";
const PERMISSIONS: &str = "/api/v1/organizations/{org_code}/users/{user_id}/permissions";
const PERMISSION: &str = "/api/v1/organizations/{org_code}/users/{user_id}/permissions/{permission_id}";
const ROLE_USERS: &str = "/api/v1/organizations/{org_code}/roles/{role_id}/users";
const ROLE_COUNT: &str = "/api/v1/organizations/{org_code}/roles/{role_id}/users/count";
const ROLE_HOLDERS: &str = "/api/v1/roles/{role_id}/users";

pub(super) const ROUTES: &[Route] = &[
    shared("GET", USERS, &["read:organization_users"]),
    platform("POST", USERS, &["create:organization_users"]),
    platform("PATCH", USERS, &["update:organization_users"]),
    platform("DELETE", USER, &["delete:organization_users"]),
    platform("GET", ROLES, &["read:organization_user_roles"]),
    platform("POST", ROLES, &["create:organization_user_roles"]),
    platform("DELETE", ROLE, &["delete:organization_user_roles"]),
    platform("GET", PERMISSIONS, &["read:organization_user_permissions"]),
    platform("POST", PERMISSIONS, &["create:organization_user_permissions"]),
    platform("DELETE", PERMISSION, &["delete:organization_user_permissions"]),
    platform("GET", ROLE_USERS, &["read:organization_user_roles"]),
    platform("GET", ROLE_COUNT, &["read:organization_user_roles"]),
    platform("GET", ROLE_HOLDERS, &["read:organization_user_roles"]),
];

pub(super) async fn request(things: &Things<'_>, route: &Route, count: u32) -> Option<(String, Option<Value>)> {
    if !ROUTES.iter().any(|own| (own.method, own.path) == (route.method, route.path)) {
        return None;
    }
    let admin = &things.admin;
    let user = admin.makes_user("Member").await;
    let users = USERS.replace("{org_code}", &things.org);
    let key = format!("members-{count}");
    let role = if route.path.contains("role") { admin.makes_role(&key, json!({})).await } else { String::new() };
    let permission =
        if route.path.contains("permission") { admin.makes_permission(&key, json!({})).await } else { String::new() };
    if route.path != USERS {
        let mut member = json!({ "id": user });
        if route.path == ROLE {
            member["roles"] = json!([key]);
        }
        if route.path == PERMISSION {
            member["permissions"] = json!([key]);
        }
        assert_eq!(admin.post(&users, json!({ "users": [member] })).await.status, 200);
    }
    let path = route.path.replace("{org_code}", &things.org).replace("{user_id}", &user);
    let path = path.replace("{role_id}", &role).replace("{permission_id}", &permission);
    let body = match (route.method, route.path) {
        ("POST" | "PATCH", USERS) => Some(json!({ "users": [{ "id": user }] })),
        ("POST", ROLES) => Some(json!({ "role_id": role })),
        ("POST", PERMISSIONS) => Some(json!({ "permission_id": permission })),
        _ => None,
    };
    Some((path, body))
}
