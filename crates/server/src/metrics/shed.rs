//! Connections, and what was turned away since there was no place.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BoundLabels {
    bound: &'static str,
}

/// What is counted of connections. Counting takes no lock, and cloning counts on.
#[derive(Clone, Debug, Default)]
pub struct ConnectionCounts {
    /// Those that are open.
    pub(crate) open: Gauge,
    /// Those that were closed at once, since all places were those of people who are being answered.
    pub(crate) shed: Counter,
}

/// Requests that were told that there is no place, by the bound that they met. Counting takes no lock, and cloning counts
/// on.
#[derive(Clone, Debug)]
pub(crate) struct ShedRequests {
    /// By `max_verifications`.
    pub(crate) verifications: Counter,
    /// By `max_requests`.
    pub(crate) requests: Counter,
    /// By `max_requests_per_caller`.
    pub(crate) requests_per_caller: Counter,
}

/// Has these told on the page.
pub(super) fn register(registry: &mut Registry) -> (ConnectionCounts, ShedRequests) {
    let shed = Family::<BoundLabels, Counter>::default();
    // Made here once: from then on only the page looks into the family, behind its lock.
    let by = |bound| shed.get_or_create_owned(&BoundLabels { bound });
    let connections = ConnectionCounts { open: Gauge::default(), shed: by("connections") };
    let requests = ShedRequests {
        verifications: by("verifications"),
        requests: by("requests"),
        requests_per_caller: by("requests_per_caller"),
    };
    registry.register("http_connections", "Connections that are open", connections.open.clone());
    let help = "Requests and connections that were turned away since there was no place, by the bound that they met";
    registry.register("http_shed", help, shed);
    (connections, requests)
}
