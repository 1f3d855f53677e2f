//! No secret stands where it was not shown: not in the log, an answer, a panic, or the store.
//!
//! Every test of this suite searches for its own secrets when it ends (`support/canary`). Here secrets are misplaced on
//! purpose, and the search itself is held: it finds what is planted, in each place and in each form.

mod search;
mod snapshots;
mod walk;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use keyward_server::actions::first_run::create_first_application;
use keyward_server::caller::Caller;

use crate::support::TestApp;
use walk::Walk;

/// Never issued.
const PLANTED: &str = "planted0secret0planted0secret0planted0secret";

#[tokio::test]
async fn the_secret_of_a_key_stands_nowhere_wherever_it_is_misplaced() {
    walk(true).await;
}

#[tokio::test]
async fn a_token_or_the_secret_of_an_application_stands_nowhere_wherever_it_is_misplaced() {
    walk(false).await;
}

async fn walk(are_of_keys: bool) {
    let app = TestApp::start().await;
    let refused = Walk::through(&app, are_of_keys).await;
    assert!(refused > 200, "{refused} refusals");
    assert!(app.secrets().len() > 15, "{} secrets", app.secrets().len());
    assert_eq!(app.into_leaks(), []);
}

#[tokio::test]
#[should_panic(expected = "a secret stands where it was not shown")]
async fn a_test_whose_secret_is_logged_fails_at_its_end() {
    let app = TestApp::start().await;
    let first = create_first_application(&app.app, &Caller::command_line()).await.unwrap();
    app.remember(first.client_secret.expose());
    tracing::trace!(secret = first.client_secret.expose(), "leaked");
}

#[tokio::test]
async fn a_test_that_fails_anyway_fails_by_its_own_words() {
    let fails = async {
        let app = TestApp::start().await;
        app.remember(PLANTED);
        tracing::trace!(PLANTED, "leaked");
        panic!("its own words");
    };
    let failed = AssertUnwindSafe(fails).catch_unwind().await.unwrap_err();
    assert_eq!(failed.downcast_ref::<&str>(), Some(&"its own words"));
}
