//! The doors of the OAuth 2.0 authorization server.

mod client;
mod discovery;
mod form;
mod introspect;
mod revoke;
mod token;

use axum::Router;
use axum::routing::MethodRouter;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use discovery::describe_elsewhere;

/// The routes, for the document too.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(token::create_token).map(posted))
        .routes(routes!(introspect::introspect_token).map(posted))
        .routes(routes!(revoke::revoke_token).map(posted))
        .routes(routes!(discovery::get_jwks))
        .routes(routes!(discovery::get_discovery))
        .merge(OpenApiRouter::from(also_known_as()))
}

/// Other methods are refused in the shape of these endpoints.
fn posted(route: MethodRouter<App>) -> MethodRouter<App> {
    route.fallback(form::refuse_method)
}

/// The same answers at the addresses where other clients look for them.
fn also_known_as() -> Router<App> {
    use axum::routing::get;
    Router::new()
        .route("/.well-known/jwks.json", get(discovery::get_jwks))
        .route("/.well-known/oauth-authorization-server", get(discovery::get_discovery))
}
