//! What can be done, one file a resource: the only place that opens a transaction. Doors call one action each.

pub mod apis;
pub mod applications;
pub mod audit;
pub mod bootstrap;
pub mod callers;
pub mod clients;
pub mod credits;
pub mod explain;
pub mod first_run;
pub mod follow;
pub mod grants;
pub mod health;
pub mod introspection;
mod kept_answers;
pub mod keys;
pub mod limits;
mod listed;
pub mod master_secrets;
pub mod members;
pub mod organizations;
pub mod owners;
pub mod paging;
pub mod permissions;
pub mod plans;
pub mod previews;
pub mod refusals;
pub mod role_permissions;
pub mod roles;
pub mod scopes;
pub mod signing_keys;
pub mod system_permissions;
pub mod tidying;
pub mod tokens;
pub mod usage;
pub mod users;
pub mod verify;
pub mod verify_batch;

use keyward_store::Revision;

/// What a change made, with its revision.
#[derive(Clone, Debug)]
pub struct Changed<T> {
    /// What it made.
    pub made: T,
    /// The revision.
    pub revision: Revision,
}
