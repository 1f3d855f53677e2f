//! The server from the outside, without a socket: every request goes through the whole router.
//!
//! A file is an operation and a test's name is an outcome. Time stands still until a test moves it, and randomness is
//! seeded, so answers are literal. The suite runs on SQLite, and on PostgreSQL where TEST_POSTGRES_URL names a server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod apis;
mod applications;
mod audit_events;
mod canary;
mod defaults;
mod docs;
mod document;
mod errors;
mod failing_calls;
mod following;
mod front;
mod health;
mod inputs;
mod keys;
mod kinde;
mod matrix;
mod members;
mod metrics;
mod oauth;
mod organizations;
mod permissions;
mod plans;
mod races;
mod refusals;
mod rights;
mod roles;
mod scopes;
mod setup;
mod signing_keys;
mod tenants;
mod throttling;
mod traces;
mod usage;
mod users;
