use std::fmt;
use std::sync::mpsc;
use std::thread;

use http::Method;
use prometheus_client::encoding::text::encode;

use super::*;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

fn page(metrics: &Metrics) -> String {
    let mut text = String::new();
    encode(&mut text, &metrics.registry).unwrap();
    text
}

/// The value of a series.
fn value(page: &str, series: &str) -> f64 {
    let found = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{series} is not on {page}")).parse().unwrap()
}

/// The counts of a histogram's buckets, each with those below it; `labels` are those beside `le`.
fn buckets(page: &str, name: &str, labels: &str) -> Vec<f64> {
    let of = |line: &str| line.starts_with(&format!("{name}_bucket{{")) && line.contains(labels);
    page.lines().filter(|line| of(line)).map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect()
}

#[test]
fn whoever_counts_at_the_same_time_loses_nothing() {
    const EACH: u32 = 20_000;
    let metrics = Metrics::default();
    let outcomes = [Outcome::Verified, Outcome::Invalid, Outcome::InsufficientScope(Vec::new())];
    thread::scope(|scope| {
        for turn in 0..8_u32 {
            let (metrics, outcome) = (&metrics, &outcomes[turn as usize % 3]);
            scope.spawn(move || {
                for at in 0..EACH {
                    metrics.count_verification(outcome, Duration::from_micros(30));
                    // New routes and statuses, while others count what they know.
                    let (route, status) = (format!("/{}", at % 40), 200 + u16::try_from(at % 3).unwrap());
                    metrics.count_request(&Method::GET, &route, status, Duration::from_millis(3));
                }
            });
        }
        // Each page is one that was true.
        for _ in 0..20 {
            let page = page(&metrics);
            let name = "keyward_verification_duration_seconds";
            assert_eq!(Some(&value(&page, &format!("{name}_count"))), buckets(&page, name, "").last());
        }
    });
    let page = page(&metrics);
    let all = f64::from(8 * EACH);
    for (outcome, threads) in [("verified", 3), ("invalid", 3), ("insufficient_scope", 2), ("expired", 0)] {
        let series = format!("keyward_verifications_total{{outcome=\"{outcome}\"}}");
        assert_eq!(value(&page, &series), f64::from(threads * EACH));
    }
    let name = "keyward_verification_duration_seconds";
    assert_eq!((value(&page, &format!("{name}_count")), value(&page, &format!("{name}_sum"))), (all, all * 0.000_03));
    let of_requests = page.lines().filter(|line| line.starts_with("keyward_http_requests_total{"));
    let counts: Vec<f64> = of_requests.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().sum::<f64>()), (120, all));
    let name = "keyward_http_request_duration_seconds";
    let of_route = r#"method="GET",route="/7""#;
    assert_eq!(value(&page, &format!("{name}_count{{{of_route}}}")), all / 40.0);
    assert_eq!(buckets(&page, name, of_route)[2..4], [0.0, all / 40.0]);
}

#[test]
fn a_bound_belongs_to_what_is_below_it_and_what_is_above_all_is_counted() {
    let metrics = Metrics::default();
    for micros in [0, 25, 26, 50, 2_500_000, 2_500_001, 9_000_000] {
        metrics.count_verification(&Outcome::Invalid, Duration::from_micros(micros));
    }
    let page = page(&metrics);
    let name = "keyward_verification_duration_seconds";
    for (bound, count) in [("0.000025", 2.0), ("0.00005", 4.0), ("1.0", 4.0), ("2.5", 5.0), ("+Inf", 7.0)] {
        assert_eq!(value(&page, &format!("{name}_bucket{{le=\"{bound}\"}}")), count, "{bound}");
    }
    assert_eq!((value(&page, &format!("{name}_count")), buckets(&page, name, "").len()), (7.0, 17));
}

#[test]
fn each_outcome_has_its_own_count_from_the_start() {
    let outcomes = [
        (Outcome::Invalid, "invalid"),
        (Outcome::WrongApi, "wrong_api"),
        (Outcome::Revoked, "revoked"),
        (Outcome::Disabled, "disabled"),
        (Outcome::OwnerSuspended, "owner_suspended"),
        (Outcome::Expired, "expired"),
        (Outcome::IpNotAllowed, "ip_not_allowed"),
        (Outcome::InsufficientScope(Vec::new()), "insufficient_scope"),
        (Outcome::Verified, "verified"),
    ];
    let metrics = Metrics::default();
    for (outcome, name) in &outcomes {
        let series = format!("keyward_verifications_total{{outcome=\"{name}\"}}");
        assert_eq!(value(&page(&metrics), &series), 0.0);
        metrics.count_verification(outcome, Duration::ZERO);
        assert_eq!(value(&page(&metrics), &series), 1.0);
    }
}

#[test]
fn what_is_no_method_is_counted_as_one() {
    let metrics = Metrics::default();
    for method in ["GET", "get", "PURGE", "TRACE"] {
        metrics.count_request(&Method::from_bytes(method.as_bytes()).unwrap(), "/", 405, Duration::ZERO);
    }
    let page = page(&metrics);
    let count = |method| {
        value(&page, &format!("keyward_http_requests_total{{method=\"{method}\",route=\"/\",status=\"405\"}}"))
    };
    assert_eq!((count("GET"), count("other")), (1.0, 3.0));
}

/// A page that is stuck wherever it is written. While it is, this counts whatever a request counts.
struct Stuck<'a>(&'a Metrics);

impl fmt::Write for Stuck<'_> {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        self.0.count_verification(&Outcome::Verified, Duration::ZERO);
        self.0.count_request(&Method::POST, "/known", 200, Duration::ZERO);
        self.0.count_request(&Method::POST, "/new", 200, Duration::ZERO);
        for shed in [&self.0.shed.verifications, &self.0.shed.requests, &self.0.shed.requests_per_caller] {
            shed.inc();
        }
        self.0.connections.open.inc();
        Ok(())
    }
}

/// A lock that the page held would be waited for by its own thread, and for good.
#[test]
fn a_page_that_is_stuck_keeps_nobody_from_counting() {
    // The page is written in pieces of 4 KiB: so each line is one, and whatever writes it is in the midst of it.
    let prefix = "k".repeat(4096);
    let (done, written) = mpsc::channel();
    thread::spawn(move || {
        let metrics = Metrics::with_prefix(&"k".repeat(4096));
        metrics.count_request(&Method::POST, "/known", 200, Duration::ZERO);
        encode(&mut Stuck(&metrics), &metrics.registry).unwrap();
        done.send(page(&metrics)).unwrap();
    });
    let page = written.recv_timeout(PATIENCE).expect("counting waits for the page");
    let count = |route| {
        value(&page, &format!("{prefix}_http_requests_total{{method=\"POST\",route=\"{route}\",status=\"200\"}}"))
    };
    assert!(count("/known") > 60.0, "the page was written in {} pieces", count("/known"));
    assert_eq!(count("/known"), count("/new") + 1.0);
}
