//! `docs/errors.md`: a section for each code, and each example played.

mod given;
mod page;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use keyward_wire::ErrorCode;
use keyward_wire::oauth::OAuthErrorCode;
use serde_json::Value;

use crate::support::{Reply, TestApp};
use given::Given;
use page::{Example, Section, sections};

const PAGE: &str = include_str!("../../../../../docs/errors.md");

/// What the page lacks, and what it has too much.
fn wrong_sections(sections: &[Section]) -> Vec<String> {
    let codes =
        ErrorCode::ALL.iter().map(|code| code.as_str()).chain(OAuthErrorCode::ALL.iter().map(|code| code.as_str()));
    let codes: BTreeSet<&str> = codes.collect();
    let mut wrong: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for section in sections {
        if !codes.contains(section.code.as_str()) {
            wrong.push(format!("there is no code {}", section.code));
        }
        if !seen.insert(section.code.as_str()) {
            wrong.push(format!("{} stands twice", section.code));
        }
        if section.text.len() < 20 || section.examples.is_empty() {
            wrong.push(format!("{} has no meaning or no example", section.code));
        }
    }
    wrong.extend(codes.difference(&seen).map(|code| format!("{code} has no section")));
    wrong
}

/// What differs between an example and the answer to it.
fn difference(code: &str, example: &Example, reply: &Reply) -> Option<String> {
    let reason = StatusCode::from_u16(reply.status).unwrap().canonical_reason().unwrap();
    let (status, body) = (format!("{} {reason}", reply.status), serde_json::to_string(&reply.body).unwrap());
    let shown: Value = serde_json::from_str(&example.body).unwrap_or(Value::Null);
    let is_right = example.status == status && shown == reply.body && reply.error() == code;
    (!is_right).then(|| format!("{code}: {status} {body}"))
}

#[test]
fn each_code_has_a_section_and_each_section_a_code() {
    let wrong = wrong_sections(&sections(PAGE));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn each_example_is_answered_as_it_shows() {
    let mut differences = Vec::new();
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let (faulty, sound): (Vec<_>, Vec<_>) = sections(PAGE)
        .into_iter()
        .flat_map(|section| section.examples.into_iter().map(move |example| (section.code.clone(), example)))
        .partition(|(_, example)| example.fault.is_some());
    assert!(faulty.len() >= 4 && sound.len() > 40, "the page has moved, and little was read");
    for (code, example) in sound {
        let before = app.revision().await;
        differences.extend(difference(&code, &example, &given.play(&example).await));
        assert_eq!(app.revision().await, before, "{code}: a refusal changed something");
    }
    for (code, example) in faulty {
        // What is broken stays so.
        let app = TestApp::start_with("max_requests = 1\nbody_timeout_seconds = 1").await;
        let given = Given::make(&app).await;
        let reply = match example.fault.as_deref().unwrap() {
            "the body does not come" => given.play_without_end(&example).await,
            "every place is taken" => given.play_beside_another(&example).await,
            fault => {
                given.break_it(fault).await;
                given.play(&example).await
            }
        };
        differences.extend(difference(&code, &example, &reply));
    }
    assert!(differences.is_empty(), "the page shows another answer:\n{}", differences.join("\n"));
}

#[tokio::test]
async fn an_error_leads_to_the_section_of_its_code() {
    let app = TestApp::start().await;
    for section in sections(PAGE) {
        let page = app.anonymous().get(&format!("/docs/errors/{}", section.code)).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/plain; charset=utf-8"), "{}", section.code);
        let text = String::from_utf8(page.bytes).unwrap();
        assert!(text.starts_with(&format!("### `{}`\n", section.code)), "{text}");
        assert_eq!(text.matches("\n#").count(), 0, "{text}");
    }
    let reply = app.anonymous().get("/api/v1/apis").await;
    assert_eq!(reply.header("link"), "<https://keys.example.com/docs/errors/TOKEN_MISSING>; rel=\"help\"");
    let reply = app.anonymous().form("/oauth2/token", "grant_type=password").await;
    assert_eq!(reply.header("link"), "<https://keys.example.com/docs/errors/invalid_client>; rel=\"help\"");
    assert_eq!(app.anonymous().get("/healthz").await.header("link"), "");
    let unknown = app.anonymous().get("/docs/errors/NO_CODE").await;
    assert_eq!((unknown.status, unknown.error()), (404, "ROUTE_NOT_FOUND"));
}

#[test]
fn a_page_that_is_wrong_is_seen() {
    let without = PAGE.replace("### `FIELD_MISSING`", "### `FIELD_LACKING`");
    assert_eq!(wrong_sections(&sections(&without)), ["there is no code FIELD_LACKING", "FIELD_MISSING has no section"]);
    let example = || sections(PAGE).remove(0).examples.remove(0);
    let body: Value = serde_json::from_str(&example().body).unwrap();
    let reply = |status, body: &Value| Reply {
        status,
        headers: axum::http::HeaderMap::new(),
        bytes: body.to_string().into_bytes(),
        body: body.clone(),
    };
    assert_eq!(difference("BODY_MALFORMED", &example(), &reply(400, &body)), None);
    assert!(difference("BODY_MALFORMED", &example(), &reply(415, &body)).is_some());
    assert!(difference("FIELD_MISSING", &example(), &reply(400, &body)).is_some());
    let mut other = body.clone();
    other["errors"][0]["message"] = "another".into();
    assert!(difference("BODY_MALFORMED", &example(), &reply(400, &other)).is_some());
}
