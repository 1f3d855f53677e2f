//! What holds for the project as a whole.
// Lints know `#[test]`, not the functions that tests share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod house;
