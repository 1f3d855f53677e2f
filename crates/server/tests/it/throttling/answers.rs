//! What a 429 looks like.

use insta::assert_snapshot;
use sfv::{BareItem, List, ListEntry, Parser};

use super::{TIGHT, ask, call, client};
use crate::support::{Reply, TestApp};

/// The name and the integers of each policy, read as RFC 9651 says.
fn read(reply: &Reply, name: &str) -> Vec<(String, Vec<(String, i64)>)> {
    let list: List = Parser::new(reply.header(name)).parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let each = list.iter().map(|entry| {
        let ListEntry::Item(item) = entry else { panic!("{entry:?}") };
        let BareItem::String(policy) = &item.bare_item else { panic!("{item:?} is no String") };
        let numbers = item.params.iter().map(|(key, value)| match value {
            BareItem::Integer(number) => (key.to_string(), i64::from(*number)),
            other => panic!("{other:?} is no Integer"),
        });
        (policy.as_str().to_owned(), numbers.collect())
    });
    each.collect()
}

fn limits(reply: &Reply) -> String {
    let names = ["ratelimit", "ratelimit-policy", "ratelimit-reset", "retry-after"];
    names.map(|name| format!("{name}: {}\n", reply.header(name))).concat()
}

#[tokio::test]
async fn at_the_token_endpoint_it_has_the_shape_of_rfc_6749() {
    let app = TestApp::start_with(TIGHT).await;
    for _ in 0..3 {
        ask(&app, "198.51.100.7", "victim", "wrong").await;
    }
    let told = ask(&app, "198.51.100.7", "victim", "wrong").await;
    assert_eq!(told.header("pragma"), "no-cache");
    assert_snapshot!(format!("{}{told}", limits(&told)), @r#"
    ratelimit: "failures-by-address";r=0;t=20, "failures-by-client";r=0;t=20
    ratelimit-policy: "failures-by-address";q=3;w=60, "failures-by-client";q=3;w=60
    ratelimit-reset: 20
    retry-after: 20
    429
    cache-control: no-store
    retry-after: 20

    {
      "error": "temporarily_unavailable",
      "error_description": "Too many credentials were wrong. Wait as long as Retry-After says."
    }
    "#);
}

#[tokio::test]
async fn for_too_many_tokens_it_says_so() {
    let app = TestApp::start_with(TIGHT).await;
    let (id, secret) = client(&app.admin().await).await;
    for _ in 0..3 {
        ask(&app, "198.51.100.7", &id, &secret).await;
    }
    let told = ask(&app, "198.51.100.7", &id, &secret).await;
    assert_snapshot!(format!("{}{told}", limits(&told)), @r#"
    ratelimit: "tokens-by-client";r=0;t=20
    ratelimit-policy: "tokens-by-client";q=3;w=60
    ratelimit-reset: 20
    retry-after: 20
    429
    cache-control: no-store
    retry-after: 20

    {
      "error": "temporarily_unavailable",
      "error_description": "The client asks for too many tokens. Use each until it expires, and wait as long as Retry-After says."
    }
    "#);
}

#[tokio::test]
async fn on_the_management_api_it_has_kindes_shape() {
    let app = TestApp::start_with(TIGHT).await;
    for _ in 0..3 {
        call(&app, "198.51.100.7", "garbage").await;
    }
    let told = call(&app, "198.51.100.7", "garbage").await;
    assert_snapshot!(format!("{}{told}", limits(&told)), @r#"
    ratelimit: "failures-by-address";r=0;t=20
    ratelimit-policy: "failures-by-address";q=3;w=60
    ratelimit-reset: 20
    retry-after: 20
    429
    cache-control: no-store
    retry-after: 20

    {
      "errors": [
        {
          "code": "RATE_LIMITED",
          "message": "Too many credentials were wrong. Wait as long as Retry-After says."
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn its_fields_are_structured_and_nobody_is_told_to_come_back_too_early() {
    let app = TestApp::start_with(TIGHT).await;
    for _ in 0..3 {
        ask(&app, "198.51.100.7", "victim", "wrong").await;
    }
    let told = ask(&app, "198.51.100.7", "victim", "wrong").await;
    let (limits, policies) = (read(&told, "ratelimit"), read(&told, "ratelimit-policy"));
    let names = |list: &[(String, _)]| list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&limits), ["failures-by-address", "failures-by-client"]);
    assert_eq!(names(&limits), names(&policies));
    let retry_after: i64 = told.header("retry-after").parse().unwrap();
    for (name, numbers) in &limits {
        assert_eq!(numbers[0], ("r".to_owned(), 0), "{name}");
        assert!(numbers[1].0 == "t" && (1..=retry_after).contains(&numbers[1].1), "{name}");
    }
    for (name, numbers) in &policies {
        assert_eq!(*numbers, [("q".to_owned(), 3), ("w".to_owned(), 60)], "{name}");
    }
    assert_eq!(told.header("ratelimit-reset"), told.header("retry-after"));
}

#[tokio::test]
async fn other_answers_tell_nothing_of_the_budgets() {
    let app = TestApp::start_with(TIGHT).await;
    let (id, secret) = client(&app.admin().await).await;
    let replies = [
        ask(&app, "198.51.100.7", &id, &secret).await,
        ask(&app, "198.51.100.7", &id, "wrong").await,
        call(&app, "198.51.100.7", "garbage").await,
    ];
    for reply in replies {
        assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("ratelimit")), "{reply}");
    }
}
