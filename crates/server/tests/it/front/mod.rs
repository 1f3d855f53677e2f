//! Where requests come in: limits, shapes and connections.

