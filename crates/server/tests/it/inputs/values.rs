//! Values that break a rule, and values that just keep it.

use regex::Regex;
use serde_json::{Value, json};

use super::held::MARK;
use super::rules::{Kind, Rule};

/// A value that breaks a rule.
#[derive(Clone, Debug)]
pub(super) struct Bad {
    pub(super) what: String,
    pub(super) value: Value,
    /// A limit that the message must tell.
    pub(super) limit: Option<u64>,
}

fn bad(what: &str, value: Value) -> Bad {
    Bad { what: what.to_owned(), value, limit: None }
}

/// Every kind of value that is of another type or breaks a limit.
pub(super) fn bad_values(rule: &Rule) -> Vec<Bad> {
    let mut all = wrong_types(rule);
    match rule.kind {
        Kind::Number => all.extend(bad_numbers(rule)),
        Kind::Text => {
            all.extend(bad_texts(rule).into_iter().map(|(what, text, limit)| Bad { what, value: json!(text), limit }))
        }
        Kind::List => {
            if rule.least.is_some_and(|least| least > 0) {
                all.push(bad("no entry", json!([])));
            }
            if let Some(most) = rule.most {
                all.push(Bad { what: "one entry too many".into(), value: entries(rule, most + 1), limit: Some(most) });
            }
        }
        Kind::Truth | Kind::Object | Kind::Anything => {}
    }
    all
}

/// So many entries, each another one.
pub(super) fn entries(rule: &Rule, count: u64) -> Value {
    let item = rule.item.as_ref().unwrap();
    (0..usize::try_from(count).unwrap()).map(|nth| item.sample(nth)).collect()
}

fn wrong_types(rule: &Rule) -> Vec<Bad> {
    let mut all = Vec::new();
    if !rule.is_nullable && rule.kind != Kind::Anything {
        all.push(bad("null", Value::Null));
    }
    for (kind, what, value) in [
        (Kind::Text, "text", json!(MARK)),
        (Kind::Number, "a number", json!(7)),
        (Kind::Number, "a fraction", json!(1.5)),
        (Kind::Truth, "true", json!(true)),
        (Kind::List, "a list", json!([MARK])),
        (Kind::Object, "an object", json!({ "a": MARK })),
    ] {
        if kind != rule.kind && rule.kind != Kind::Anything {
            all.push(bad(what, value));
        }
    }
    all
}

fn bad_numbers(rule: &Rule) -> Vec<Bad> {
    let mut all = vec![
        bad("a fraction", json!(1.5)),
        bad("a whole number with a point", json!(70.0)),
        bad("a very large number", json!(1e30)),
        bad("the largest number", json!(u64::MAX)),
        bad("a negative number", json!(-1)),
        bad("the smallest number", json!(i64::MIN)),
        bad("a number in quotes", json!("7")),
    ];
    if let Some(least) = rule.least.filter(|least| *least > 0) {
        all.push(Bad { what: "one below the least".into(), value: json!(least - 1), limit: Some(least) });
    }
    if let Some(most) = rule.most {
        all.push(Bad { what: "one above the most".into(), value: json!(most + 1), limit: Some(most) });
    }
    all
}

/// Texts that break a rule of the document: what, the text, and the limit that the message must tell.
pub(super) fn bad_texts(rule: &Rule) -> Vec<(String, String, Option<u64>)> {
    let mut all: Vec<(String, String, Option<u64>)> = Vec::new();
    if rule.is_instant {
        let instants = [
            MARK,
            "",
            "2026-11-22",
            "2026-02-30T00:00:00Z",
            "2026-11-22T25:00:00Z",
            "2026-11-22T12:00:00",
            "10000-01-01T00:00:00Z",
            "+002030-01-01T00:00:00Z",
            "20300101T000000Z",
            " 2030-01-01T00:00:00Z",
            "2030-01-01T00:00:00Z ",
            "2030-01-01T00:00:00Z[Europe/Berlin]",
            "1893456000",
            "-1",
        ];
        all.extend(instants.iter().map(|text| (format!("{text:?}"), (*text).to_owned(), None)));
        return all;
    }
    if let Some(first) = rule.values.first() {
        for text in [MARK.to_owned(), String::new(), first.to_uppercase(), format!("{first} "), format!("{first}\0")] {
            if !rule.values.contains(&text) {
                all.push((format!("{text:?}"), text, None));
            }
        }
        return all;
    }
    if let Some(most) = rule.most {
        let long = format!("{MARK}{}", rule.text(usize::try_from(most + 1).unwrap() - MARK.len(), 0));
        all.push(("one character too many".into(), long, Some(most)));
        all.push(("far too many characters".into(), MARK.repeat(4000), Some(most)));
    }
    if rule.least.is_some_and(|least| least > 0) {
        all.push(("no character".into(), String::new(), None));
    }
    if let Some(pattern) = &rule.pattern {
        let pattern = Regex::new(pattern).unwrap();
        for text in hostile().into_iter().filter(|text| !pattern.is_match(text)) {
            all.push((format!("{text:?}"), text, None));
        }
    }
    all
}

/// Texts that have gone wrong somewhere before.
pub(super) fn hostile() -> Vec<String> {
    let texts = [
        " Zq7",
        "Zq7\n",
        "Zq7\0Zq7",
        "Zq7\u{7f}",
        "Zq7\u{85}",
        "\u{a0}Zq7",
        "Zq7 Zq7",
        "Zq7,Zq7",
        "Zq7\"\\",
        "Zq7é\u{202e}",
        "Zq7'; DROP TABLE keys; --",
        "%00ZQ7Zq7",
    ];
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A few of them, for where each costs a look at the database.
pub(super) fn nasty() -> Vec<String> {
    let texts = [" Zq7", "Zq7\0Zq7", "Zq7é\u{202e}", "Zq7'; DROP TABLE keys; --", "%00ZQ7Zq7"];
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Texts and numbers that just keep the limits.
pub(super) fn extremes(rule: &Rule, nth: usize) -> Vec<(String, Value)> {
    let length = |limit: u64| usize::try_from(limit).unwrap();
    match rule.kind {
        Kind::Number => {
            let limits = [("the least", rule.least), ("the most", rule.most)];
            limits.into_iter().filter_map(|(what, limit)| Some((what.into(), json!(limit?)))).collect()
        }
        Kind::Text if rule.values.is_empty() && !rule.is_instant => {
            let long = rule.most.map(|most| ("the longest".into(), json!(rule.text(length(most), nth))));
            let short =
                rule.least.filter(|_| rule.most.is_some()).map(|least| ("the shortest", rule.text(length(least), nth)));
            long.into_iter().chain(short.map(|(what, text)| (what.into(), json!(text)))).collect()
        }
        Kind::Text => rule.values.iter().map(|value| (format!("{value:?}"), json!(value))).collect(),
        _ => Vec::new(),
    }
}
