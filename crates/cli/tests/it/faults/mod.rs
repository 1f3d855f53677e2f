//! The built binary against crashes, power cuts, full disks and broken ones: nothing that was acknowledged is lost, no
//! change is half there, and the audit log tells of each change and of nothing else. `docs/durability.md` says what is
//! promised.
//!
//! `TEST_KEYWARD_BINARY` is the binary to test, by default the one that was built with the tests. How often each fault
//! is brought about, and the seed of its moments, stand in variables too.

mod account;
mod books;
mod broken_disk;
mod calls;
mod controls;
mod counts;
mod dice;
mod disk;
mod gone_database;
mod held_key;
mod kill;
mod nodes;
mod postgres;
mod power;
mod shop;

use std::path::PathBuf;

use crate::support::KEYWARD;
use dice::Dice;

/// A check that has not held, in words. It is a value, so that the controls can await one.
pub(crate) type Checked<T = ()> = Result<T, String>;

/// Ends a check that does not hold.
macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use ensure;

/// A variable of the environment of the tests.
#[expect(clippy::disallowed_methods, reason = "the settings of the suite")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// How often something is to be done.
fn count(name: &str, default: u32) -> u32 {
    variable(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

/// The binary to test.
fn binary() -> PathBuf {
    variable("TEST_KEYWARD_BINARY").map_or_else(|| KEYWARD.into(), PathBuf::from)
}

/// The dice of a test, by the seed that was given or a new one. The seed is printed: with it the moments are the same,
/// though not how the threads of the server meet them.
fn dice() -> Dice {
    let given = variable("FAULT_SEED").map(|text| text.parse().expect("FAULT_SEED is a number"));
    let dice = given.map_or_else(Dice::fresh, Dice::of);
    tell(&format!("FAULT_SEED={}", dice.seed()));
    dice
}

/// Says something about the run.
#[expect(clippy::print_stdout, reason = "the output of a test")]
fn tell(words: &str) {
    println!("{words}");
}
