//! What the commands print: the one place that writes to the terminal.

use std::io::Write;

/// A line of the result.
pub(crate) fn line(text: &str) {
    // A reader that has gone away wants no more.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line about what went wrong or goes on.
pub(crate) fn error(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
