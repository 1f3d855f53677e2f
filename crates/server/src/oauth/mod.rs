//! The doors of the OAuth 2.0 authorization server.

mod discovery;
mod token;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use discovery::describe_elsewhere;

/// The routes, for the document too.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let (schemas, paths, token) = routes!(token::create_token);
    OpenApiRouter::new()
        .routes((schemas, paths, token.fallback(token::refuse_method)))
        .routes(routes!(discovery::get_jwks))
        .routes(routes!(discovery::get_discovery))
        .merge(OpenApiRouter::from(also_known_as()))
}

/// The same answers at the addresses where other clients look for them.
fn also_known_as() -> Router<App> {
    use axum::routing::get;
    Router::new()
        .route("/.well-known/jwks.json", get(discovery::get_jwks))
        .route("/.well-known/oauth-authorization-server", get(discovery::get_discovery))
}
