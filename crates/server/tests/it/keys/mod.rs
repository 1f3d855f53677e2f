//! API keys, one file an operation.

mod create;
