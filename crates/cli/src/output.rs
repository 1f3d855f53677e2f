//! What the commands print: the one place that writes to the terminal.

use std::io::{self, Write};

/// A line of a story.
pub(crate) fn line(text: &str) {
    // A reader that has gone away wants no more.
    let _ = writeln!(io::stdout(), "{text}");
}

/// A line that must not be lost, since what it says is said once.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{text}")?;
    out.flush()
}

/// A line about what went wrong or goes on.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
