//! The routes of plans.

use serde_json::{Value, json};

use super::routes::{Route, Things, platform};

const PLANS: &str = "/api/v1/plans";
const PLAN: &str = "/api/v1/plans/{plan_id}";

pub(super) const ROUTES: &[Route] = &[
    platform("GET", PLANS, &["read:plans"]),
    platform("POST", PLANS, &["create:plans"]),
    platform("GET", PLAN, &["read:plans"]),
    platform("PATCH", PLAN, &["update:plans"]),
    platform("DELETE", PLAN, &["delete:plans"]),
];

/// A request that succeeds for whoever may make it, each time for a plan of its own.
pub(super) async fn request(things: &Things<'_>, route: &Route, count: u32) -> Option<(String, Option<Value>)> {
    if !ROUTES.iter().any(|known| (known.method, known.path) == (route.method, route.path)) {
        return None;
    }
    let mut path = route.path.to_owned();
    if route.path == PLAN {
        let made = things.admin.post(PLANS, json!({ "name": format!("Plan {count}") })).await;
        path = path.replace("{plan_id}", &made.text("/plan/id"));
    }
    let allowed = json!([{ "api_id": things.api, "scopes": ["read:orders"] }]);
    let body = match route.method {
        "POST" => json!({ "name": format!("More {count}"), "allowed_scopes": allowed }),
        "PATCH" => json!({ "name": format!("Renamed {count}"), "allowed_scopes": allowed }),
        _ => return Some((path, None)),
    };
    Some((path, Some(body)))
}
