//! Kinde's public document and ours, side by side. `contract.json` holds what Kinde's says of names, types and statuses,
//! and none of its words. Each difference stands in `docs/kinde-compatibility.md` with its reason, or the test fails.

mod flat;

use std::collections::{BTreeMap, BTreeSet};

use keyward_server::routes::document;

use self::flat::{Names, Operation, operations};

const CONTRACT: &str = include_str!("contract.json");
const PAGE: &str = include_str!("../../../../../docs/kinde-compatibility.md");

/// Statuses that operations of ours may answer, of which the page speaks once and for all.
const EVERYWHERE: [&str; 10] = ["400", "401", "403", "404", "408", "413", "415", "429", "503", "507"];

fn kindes() -> BTreeMap<String, Operation> {
    serde_json::from_str(CONTRACT).unwrap()
}

/// Every difference, one a line.
fn differences() -> BTreeSet<String> {
    let (kindes, ours) = (kindes(), operations(&serde_json::to_value(document()).unwrap()));
    let mut lines = BTreeSet::new();
    for (name, kinde) in &kindes {
        match ours.get(name) {
            None => {
                lines.insert(format!("{name}: absent"));
            }
            Some(own) => {
                compare(&format!("{name}, query"), &kinde.parameters, &own.parameters, &mut lines);
                compare(&format!("{name}, body"), &kinde.request, &own.request, &mut lines);
                compare_statuses(name, kinde, own, &mut lines);
            }
        }
    }
    for name in ours.keys().filter(|name| !kindes.contains_key(*name)) {
        lines.insert(format!("{name}: added"));
    }
    lines
}

fn compare_statuses(name: &str, kinde: &Operation, own: &Operation, lines: &mut BTreeSet<String>) {
    for (status, names) in &kinde.responses {
        match own.responses.get(status) {
            None => {
                lines.insert(format!("{name}, answer {status}: absent"));
            }
            // The revision that a change made stands in every answer to one.
            Some(own) => {
                let own = own.iter().filter(|(member, _)| *member != "revision" || names.contains_key(*member));
                let own = own.map(|(member, kind)| (member.clone(), kind.clone())).collect();
                compare(&format!("{name}, answer {status}"), &plain(names, &own), &own, lines);
            }
        }
    }
    for status in own.responses.keys() {
        if !kinde.responses.contains_key(status) && !EVERYWHERE.contains(&status.as_str()) {
            lines.insert(format!("{name}, answer {status}: added"));
        }
    }
}

/// Kinde's names, but with our list of values where Kinde's is of the same type and lists none: an answer that says more
/// of its values is no difference.
fn plain(kindes: &Names, own: &Names) -> Names {
    let each = kindes.iter().map(|(name, kind)| {
        let listed =
            own.get(name).filter(|own| own.strip_prefix(kind.as_str()).is_some_and(|rest| rest.starts_with(' ')));
        (name.clone(), listed.unwrap_or(kind).clone())
    });
    each.collect()
}

/// What one side has and the other has not. Of a member that is absent or added, its own members are not told.
fn compare(place: &str, kindes: &Names, own: &Names, lines: &mut BTreeSet<String>) {
    let bare = |names: &Names| -> BTreeMap<String, (String, bool)> {
        let each = names
            .iter()
            .map(|(name, kind)| (name.trim_end_matches('*').to_owned(), (kind.clone(), name.ends_with('*'))));
        each.collect()
    };
    let (kindes, own) = (bare(kindes), bare(own));
    let only = |these: &BTreeMap<String, (String, bool)>, those: &BTreeMap<String, (String, bool)>| {
        let lacking = these.keys().filter(|name| !those.contains_key(*name));
        let is_inside = |name: &String| {
            these.keys().any(|outer| {
                let rest = name.strip_prefix(outer.as_str());
                rest.is_some_and(|rest| rest.starts_with(['.', '['])) && !those.contains_key(outer)
            })
        };
        lacking.filter(|name| !is_inside(name)).cloned().collect::<Vec<_>>()
    };
    for (word, names) in [("absent", only(&kindes, &own)), ("added", only(&own, &kindes))] {
        if !names.is_empty() {
            lines.insert(format!("{place}: {word} {}", names.join(", ")));
        }
    }
    for (name, (kind, is_required)) in &kindes {
        let Some((own_kind, own_required)) = own.get(name) else { continue };
        if kind != own_kind && kind != "any" {
            lines.insert(format!("{place}: {name} is {own_kind}, Kinde's is {kind}"));
        }
        if is_required != own_required {
            let word = if *own_required { "required" } else { "optional" };
            lines.insert(format!("{place}: {name} is {word}"));
        }
    }
}

/// The differences that the page explains: the code spans that begin the rows of its tables.
fn explained() -> BTreeSet<String> {
    let (_, list) = PAGE.split_once("## Differences").unwrap();
    let rows = list.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let reasons = rows.map(|(line, reason)| {
        assert!(reason.trim_end_matches(['|', ' ']).len() > 3, "`{line}` has no reason");
        line.to_owned()
    });
    reasons.collect()
}

#[test]
fn each_difference_stands_on_the_page_with_its_reason_and_no_other_does() {
    let (differences, explained) = (differences(), explained());
    let unexplained: Vec<_> = differences.difference(&explained).collect();
    let gone: Vec<_> = explained.difference(&differences).collect();
    assert!(unexplained.is_empty() && gone.is_empty(), "unexplained: {unexplained:#?}\nno longer so: {gone:#?}");
}

#[test]
fn the_contract_is_read_whole() {
    let contract = kindes();
    assert_eq!(contract.len(), 75);
    let create = &contract["POST /api/v1/api_keys"];
    assert_eq!(create.request["type*"], "string environment/organization/user");
    assert_eq!(create.responses["201"]["api_key.key"], "string");
}

#[test]
fn a_member_that_is_taken_away_is_seen() {
    let mut contract = kindes();
    let create = contract.get_mut("POST /api/v1/api_keys").unwrap();
    let (mut lines, own) = (BTreeSet::new(), create.request.clone());
    create.request.insert("a.b".into(), "string".into());
    create.request.insert("a".into(), "object".into());
    create.request.insert("type*".into(), "integer".into());
    compare("here", &create.request, &own, &mut lines);
    let expected = ["here: absent a", "here: type is string environment/organization/user, Kinde's is integer"];
    assert_eq!(lines.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
