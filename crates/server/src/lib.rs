//! Keyward's server: HTTP at the front, doors behind it, actions behind those.
//!
//! A change walks through three rooms: a door ([`routes`], `oauth`, `admin`) extracts and answers, an action decides
//! and opens the one transaction, the store holds the SQL. `ARCHITECTURE.md` draws them.

pub mod actions;
mod admin;
pub mod app;
mod auth;
pub mod caller;
mod counting;
pub mod first_run;
pub mod folder;
pub mod front;
pub mod inputs;
pub mod issuer;
pub mod jobs;
pub mod metrics;
mod oauth;
pub mod oauth_refusal;
pub mod refusal;
pub mod refusal_log;
pub mod routes;
pub mod secrets;
pub mod settings;
pub mod throttle;
mod traces;

pub use app::{App, StartError};
pub use folder::{DataFolder, FolderError};
pub use inputs::{Clock, Entropy};
pub use settings::{Settings, SettingsError, Sources};
pub use traces::{TraceError, Traces};
