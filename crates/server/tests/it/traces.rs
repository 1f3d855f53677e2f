//! Traces, as a collector gets them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::front::PATIENCE;
use crate::support::canary::Place;
use crate::support::{Actor, Reply, TestApp};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
/// Where secrets are searched for.
const COLLECTOR: &str = "what the collector got";
/// A span of the kind that serves (OTLP).
const SERVER: i32 = 2;

/// Takes spans by OTLP over HTTP.
#[derive(Clone, Default)]
struct Collector {
    requests: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

impl Collector {
    /// One that listens, and its address.
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let take = |State(collector): State<Self>, headers: HeaderMap, body: Bytes| async move {
            collector.requests.lock().unwrap().push((headers, body));
        };
        let router = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (collector, address)
    }

    /// Everything that came, once the app has ended its traces. What was sent is searched for secrets.
    async fn spans(&self, app: &TestApp) -> Vec<Span> {
        app.app.traces().unwrap().end().await;
        let mut spans = Vec::new();
        for (headers, body) in self.requests.lock().unwrap().iter() {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            app.search_in(COLLECTOR, [format!("{headers:?}").into_bytes(), body.to_vec()].concat());
            let exported = ExportTraceServiceRequest::decode(body.clone()).unwrap();
            for of_resource in exported.resource_spans {
                let resource = of_resource.resource.unwrap();
                assert_eq!(text(&resource.attributes, "service.name"), "keyward");
                spans.extend(of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        spans
    }
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    shown(attributes).into_iter().find(|(key, _)| key == name).unwrap_or_else(|| panic!("{name} is not there")).1
}

/// The attributes by their names.
fn shown(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let show = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let mut shown: Vec<_> = attributes.iter().map(|attribute| (attribute.key.clone(), show(attribute))).collect();
    shown.sort();
    shown
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn start(endpoint: &str, more: &str) -> TestApp {
    TestApp::start_with(&format!("otlp_endpoint = '{endpoint}'\n{more}")).await
}

/// Asks for something with a trace of its own.
async fn ask(app: &TestApp, actor: &Actor<'_>, path: &str, traceparent: &str) -> Reply {
    let request = actor.request(Method::GET, path).header("traceparent", traceparent);
    app.send(request.body(Default::default()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_has_a_span_below_that_of_its_caller_and_no_secret_in_it() {
    let (collector, endpoint) = Collector::start().await;
    let app = start(&endpoint, "otlp_sample_ratio = 0").await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let org = admin.makes_organization("Acme").await;
    let (_, secret) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    let request = admin
        .request(Method::POST, "/api/v1/api_keys/verify")
        .header("content-type", "application/json")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .header("tracestate", "vendor=1");
    let reply = app.send(request.body(json!({ "api_key": secret }).to_string().into()).unwrap()).await;
    assert_eq!(reply.body["is_valid"], true, "{reply}");

    let spans = collector.spans(&app).await;
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((span.name.as_str(), span.kind), ("POST /api/v1/api_keys/verify", SERVER));
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!((span.trace_state.as_str(), span.span_id.len()), ("vendor=1", 8));
    assert!(span.end_time_unix_nano > span.start_time_unix_nano);
    let attributes = [
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("http.route", "/api/v1/api_keys/verify"),
        ("keyward.outcome", "verified"),
        ("url.scheme", "http"),
    ];
    assert_eq!(shown(&span.attributes), attributes.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(span.events.is_empty() && span.status.as_ref().is_none_or(|status| status.code == 0), "{span:?}");
    let line = app.logged().lines().find(|line| line.contains(TRACE)).map(str::to_owned).unwrap();
    assert!(line.contains("request_id=") && line.contains("answered"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_has_spans_of_its_commit_and_no_id_stands_in_any() {
    let (collector, endpoint) = Collector::start().await;
    let app = start(&endpoint, "").await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    assert_eq!(admin.delete(&format!("/api/v1/apis/{api}?confirm=canary")).await.status, 400);
    assert_eq!(admin.get("/nowhere/at/all").await.status, 404);
    let spans = collector.spans(&app).await;
    let made = spans.iter().find(|span| span.name == "POST /api/v1/apis").unwrap();
    assert!(made.parent_span_id.is_empty() && made.trace_id.len() == 16);
    let mut below: Vec<_> =
        spans.iter().filter(|span| span.parent_span_id == made.span_id).map(|span| span.name.as_str()).collect();
    below.sort_unstable();
    assert_eq!(below, ["commit", "put in force"]);
    assert!(spans.iter().any(|span| span.name == "DELETE /api/v1/apis/{api_id}"), "{spans:?}");
    assert!(spans.iter().any(|span| span.name == "GET" && shown(&span.attributes).len() == 3), "{spans:?}");
    for (_, body) in collector.requests.lock().unwrap().iter() {
        let body = String::from_utf8_lossy(body);
        assert!([&*api, "canary", "nowhere"].iter().all(|part| !body.contains(part)), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_ours_is_an_error_and_a_refusal_is_none() {
    let (collector, endpoint) = Collector::start().await;
    let app = start(&endpoint, "").await;
    assert_eq!(app.anonymous().get("/api/v1/apis").await.status, 401);
    app.app.close().await;
    let reply = app.anonymous().get("/readyz").await;
    let spans = collector.spans(&app).await;
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (refused, failed) = (named("GET /api/v1/apis"), named("GET /readyz"));
    assert!(refused.status.as_ref().is_none_or(|status| status.code == 0), "{refused:?}");
    assert!(shown(&refused.attributes).iter().all(|(name, _)| name != "error.type"));
    assert_eq!(failed.status.as_ref().map(|status| status.code), Some(2));
    assert_eq!((reply.status, text(&failed.attributes, "error.type")), (503, reply.error().to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_with_a_trace_has_decided_whether_it_goes_on_here() {
    for (ratio, traced) in [("0", 1), ("1.0", 3)] {
        let (collector, endpoint) = Collector::start().await;
        let app = start(&endpoint, &format!("otlp_sample_ratio = {ratio}")).await;
        let nobody = app.anonymous();
        ask(&app, &nobody, "/healthz", &format!("00-{TRACE}-{PARENT}-00")).await;
        ask(&app, &nobody, "/healthz", &format!("00-{TRACE}-{PARENT}-01")).await;
        ask(&app, &nobody, "/healthz", "00-not-a-trace").await;
        nobody.get("/healthz").await;
        let spans = collector.spans(&app).await;
        let below = |parent: &str| spans.iter().filter(|span| hex(&span.parent_span_id) == parent).count();
        assert_eq!((spans.len(), below(PARENT), below("")), (traced, 1, traced - 1), "{spans:?}");
    }
}

/// What the caller says of the trace goes on with it, so that is a way to put a secret there.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_what_the_collector_gets_is_seen() {
    let (collector, endpoint) = Collector::start().await;
    let app = start(&endpoint, "").await;
    let admin = app.admin().await;
    let secret = admin.makes_environment_key(&["read:apis"], json!({})).await.token.unwrap();
    let request = app.anonymous().request(Method::GET, "/healthz");
    let request = request.header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
    app.send(request.header("tracestate", format!("a={secret}")).body(Default::default()).unwrap()).await;
    assert!(collector.spans(&app).await.iter().any(|span| span.trace_state.ends_with(&secret)));
    let leaks = app.into_leaks();
    assert!(leaks.iter().any(|hit| hit.place == Place::Other(COLLECTOR)), "{leaks:?}");
}

#[tokio::test]
async fn without_the_setting_nothing_of_it_runs() {
    let app = TestApp::start().await;
    let reply = ask(&app, &app.anonymous(), "/healthz", &format!("00-{TRACE}-{PARENT}-01")).await;
    assert_eq!((reply.status, app.app.traces().is_none()), (204, true));
    assert!(!app.logged().contains("trace_id"));
}

/// Nobody listens there, or somebody who never answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_or_silent_keeps_nobody_waiting() {
    /// More than are delivered at a time.
    const ASKED: usize = 600;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = [gone.local_addr().unwrap(), silent.local_addr().unwrap()];
    drop(gone);
    for address in addresses {
        let app = start(&format!("http://{address}"), "").await;
        let begun = Instant::now();
        for _ in 0..ASKED {
            assert_eq!(app.anonymous().get("/healthz").await.status, 204);
        }
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        let ended = timeout(PATIENCE, app.app.traces().unwrap().end()).await;
        assert!(ended.is_ok(), "the end waits for the collector");
        assert_eq!(app.anonymous().get("/healthz").await.status, 204);
    }
    let app = TestApp::start().await;
    assert_eq!(app.logged().matches("traces cannot be delivered").count(), addresses.len(), "one line for each");
}
