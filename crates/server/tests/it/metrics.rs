//! What Prometheus reads.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use keyward_server::metrics;
use serde_json::json;
use tower::ServiceExt;

use crate::support::canary::Place;
use crate::support::{Actor, Reply, TestApp};

async fn page(app: &TestApp) -> String {
    let request = Request::builder().uri("/metrics").body(Body::empty()).unwrap();
    let reply = Reply::read(metrics::router(&app.app).oneshot(request).await.unwrap()).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    String::from_utf8(reply.bytes).unwrap()
}

/// The value of a series.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// Everything but the values.
fn series(page: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

async fn makes_key(admin: &Actor<'_>, name: usize) -> String {
    let api = admin.management_api().await;
    let body =
        json!({ "name": format!("Key {name}"), "type": "environment", "api_id": api, "scope_ids": ["read:apis"] });
    admin.makes_key(body).await.1
}

async fn shop(app: &TestApp) -> (Actor<'_>, String, String) {
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let org = admin.makes_organization("Acme").await;
    let (id, secret) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    (admin, id, secret)
}

#[tokio::test]
async fn verifications_are_counted_by_what_they_came_to() {
    let app = TestApp::start().await;
    let (admin, id, secret) = shop(&app).await;
    for _ in 0..3 {
        admin.verify(&secret, json!({})).await;
    }
    admin.verify("garbage", json!({})).await;
    admin.verify(&secret, json!({ "scopes": ["read:orders"] })).await;
    assert_eq!(admin.delete(&format!("/api/v1/api_keys/{id}")).await.status, 200);
    admin.verify(&secret, json!({})).await;
    let page = page(&app).await;
    for (outcome, count) in [("verified", 3.0), ("invalid", 1.0), ("insufficient_scope", 1.0), ("revoked", 1.0)] {
        let series = format!("keyward_verifications_total{{outcome=\"{outcome}\"}}");
        assert_eq!(value(&page, &series), Some(count), "{page}");
    }
    assert_eq!(value(&page, "keyward_verification_duration_seconds_count"), Some(6.0));
    assert!(page.contains("keyward_verification_duration_seconds_bucket{le=\"0.000025\"}"), "{page}");
    assert!(page.ends_with("# EOF\n"));
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let app = TestApp::start().await;
    let (admin, id, _) = shop(&app).await;
    for _ in 0..2 {
        admin.get(&format!("/api/v1/api_keys/{id}")).await;
    }
    admin.get("/api/v1/api_keys/nothing").await;
    admin.get("/nowhere/at/all").await;
    let page = page(&app).await;
    let count = |route: &str, status| {
        value(&page, &format!("keyward_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}"))
    };
    assert_eq!(count("/api/v1/api_keys/{key_id}", 200), Some(2.0), "{page}");
    assert_eq!((count("/api/v1/api_keys/{key_id}", 404), count("none", 404)), (Some(1.0), Some(1.0)));
    assert!(!page.contains(&id) && !page.contains("nowhere"), "{page}");
    let took = "keyward_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/api_keys/{key_id}\"}";
    assert_eq!(value(&page, took), Some(3.0));
}

#[tokio::test]
async fn what_is_in_memory_and_in_the_journal_is_told() {
    let app = TestApp::start().await;
    let (admin, _, secret) = shop(&app).await;
    let before = page(&app).await;
    assert_eq!((value(&before, "keyward_index_secrets"), value(&before, "keyward_lease_held")), (Some(1.0), Some(1.0)));
    assert_eq!(value(&before, "keyward_index_revision").map(|at| at as i64), Some(app.revision().await));
    assert_eq!(value(&before, "keyward_journal_lag"), Some(0.0));
    for _ in 0..2 {
        admin.verify(&secret, json!({})).await;
    }
    app.advance(Duration::from_secs(7));
    let behind = page(&app).await;
    assert_eq!(
        (value(&behind, "keyward_journal_lag"), value(&behind, "keyward_lease_age_seconds")),
        (Some(2.0), Some(7.0))
    );
    app.fold().await;
    std::fs::remove_dir_all(app.folder().join("journal")).unwrap();
    let folded = page(&app).await;
    assert_eq!((value(&folded, "keyward_journal_lag"), value(&folded, "keyward_journal_lost")), (Some(0.0), Some(0.0)));
}

#[tokio::test]
async fn more_keys_are_no_more_series() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let use_one = async |name: usize| {
        let secret = makes_key(&admin, name).await;
        admin.verify(&secret, json!({})).await;
        assert_eq!(app.bearer(&secret).get("/api/v1/apis").await.status, 200);
    };
    use_one(0).await;
    let few = series(&page(&app).await);
    for name in 1..30 {
        use_one(name).await;
    }
    assert_eq!(series(&page(&app).await), few);
    assert!(few.len() > 50, "{few:?}");
}

#[tokio::test]
async fn the_page_is_nowhere_else_and_nothing_else_is_there() {
    let app = TestApp::start().await;
    assert_eq!(app.admin().await.get("/metrics").await.status, 404);
    for path in ["/", "/api/v1/apis", "/healthz"] {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let reply = metrics::router(&app.app).oneshot(request).await.unwrap();
        assert_eq!(reply.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn each_metric_stands_on_the_page_for_operators_with_its_kind_and_no_other_does() {
    const OPERATIONS: &str = include_str!("../../../../docs/operations.md");
    let app = TestApp::start().await;
    let (admin, _, secret) = shop(&app).await;
    admin.verify(&secret, json!({})).await;
    let page = page(&app).await;
    let families: BTreeSet<(String, String)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| {
            (if kind == "counter" { format!("{name}_total") } else { name.to_owned() }, kind.to_owned())
        })
        .collect();
    let rows = OPERATIONS.lines().filter_map(|line| line.strip_prefix("| `keyward_")?.split_once("` | "));
    let documented: BTreeSet<_> =
        rows.map(|(name, rest)| (format!("keyward_{name}"), rest.split(' ').next().unwrap().to_owned())).collect();
    assert_eq!(families, documented);
}

#[tokio::test]
async fn a_secret_on_the_page_is_seen() {
    let app = TestApp::start().await;
    let (_, _, secret) = shop(&app).await;
    app.app.metrics.count_request(&axum::http::Method::GET, &secret, 200, Duration::ZERO);
    let leaks = app.into_leaks();
    assert!(leaks.iter().any(|hit| hit.place == Place::Metrics), "{leaks:?}");
}
