//! What Keyward says over HTTP: the types of requests and responses, and the catalogue of error codes.
//!
//! The management API speaks Kinde's wire format; members that Kinde does not have are additions, and its clients never
//! need them. What is not written into a type here cannot leak: rows of the store are other types.

mod envelope;
pub mod errors;

pub mod apis;
pub mod applications;
pub mod audit_events;
pub mod credits;
pub mod explain;
pub mod grants;
pub mod keys;
pub mod limits;
pub mod members;
pub mod oauth;
pub mod organizations;
pub mod own_key;
mod patch;
pub mod permissions;
pub mod plans;
pub mod previews;
pub mod refusals;
pub mod roles;
pub mod scopes;
pub mod signing_keys;
pub mod system_permissions;
#[cfg(feature = "openapi")]
mod texts;
pub mod usage;
mod user_lists;
pub mod users;
pub mod verify;
pub mod verify_batch;

pub use envelope::{Done, Envelope};
pub use errors::{ErrorBody, ErrorCode, ErrorItem};
