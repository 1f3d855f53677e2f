//! Who calls, with what rights: extractors that a handler names in its signature.

pub(crate) mod bearer;
mod permit;

pub(crate) use permit::{Platform, PlatformOrOrganization, scope};
