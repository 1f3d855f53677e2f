//! The log of the process.

use std::io::{IsTerminal, stderr};

use keyward_server::settings::{LogFormat, LogLevel, PlainSettings};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log on standard error, as the settings say.
pub(crate) fn start(settings: &PlainSettings) {
    let level = match settings.log_level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    // The database driver tells of each statement, and of unknown parts of an address with their values.
    let filter = Targets::new()
        .with_default(level)
        .with_target("sqlx", LevelFilter::from(Level::WARN.min(level)))
        .with_target("sqlx_postgres::options", LevelFilter::OFF);
    let is_json = match settings.log_format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = fmt::layer().with_writer(stderr);
    let lines = if is_json { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
