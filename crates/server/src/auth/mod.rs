//! Who calls, with what rights: extractors that a handler names in its signature.

pub(crate) mod bearer;
mod holder;
mod origin;
mod permit;

pub(crate) use holder::Holder;
pub(crate) use origin::{CalledFrom, origin_of};
pub(crate) use permit::{Platform, PlatformOrOrganization, scope};
