//! Verifications, by what they came to, and how long they took.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyward_core::Outcome;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::metrics::times::Times;

/// Upper bounds of a verification's time: from 25 microseconds, which is what one takes.
const BOUNDS: [Duration; 16] = [
    Duration::from_micros(25),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
];

/// What verifications can come to, in the words of their codes.
const OUTCOMES: [&str; 11] = [
    "invalid",
    "wrong_api",
    "revoked",
    "disabled",
    "owner_suspended",
    "expired",
    "ip_not_allowed",
    "insufficient_scope",
    "verified",
    "rate_limited",
    "credits_exhausted",
];

/// What is counted of verifications, without a lock.
#[derive(Debug)]
pub(super) struct Verifications {
    counts: [AtomicU64; OUTCOMES.len()],
    times: Times,
}

impl Verifications {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { counts: Default::default(), times: Times::new(&BOUNDS) }
    }

    /// Counts one.
    pub(super) fn count(&self, outcome: &Outcome, took: Duration) {
        self.counts[index_of(outcome)].fetch_add(1, Ordering::Relaxed);
        self.times.observe(took);
    }
}

impl Collector for Verifications {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Verifications, by what they came to";
        let mut counters = encoder.encode_descriptor("verifications", help, None, MetricType::Counter)?;
        for (outcome, count) in OUTCOMES.iter().zip(&self.counts) {
            let count = count.load(Ordering::Relaxed);
            counters.encode_family(&[("outcome", *outcome)])?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let help = "How long verifications took, from the body that was read to the answer";
        let (name, unit) = ("verification_duration", Some(&Unit::Seconds));
        self.times.encode(&mut encoder.encode_descriptor(name, help, unit, MetricType::Histogram)?)
    }
}

/// What a verification came to, in the word of its code.
pub(crate) const fn name_of(outcome: &Outcome) -> &'static str {
    OUTCOMES[index_of(outcome)]
}

const fn index_of(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Invalid => 0,
        Outcome::WrongApi => 1,
        Outcome::Revoked => 2,
        Outcome::Disabled => 3,
        Outcome::OwnerSuspended => 4,
        Outcome::Expired => 5,
        Outcome::IpNotAllowed => 6,
        Outcome::InsufficientScope(_) => 7,
        Outcome::Verified => 8,
        Outcome::RateLimited => 9,
        Outcome::CreditsExhausted => 10,
    }
}
