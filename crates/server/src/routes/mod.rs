//! The doors of the management API, one file a resource, and the whole router with its document.

mod apis;
mod applications;
pub mod audit_events;
mod bulk;
mod docs;
mod document;
mod explain;
mod failures;
mod grants;
mod health;
mod keys;
mod limited;
mod member_rights;
mod members;
mod organizations;
mod own_key;
mod permissions;
mod plans;
mod refusals;
mod role_permissions;
mod roles;
mod scopes;
mod signing_keys;
mod system_permissions;
mod usage;
mod users;
mod verify;
mod verify_batch;

use axum::extract::DefaultBodyLimit;
use axum::{Json, Router, middleware};
use keyward_wire::ErrorCode;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::front::{Admission, admit, find_client, let_in, log_requests, secure_answers};
use crate::refusal::Refusal;
use crate::{admin, oauth};

/// Bytes of a body, but for the routes that set their own limit.
const MAX_BODY_BYTES: usize = 1024 * 1024;

fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::Document::openapi())
        .merge(apis::routes())
        .merge(scopes::routes())
        .merge(applications::routes())
        .merge(grants::routes())
        .merge(organizations::routes())
        .merge(users::routes())
        .merge(plans::routes())
        .merge(members::routes())
        .merge(member_rights::routes())
        .merge(roles::routes())
        .merge(role_permissions::routes())
        .merge(permissions::routes())
        .merge(system_permissions::routes())
        .merge(keys::routes())
        .merge(bulk::routes())
        .merge(verify::routes())
        .merge(verify_batch::routes())
        .merge(explain::routes())
        .merge(own_key::routes())
        .merge(usage::routes())
        .merge(signing_keys::routes())
        .merge(audit_events::routes())
        .merge(refusals::routes())
        .merge(health::routes())
        .merge(oauth::routes())
}

/// The OpenAPI 3.1 document of everything that is served for programs.
pub fn document() -> utoipa::openapi::OpenApi {
    document::finish(documented().into_openapi())
}

/// Every route, with the layers that all of them share.
pub fn router(app: &App) -> Router {
    let (doors, _) = documented().split_for_parts();
    let described = document();
    doors
        .route("/openapi.json", axum::routing::get(|| async move { Json(described) }))
        .merge(docs::routes())
        .merge(admin::routes())
        .fallback(oauth::describe_elsewhere)
        .method_not_allowed_fallback(|| async { Refusal::new(ErrorCode::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(let_in))
        .layer(middleware::from_fn_with_state(Admission::new(&app.settings.plain, &app.metrics.shed), admit))
        .layer(middleware::from_fn_with_state(app.clone(), log_requests))
        .layer(middleware::from_fn_with_state(app.clone(), find_client))
        .layer(middleware::from_fn_with_state(app.clone(), secure_answers))
        .with_state(app.clone())
}
