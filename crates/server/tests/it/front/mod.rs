//! Where requests come in: limits, shapes and connections.

mod admission;
mod connections;
mod forwarded;
mod h2;
mod limits;
mod places;
mod rights;
mod secure;
mod shapes;
mod slow;
mod smuggling;
mod tls;

pub(crate) use connections::{PATIENCE, read_to_end, serve};
