//! Requests, by route and status, and how long they took by route.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use papaya::HashMap;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::metrics::times::Times;

/// Upper bounds of a request's time.
const BOUNDS: [Duration; 12] = [
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

/// The methods that there are; whatever else people send is the last.
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"];

/// What is counted of requests, without a lock. As many routes and statuses come to stand here as this program has.
#[derive(Debug)]
pub(super) struct Requests {
    /// In the order of [`METHODS`].
    by_method: [HashMap<Box<str>, Route>; METHODS.len()],
}

/// What is counted of a route by one method.
#[derive(Debug)]
struct Route {
    by_status: HashMap<u16, AtomicU64>,
    times: Times,
}

impl Requests {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { by_method: Default::default() }
    }

    /// Counts one. The route is the pattern of its path, never the path itself.
    pub(super) fn count(&self, method: &http::Method, route: &str, status: u16, took: Duration) {
        let known = METHODS.iter().position(|known| method.as_str() == *known);
        let routes = self.by_method[known.unwrap_or(METHODS.len() - 1)].pin();
        let found = match routes.get(route) {
            Some(found) => found,
            None => routes.get_or_insert_with(route.into(), Route::new),
        };
        found.by_status.pin().get_or_insert_with(status, AtomicU64::default).fetch_add(1, Ordering::Relaxed);
        found.times.observe(took);
    }
}

impl Route {
    fn new() -> Self {
        Self { by_status: HashMap::new(), times: Times::new(&BOUNDS) }
    }
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests, by route and status";
        let mut counters = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        for (method, routes) in METHODS.iter().zip(&self.by_method) {
            for (route, counted) in &routes.pin() {
                for (status, count) in &counted.by_status.pin() {
                    let (status, count) = (status.to_string(), count.load(Ordering::Relaxed));
                    let labels = [("method", *method), ("route", route), ("status", &status)];
                    counters.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
                }
            }
        }
        let help = "How long requests took, by route";
        let (name, unit) = ("http_request_duration", Some(&Unit::Seconds));
        let mut times = encoder.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        for (method, routes) in METHODS.iter().zip(&self.by_method) {
            for (route, counted) in &routes.pin() {
                counted.times.encode(&mut times.encode_family(&[("method", *method), ("route", route)])?)?;
            }
        }
        Ok(())
    }
}
