//! Whole bodies: cut off, no JSON, no object, not UTF-8, of another content type.

use axum::body::Body;

use super::given::Given;
use super::held::{Held, MARK, Wanted};
use super::operations::with_body;
use crate::support::TestApp;

/// Bodies that no operation reads, whatever it takes.
fn malformed(good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let inside = |text: &str| format!("{{\"x\":{text}}}").into_bytes();
    let cut = &good[..good.len() - 1];
    vec![
        ("cut off", cut.as_bytes().to_vec()),
        ("followed by another", format!("{good}{good}").into_bytes()),
        ("followed by a word", format!("{good} {MARK}").into_bytes()),
        ("a comma too many", format!("{cut},}}").into_bytes()),
        ("no JSON", MARK.as_bytes().to_vec()),
        ("white space", b" \n".to_vec()),
        ("null", b"null".to_vec()),
        ("text", format!("\"{MARK}\"").into_bytes()),
        ("NaN", inside("NaN")),
        ("a number beyond all", inside("1e999")),
        ("a bare NUL", b"{\"x\":\"\0\"}".to_vec()),
        ("half a surrogate pair", inside("\"\\ud800\"")),
        ("bytes that are not UTF-8", b"{\"x\":\"\xff\xfe\"}".to_vec()),
        ("an overlong slash", b"{\"x\":\"\xc0\xaf\"}".to_vec()),
        ("a byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("nested 17 deep", inside(&format!("{}{}", "[".repeat(16), "]".repeat(16)))),
        ("nested without end", inside(&"[".repeat(60_000))),
    ]
}

#[tokio::test]
async fn what_is_not_a_json_object_is_refused() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let mut faults = Vec::new();
    for (operation, _) in with_body() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        let wanted = Wanted { codes: &["BODY_MALFORMED"], ..Wanted::default() };
        for (what, bytes) in malformed(&base.body.to_string()) {
            held.refuse(what, given.json(&operation, &base, bytes), &wanted).await;
        }
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn what_says_that_it_is_no_json_is_refused() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let mut faults = Vec::new();
    for (operation, _) in with_body() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        let wanted = Wanted { codes: &["CONTENT_TYPE_UNSUPPORTED"], ..Wanted::default() };
        let types: &[&[u8]] = &[
            b"text/plain",
            b"application/x-www-form-urlencoded",
            b"application/jsonp",
            b"application/json-seq",
            b"application/merge-patch+json",
            b"multipart/form-data; boundary=a",
            b"json",
            b"",
            b"application/\xff",
        ];
        for kind in types {
            let request = given.request(&operation.method, &base.address()).header("content-type", *kind);
            let request = request.body(Body::from(base.body.to_string())).unwrap();
            held.refuse(&String::from_utf8_lossy(kind), request, &wanted).await;
        }
        let request = given.request(&operation.method, &base.address()).body(Body::from(base.body.to_string()));
        held.refuse("no content type", request.unwrap(), &wanted).await;
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn an_absent_body_is_as_good_as_an_empty_object() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    for (operation, body) in with_body() {
        let base = given.base(&operation).await;
        let absent = given.request(&operation.method, &base.address()).body(Body::empty()).unwrap();
        let absent = given.app.send(absent).await;
        let empty = given.app.send(given.json(&operation, &base, "{}")).await;
        let name = operation.name();
        assert_eq!((absent.status, absent.message()), (empty.status, empty.message()), "{name}");
        // One of two members, which no list of those that must be there can tell.
        let needs_one = operation.path == "/api/v1/api_keys/explain";
        let needs = needs_one || body.members.values().any(|member| member.is_required);
        assert_eq!(absent.status == 400, needs, "{name}: {absent}");
        if needs {
            assert_eq!(absent.error(), "FIELD_MISSING", "{name}");
        }
    }
}

#[tokio::test]
async fn a_content_type_may_have_parameters_and_capital_letters() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    for (operation, _) in with_body() {
        for kind in ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=\"y\""] {
            let base = given.base(&operation).await;
            let request = given.request(&operation.method, &base.address()).header("content-type", kind);
            let reply = given.app.send(request.body(Body::from(base.body.to_string())).unwrap()).await;
            assert!((200..300).contains(&reply.status), "{}, {kind}: {reply}", operation.name());
        }
    }
}
