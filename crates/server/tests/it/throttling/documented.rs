//! What `docs/throttling.md` says is so.

use super::{ask, call};
use crate::support::{Reply, TestApp};

const PAGE: &str = include_str!("../../../../../docs/throttling.md");

/// An answer as it stands in the page.
fn written(reply: &Reply) -> String {
    let mut text = "HTTP/1.1 429 Too Many Requests\n".to_owned();
    for name in ["content-type", "ratelimit", "ratelimit-policy", "ratelimit-reset", "retry-after"] {
        text += &format!("{name}: {}\n", reply.header(name));
    }
    format!("```http\n{text}\n{}\n```", String::from_utf8_lossy(&reply.bytes))
}

#[tokio::test]
async fn the_page_shows_the_answers_as_they_are() {
    let app = TestApp::start().await;
    let mut shown = Vec::new();
    for guess in 0..121_u8 {
        shown = vec![ask(&app, &format!("198.51.100.{guess}"), "victim", "wrong").await];
    }
    for _ in 0..601 {
        shown.truncate(1);
        shown.push(call(&app, "203.0.113.9", "garbage").await);
    }
    for reply in shown {
        assert!(PAGE.contains(&written(&reply)), "the page lacks\n{}", written(&reply));
    }
    assert_eq!(PAGE.matches("```http").count(), 2);
}

#[test]
fn the_page_names_each_budget_with_its_setting_and_its_default() {
    let defaults = include_str!("../../../src/config.default.toml");
    for (policy, setting) in [
        ("failures-by-address", "failures_per_address_per_minute"),
        ("failures-by-client", "failures_per_client_per_minute"),
        ("tokens-by-client", "tokens_per_client_per_minute"),
    ] {
        let line = defaults.lines().find_map(|line| line.strip_prefix(setting)?.strip_prefix(" = ")).unwrap();
        let row = PAGE.lines().find(|row| row.starts_with(&format!("| `{policy}`"))).unwrap();
        assert!(row.contains(&format!("| `{setting}` | {line} |")), "{row}");
    }
}
