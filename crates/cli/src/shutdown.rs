//! When to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Is ready when the process is told to stop: SIGTERM, or Ctrl-C.
pub(crate) fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
