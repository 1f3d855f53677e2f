//! The doors for people at the platform.

mod setup;

use axum::Router;

use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    setup::routes()
}
