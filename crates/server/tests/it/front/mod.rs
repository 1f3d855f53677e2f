//! Where requests come in: limits, shapes and connections.

mod connections;
mod limits;
mod rights;
mod shapes;
mod tls;
