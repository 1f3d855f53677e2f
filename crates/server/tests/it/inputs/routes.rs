//! The router and the document, side by side: what is served stands in the document or in a short list, and what stands
//! there is served.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use axum::http::Method;

use super::given::Given;
use super::operations::operations;
use crate::support::TestApp;

/// What is served and is no operation of the API.
const UNDOCUMENTED: &[(&str, &str)] = &[
    ("/.well-known/jwks.json", "another name of /.well-known/jwks"),
    ("/.well-known/oauth-authorization-server", "another name of /.well-known/openid-configuration"),
    ("/docs", "leads to the page"),
    ("/docs/", "the document for people"),
    ("/docs/errors/{code}", "what an error code means"),
    ("/docs/{*file}", "the files of that page"),
    ("/metrics", "on a listener of its own"),
    ("/openapi.json", "the document itself"),
    ("/setup/{code}", "the page of the setup link"),
];

/// Other ways into a router. Where one is used, this test has to learn of it.
const OTHER_WAYS: &[&str] =
    &[".nest(", ".nest_service(", ".route_service(", ".fallback_service(", ".method_routes(", ".routes_from("];

/// The methods that a probe tries.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

/// The calls of `.route("...` in a source text, each with its address.
fn routes_of(source: &str) -> Vec<String> {
    let calls = source.split(".route(").skip(1);
    calls
        .map(|rest| rest.trim_start().trim_start_matches('"').split('"').next().unwrap_or_default().to_owned())
        .collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, all: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                all.push((path, text));
            }
        }
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut all = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        walk(&entry.unwrap().path().join("src"), &mut all);
    }
    assert!(all.len() > 100, "the sources have moved, and little was read");
    all
}

/// `routes!` puts an operation into the document and the router at once. So whatever else makes a route is undocumented.
#[test]
fn a_route_is_documented_or_stands_in_the_list() {
    let mut found = BTreeSet::new();
    for (path, source) in sources() {
        for address in routes_of(&source) {
            assert!(found.insert(address.clone()), "{address} is served twice");
            assert!(address.starts_with('/'), "{}: a route whose address is no literal", path.display());
        }
        for way in OTHER_WAYS {
            assert!(!source.contains(way), "{}: {way}", path.display());
        }
    }
    assert_eq!(found, UNDOCUMENTED.iter().map(|(address, _)| (*address).to_owned()).collect());
}

#[test]
fn a_route_in_a_source_is_seen() {
    let source = "Router::new().route(\"/a\", get(a))\n    .route(\n \"/b/{c}\", post(b))";
    assert_eq!(routes_of(source), ["/a", "/b/{c}"]);
}

#[tokio::test]
async fn what_the_document_has_is_served_by_these_methods_and_no_others() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations() {
        documented.entry(operation.path.clone()).or_default().insert(operation.method.to_string());
    }
    for (path, mut methods) in documented {
        if methods.contains("GET") {
            methods.insert("HEAD".into());
        }
        // No id is named by a zero: what is found is the route.
        let address = path.replace(['{', '}'], "");
        for method in METHODS {
            let reply = given.admin.call(Method::from_bytes(method.as_bytes()).unwrap(), &address, None).await;
            let what = format!("{method} {path}: {reply}");
            assert!(reply.error() != "ROUTE_NOT_FOUND", "{what}");
            assert_eq!(reply.status == 405, !methods.contains(*method), "{what}");
            if reply.status == 405 {
                let allowed: BTreeSet<String> =
                    reply.header("allow").split(',').map(|it| it.trim().to_owned()).collect();
                assert_eq!(allowed, methods, "{what}");
                assert!(reply.error() == "METHOD_NOT_ALLOWED" || *method == "HEAD", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_near_a_route_is_none() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    for operation in operations() {
        let base = given.base(&operation).await;
        for near in [
            format!("{}/", base.path),
            format!("/{}", base.path),
            base.path.to_uppercase(),
            format!("{}/nothing/more/of/it", base.path),
        ] {
            let reply = given.admin.call(operation.method.clone(), &near, None).await;
            assert_eq!((reply.status, reply.error()), (404, "ROUTE_NOT_FOUND"), "{} {near}", operation.method);
        }
    }
}
