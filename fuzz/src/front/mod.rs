//! Connections and bodies, as the server reads them.

#![allow(dead_code, reason = "the server uses more of its own files than the targets do")]

#[path = "../../../crates/server/src/front/arriving.rs"]
mod arriving;
#[path = "../../../crates/server/src/front/connection.rs"]
mod connection;
#[path = "../../../crates/server/src/front/misfit.rs"]
mod misfit;
#[path = "../../../crates/server/src/front/node.rs"]
mod node;
#[path = "../../../crates/server/src/front/places.rs"]
mod places;
#[path = "../../../crates/server/src/front/reader.rs"]
mod reader;
#[path = "../../../crates/server/src/front/standing.rs"]
mod standing;
#[path = "../../../crates/server/src/front/tls.rs"]
mod tls;
#[path = "../../../crates/server/src/front/watched.rs"]
mod watched;

use std::time::Duration;

use axum::Router;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};

use self::connection::Connections;
use self::node::Node;
use self::standing::{Patience, Standing};
pub use self::tls::Tls;

/// Reads JSON into a type; or says why not, as the caller is told.
pub fn read_json<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    let node = Node::from_json(bytes).map_err(|malformed| malformed.0.to_owned())?;
    reader::read(&node, false).map_err(|misfit| format!("`{}` {}", misfit.field, misfit.rule))
}

/// Reads a query or a form into a type, in the same way.
pub fn read_form<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    let node = Node::from_form(bytes).map_err(|malformed| malformed.0.to_owned())?;
    reader::read(&node, true).map_err(|misfit| format!("`{}` {}", misfit.field, misfit.rule))
}

/// How long clients are waited for here.
pub const HEAD: Duration = Duration::from_secs(5);
/// For a body, from its head.
pub const BODY: Duration = Duration::from_secs(10);
/// For an answer to be taken.
pub const ANSWER: Duration = Duration::from_secs(15);
/// For the next request.
pub const IDLE: Duration = Duration::from_secs(20);

/// Answers one connection until it ends, as the server does once it is accepted.
pub async fn answer(router: Router, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let patience = Patience { handshake: HEAD, head: HEAD, body: BODY, answer: ANSWER, idle: IDLE };
    // Held until the end: a server that stops is another matter.
    let (_stop, stopped) = watch::channel(());
    let (alive, _gone) = mpsc::channel(1);
    let connections = Connections::new(router, patience, stopped, alive);
    connections.answer(stream, ([203, 0, 113, 7], 4711).into(), Standing::new()).await;
}
