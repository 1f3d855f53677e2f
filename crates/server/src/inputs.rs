//! The inputs that are usually hidden: the clock and randomness. They are handed in once, at the start.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyward_core::Timestamp;
use keyward_engine::Tick;
use rustix::time::{ClockId, clock_gettime};

/// Tells the time, twice: the wall clock's, which decides when things expire, and that of a clock which never goes back,
/// which decides for how long a node may answer.
pub struct Clock {
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    tick: Box<dyn Fn() -> Tick + Send + Sync>,
}

impl Clock {
    /// The operating system's clocks.
    pub fn system() -> Self {
        let now = || {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
        };
        // A clock that cannot be read has every lease run out.
        let tick = || Tick::at(Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or(Duration::MAX));
        Self { now: Box::new(now), tick: Box::new(tick) }
    }

    /// A clock of your own, of which both are read.
    pub fn new(now: impl Fn() -> Timestamp + Clone + Send + Sync + 'static) -> Self {
        let since_epoch = {
            let now = now.clone();
            move || Tick::at(Duration::from_micros(u64::try_from(now().as_micros()).unwrap_or(0)))
        };
        Self { now: Box::new(now), tick: Box::new(since_epoch) }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The instant now of the clock that never goes back.
    pub fn tick(&self) -> Tick {
        (self.tick)()
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
