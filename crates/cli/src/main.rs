//! The `keyward` binary: `serve`, `init`, `signing-keys`, `audit`, `settings`, `demo`.

mod audit;
mod demo;
mod init;
mod logging;
mod options;
mod output;
mod serve;
mod shutdown;
mod signing_keys;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use keyward_server::settings::DEFAULTS;
use options::{Command, Options};

/// What a command ends with when it does not succeed: shown to the user with all that it was caused by.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let done = runtime.block_on(async {
        match options.command {
            Command::Serve(serve) => serve::serve(serve).await,
            Command::Init(init) => init::init(init).await,
            Command::SigningKeys(wanted) => signing_keys::signing_keys(wanted).await,
            Command::Audit(wanted) => audit::audit(wanted).await,
            Command::Settings => Ok(output::result(DEFAULTS.trim_end())?),
            Command::Demo(demo) => demo::demo(demo).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error),
    }
}

fn fail(error: &(dyn Error + 'static)) -> ExitCode {
    output::error(&format!("keyward: {error}"));
    let mut next = error.source();
    while let Some(source) = next {
        output::error(&format!("  because: {source}"));
        next = source.source();
    }
    ExitCode::FAILURE
}
