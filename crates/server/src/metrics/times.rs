//! How long things take: a histogram that nobody waits for.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{MetricEncoder, NoLabelSet};

/// How often something took up to each bound, and how long all of it took together. Whoever counts takes no lock, and
/// neither does whoever reads.
#[derive(Debug)]
pub(super) struct Times {
    bounds: &'static [Duration],
    /// One more than there are bounds: the last is for whatever took longer.
    buckets: Box<[AtomicU64]>,
    /// In nanoseconds; enough for 584 years.
    sum: AtomicU64,
}

impl Times {
    /// Nothing yet, with these upper bounds in their order.
    pub(super) fn new(bounds: &'static [Duration]) -> Self {
        Self { bounds, buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    /// Counts one that took so long. A bound belongs to what is below it.
    pub(super) fn observe(&self, took: Duration) {
        let bucket = self.bounds.partition_point(|bound| *bound < took);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Writes all of it down. The count is what the buckets come to, at any moment; the sum may be ahead of them or behind
    /// by those that are being counted.
    pub(super) fn encode(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        let bounds = self.bounds.iter().map(Duration::as_secs_f64).chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_nanos(self.sum.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }
}
