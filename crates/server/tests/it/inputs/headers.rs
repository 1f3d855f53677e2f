//! Headers that operations read: too long, of other characters, twice.

use axum::body::Body;

use super::given::Given;
use super::held::{Held, Wanted};
use super::operations::{Operation, Parameter, Place, operations};
use crate::support::TestApp;

fn with_headers() -> Vec<(Operation, Vec<Parameter>)> {
    let each = operations().into_iter().map(|it| (it.clone(), it.parameters_in(Place::Header).cloned().collect()));
    let with_headers: Vec<(Operation, Vec<Parameter>)> =
        each.filter(|(_, own): &(_, Vec<_>)| !own.is_empty()).collect();
    assert!(with_headers.len() >= 2, "the document has moved, and little was read");
    with_headers
}

#[tokio::test]
async fn a_header_that_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let mut faults = Vec::new();
    for (operation, headers) in with_headers() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        for Parameter { name, .. } in headers {
            let wanted = Wanted { codes: &["FIELD_INVALID"], field: Some(name.clone()), rule: None };
            let (long, quoted) = ("Zq7".repeat(86), format!("\"{}\"", "a".repeat(256)));
            let values: [&[u8]; 8] = [
                b"",
                b"\"\"",
                b"Zq7\"Zq7",
                b"Zq7\\",
                "Zq7é".as_bytes(),
                b"Zq7\xff",
                long.as_bytes(),
                quoted.as_bytes(),
            ];
            let start = || {
                let request = given.request(&operation.method, &base.address());
                request.header("content-type", "application/json")
            };
            for value in values {
                let bad = start().header(&name, value).body(Body::from(base.body.to_string())).unwrap();
                held.refuse(&format!("{name} is {:.40}", String::from_utf8_lossy(value)), bad, &wanted).await;
            }
            let twice = start().header(&name, "a").header(&name, "a").body(Body::from(base.body.to_string())).unwrap();
            held.refuse(&format!("{name} is there twice"), twice, &wanted).await;
        }
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_header_that_just_keeps_its_limits_is_taken() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    for (operation, headers) in with_headers() {
        for Parameter { name, .. } in headers {
            for value in ["a".to_owned(), "b".repeat(255), format!("\"{}\"", "c".repeat(255)), "! ~".to_owned()] {
                let base = given.base(&operation).await;
                let request =
                    given.request(&operation.method, &base.address()).header("content-type", "application/json");
                let reply =
                    app.send(request.header(&name, value).body(Body::from(base.body.to_string())).unwrap()).await;
                assert!((200..300).contains(&reply.status), "{}: {reply}", operation.name());
            }
        }
    }
}
