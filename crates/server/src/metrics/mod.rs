//! What is counted for Prometheus. Names and units are those that OpenMetrics wants; no label has more values than this
//! program has routes, codes and outcomes, however many keys there are.

mod page;

use std::time::Duration;

use keyward_core::Outcome;
use keyward_engine::Tick;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;

pub use self::page::router;

/// Upper bounds of a verification's time, in seconds: from 25 microseconds, which is what one takes.
const VERIFICATION_SECONDS: [f64; 16] = [
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];
/// Upper bounds of a request's time, in seconds.
const REQUEST_SECONDS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    verifications: Family<VerificationLabels, Counter>,
    verification_seconds: Histogram,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    secrets: Gauge,
    revision: Gauge,
    lease_age: Gauge<f64, std::sync::atomic::AtomicU64>,
    holds_lease: Gauge,
    journal_lag: Gauge,
    journal_lost: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerificationLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("keyward");
        let metrics = Self {
            verifications: Family::default(),
            verification_seconds: Histogram::new(VERIFICATION_SECONDS),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(REQUEST_SECONDS)),
            secrets: Gauge::default(),
            revision: Gauge::default(),
            lease_age: Gauge::default(),
            holds_lease: Gauge::default(),
            journal_lag: Gauge::default(),
            journal_lost: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("verifications", "Verifications, by what they came to", metrics.verifications.clone());
        let seconds = Unit::Seconds;
        let help = "How long verifications took, from the body that was read to the answer";
        registry.register_with_unit(
            "verification_duration",
            help,
            seconds.clone(),
            metrics.verification_seconds.clone(),
        );
        registry.register("http_requests", "Requests, by route and status", metrics.requests.clone());
        let help = "How long requests took, by route";
        registry.register_with_unit("http_request_duration", help, seconds.clone(), metrics.request_seconds.clone());
        registry.register("index_secrets", "Secrets of keys that are known from memory", metrics.secrets.clone());
        registry.register("index_revision", "The change up to which all is known", metrics.revision.clone());
        let help = "How long ago the last round began that the answers of this node rest on";
        registry.register_with_unit("lease_age", help, seconds, metrics.lease_age.clone());
        registry.register("lease_held", "Whether this node may answer: 1 or 0", metrics.holds_lease.clone());
        let help = "Verifications that are in the journal and not in the database yet";
        registry.register("journal_lag", help, metrics.journal_lag.clone());
        let help = "Verifications that could not be counted since the start";
        registry.register("journal_lost", help, metrics.journal_lost.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Counts a verification, and the time that it took.
    pub fn count_verification(&self, outcome: &Outcome, took: Duration) {
        self.verifications.get_or_create(&VerificationLabels { outcome: name_of(outcome) }).inc();
        self.verification_seconds.observe(took.as_secs_f64());
    }

    /// Counts a request, and the time that it took. The route is the pattern of the path; empty where there is none.
    pub fn count_request(&self, method: &http::Method, route: &str, status: u16, took: Duration) {
        let method = known_method(method);
        let route = if route.is_empty() { "none" } else { route };
        self.requests.get_or_create(&RequestLabels { method, route: route.to_owned(), status }).inc();
        let labels = RouteLabels { method, route: route.to_owned() };
        self.request_seconds.get_or_create(&labels).observe(took.as_secs_f64());
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

/// What a verification came to, in the words of its code.
const fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Invalid => "invalid",
        Outcome::WrongApi => "wrong_api",
        Outcome::Revoked => "revoked",
        Outcome::Disabled => "disabled",
        Outcome::OwnerSuspended => "owner_suspended",
        Outcome::Expired => "expired",
        Outcome::IpNotAllowed => "ip_not_allowed",
        Outcome::InsufficientScope(_) => "insufficient_scope",
        Outcome::Verified => "verified",
    }
}

/// The methods that there are; whatever else people send is one.
fn known_method(method: &http::Method) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| method.as_str() == *known)
        .unwrap_or("other")
}
