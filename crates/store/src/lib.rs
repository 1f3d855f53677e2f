//! The one place with SQL: SQLite and PostgreSQL behind one set of functions.
//!
//! A reader begins with [`Store::read`], a change with [`Store::change`]. A change takes the head row first, so changes
//! are serial, and it can be committed only together with its audit event. Each table has a file with its rows and its
//! statements; each statement stands once, for both databases.

mod change;
mod db;
mod error;
#[cfg(feature = "faults")]
pub mod faults;
mod migrate;
mod row;
#[cfg(feature = "sql-mutants")]
mod sql_mutants;
mod store;

pub mod apis;
pub mod applications;
pub mod audit;
pub mod canaries;
pub mod credits;
pub mod feed;
pub mod grants;
pub mod head;
pub mod kept_answers;
pub mod key_sets;
pub mod keys;
pub mod member_rights;
pub mod members;
pub mod organizations;
pub mod permissions;
pub mod plans;
pub mod refusals;
pub mod role_permissions;
pub mod roles;
pub mod scopes;
pub mod signing_keys;
pub mod tidying;
pub mod usage;
pub mod users;

pub use audit::NewEvent;
pub use change::{Actor, ActorKind, Change, Origin};
pub use db::{Database, Tx};
pub use error::{OpenError, StoreError};
pub use migrate::{ALL as MIGRATIONS, Migration};
pub use store::Store;

/// A number that grows by one with every committed change.
pub type Revision = u64;
