//! `/api/v1/roles`

mod create;
mod delete;
mod get;
mod list;
mod permissions;
mod system_permissions;
mod update;
