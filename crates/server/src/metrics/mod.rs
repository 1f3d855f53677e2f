//! What is counted for Prometheus. Names and units are those that OpenMetrics wants; no label has more values than this
//! program has routes, codes and outcomes, however many keys there are.

mod page;
mod requests;
mod shed;
#[cfg(test)]
mod tests;
mod times;
mod verifications;

use std::sync::Arc;
use std::time::Duration;

use keyward_core::Outcome;
use keyward_engine::Tick;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use self::requests::Requests;
use self::verifications::Verifications;
use crate::app::App;

pub use self::page::router;
pub use self::shed::ConnectionCounts;
pub(crate) use self::shed::ShedRequests;
pub(crate) use self::verifications::name_of;

/// Everything that is counted. Whatever a request counts is counted without a lock, while the page is written too.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    verifications: Arc<Verifications>,
    requests: Arc<Requests>,
    /// Of the doors' own listener.
    pub connections: ConnectionCounts,
    pub(crate) shed: ShedRequests,
    secrets: Gauge,
    revision: Gauge,
    lease_age: Gauge<f64, std::sync::atomic::AtomicU64>,
    holds_lease: Gauge,
    journal_lag: Gauge,
    journal_lost: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::with_prefix("keyward")
    }
}

impl Metrics {
    /// Nothing counted yet; each name on the page begins with this.
    fn with_prefix(prefix: &str) -> Self {
        let mut registry = Registry::with_prefix(prefix);
        let (verifications, requests) = (Arc::new(Verifications::new()), Arc::new(Requests::new()));
        registry.register_collector(Box::new(Arc::clone(&verifications)));
        registry.register_collector(Box::new(Arc::clone(&requests)));
        let (connections, shed) = shed::register(&mut registry);
        let metrics = Self {
            verifications,
            requests,
            connections,
            shed,
            secrets: Gauge::default(),
            revision: Gauge::default(),
            lease_age: Gauge::default(),
            holds_lease: Gauge::default(),
            journal_lag: Gauge::default(),
            journal_lost: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("index_secrets", "Secrets of keys that are known from memory", metrics.secrets.clone());
        registry.register("index_revision", "The change up to which all is known", metrics.revision.clone());
        let help = "How long ago the last round began that the answers of this node rest on";
        registry.register_with_unit("lease_age", help, Unit::Seconds, metrics.lease_age.clone());
        registry.register("lease_held", "Whether this node may answer: 1 or 0", metrics.holds_lease.clone());
        let help = "Verifications that are in the journal and not in the database yet";
        registry.register("journal_lag", help, metrics.journal_lag.clone());
        let help = "Verifications that could not be counted since the start";
        registry.register("journal_lost", help, metrics.journal_lost.clone());
        Self { registry, ..metrics }
    }

    /// Counts a verification, and the time that it took.
    pub fn count_verification(&self, outcome: &Outcome, took: Duration) {
        self.verifications.count(outcome, took);
    }

    /// Counts a request, and the time that it took. The route is the pattern of the path; empty where there is none.
    pub fn count_request(&self, method: &http::Method, route: &str, status: u16, took: Duration) {
        self.requests.count(method, if route.is_empty() { "none" } else { route }, status, took);
    }

    /// The page that Prometheus reads.
    pub fn page(&self, app: &App) -> Result<String, std::fmt::Error> {
        let now = app.tick();
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.secrets.set(number(app.engine.secrets() as u64));
        self.revision.set(number(app.engine.revision()));
        self.holds_lease.set(i64::from(app.engine.require_lease(now).is_ok()));
        // Never heard of anything is as old as the clock.
        let heard = app.engine.heard_at().unwrap_or(Tick::at(Duration::ZERO));
        self.lease_age.set(now.since(heard).as_secs_f64());
        if let Some(counting) = app.counting() {
            self.journal_lag.set(number(counting.lag()));
            self.journal_lost.set(number(counting.journal.lost()));
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
