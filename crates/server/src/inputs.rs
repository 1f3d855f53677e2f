//! The inputs that are usually hidden: the clock and randomness. They are handed in once, at the start.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use keyward_core::Timestamp;

/// Tells the time.
pub struct Clock(Box<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The operating system's wall clock.
    pub fn system() -> Self {
        Self::new(|| {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
        })
    }

    /// A clock of your own.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Box::new(now))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// Something that fills bytes at random.
type FillBytes = dyn Fn(&mut [u8]) + Send + Sync;

/// Fills bytes at random.
pub struct Entropy(Box<FillBytes>);

impl Entropy {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self::new(|bytes| {
            // The generator fails only where the operating system has none, and no secret may be made there.
            #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
            #[expect(clippy::expect_used)]
            aws_lc_rs::rand::fill(bytes).expect("the operating system has a random generator");
        })
    }

    /// A generator of your own.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Box::new(fill))
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}
