//! The command line.

use std::path::PathBuf;
use std::{env, fs, io};

use clap::{Args, Parser, Subcommand};
use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{Broken, ScopeKey};
use keyward_server::{Settings, SettingsError, Sources};

/// API keys for your own APIs: issued, verified, rotated, revoked.
#[derive(Debug, Parser)]
#[command(name = "keyward", version)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the server.
    Serve(ServeOptions),
    /// Makes the first application of an empty store and prints its secret; with --api, registers an API too.
    Init(InitOptions),
    /// Lists and rotates the keys that tokens are signed with, while no server holds the data folder.
    #[command(subcommand)]
    SigningKeys(SigningKeysCommand),
    /// Verifies the log of changes, prints it or its head, erases what is personal in it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Prints every setting with its default and its meaning, as a file to begin with.
    Settings,
    /// Shows the whole quick start on a database of its own, in ./keyward-demo.
    Demo(DemoOptions),
}

/// Where the settings are.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The data folder [default: keyward-data].
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// A file of settings, in TOML; `keyward settings` prints all of them.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where to listen [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InitOptions {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Prints JSON in place of .env lines.
    #[arg(long)]
    pub(crate) json: bool,
    /// Registers an API with this name, and makes an environment key that verifies its keys and can do nothing else.
    #[arg(long, value_name = "NAME", requires = "audience", value_parser = name)]
    pub(crate) api: Option<String>,
    /// The API's audience, usually its address.
    #[arg(long, value_name = "URL", requires = "api", value_parser = audience)]
    pub(crate) audience: Option<String>,
    /// A scope of the API; may be given several times.
    #[arg(long, value_name = "KEY", requires = "api", num_args = 1.., value_parser = scope)]
    pub(crate) scope: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeysCommand {
    /// Lists the keys whose tokens are accepted or will be, the newest first.
    List(Place),
    /// Makes a new key. It is published at once and signs ten minutes later; those before it are accepted until their last
    /// token has expired.
    Rotate {
        #[command(flatten)]
        place: Place,
        /// The new key signs at once, and the tokens of all others are worth nothing: for a key that others have got
        /// hold of.
        #[arg(long)]
        at_once: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Checks every event against the chain, and names the first that does not fit.
    Verify {
        #[command(flatten)]
        place: Place,
        /// A file of heads that were kept elsewhere, JSON lines; the log of the server will do. Each must lie on the chain.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Prints the head of the chain as a line of JSON, to be kept elsewhere.
    Head(Place),
    /// Prints every event as a line of JSON, the oldest first.
    Export(Place),
    /// Erases what is personal about a subject from all events so far; the chain still verifies.
    Erase {
        #[command(flatten)]
        place: Place,
        /// The id of a user, an organization, an actor, or a thing that people named.
        subject: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// The first port to try.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// The folder to keep the demo's data in.
    #[arg(long, value_name = "DIR", default_value = "keyward-demo")]
    pub(crate) data: String,
}

// The rules of what can be registered, held before anything is made.

fn name(text: &str) -> Result<String, String> {
    kept(text, bounds::text(text, MAX_NAME_CHARS))
}

fn audience(text: &str) -> Result<String, String> {
    kept(text, bounds::audience(text))
}

fn scope(text: &str) -> Result<String, String> {
    kept(text, ScopeKey::parse(text).map(|_| ()))
}

fn kept(text: &str, rule: Result<(), Broken>) -> Result<String, String> {
    rule.map(|()| text.to_owned()).map_err(|broken| broken.0)
}

/// Why the settings cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    #[error("the file of settings {path} cannot be read")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Reads the settings: defaults, file, environment, command line.
pub(crate) fn settings(place: Place, listen: Option<String>) -> Result<Settings, OptionsError> {
    let file = match place.config {
        Some(path) => {
            let name = path.display().to_string();
            let text = fs::read_to_string(&path).map_err(|source| OptionsError::File { path: name.clone(), source })?;
            Some((name, text))
        }
        None => None,
    };
    let given = [("data", place.data), ("listen", listen)];
    let command_line = given.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let environment = env::vars_os().filter_map(|(k, v)| k.into_string().ok().zip(v.into_string().ok())).collect();
    Ok(Settings::load(Sources { file, environment, command_line })?)
}
