//! What holds for the project as a whole, and for the built binary as its users meet it.
// Lints know `#[test]`, not the functions that tests share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod audit;
mod canary;
mod cold_start;
mod demo;
mod docs;
mod faults;
mod house;
mod http;
mod init;
mod security;
mod serve;
mod settings;
mod setup;
mod signing_keys;
mod support;
mod tls;
