//! Everything that is logged while tests run, at every level, and what panics say.

use std::io::{self, Write};
use std::sync::{Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;

static CAPTURED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static PANICS: Mutex<String> = Mutex::new(String::new());
static BEGIN: Once = Once::new();

struct Captured;

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        CAPTURED.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

/// Begins to capture. A process has one log, and the runner gives each test a process.
pub(super) fn capture() {
    BEGIN.call_once(|| {
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(Captured).init();
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.lock().unwrap().push_str(&format!("{panic}\n"));
            usual(panic);
        }));
    });
}

/// What was logged so far.
pub(super) fn captured() -> String {
    String::from_utf8_lossy(&CAPTURED.lock().unwrap()).into_owned()
}

/// What panics said so far, those of handlers that were answered for included.
pub(super) fn panics() -> String {
    PANICS.lock().unwrap().clone()
}
