//! `keyward audit`: beside the data, without the server.

use std::process::Command;

use crate::http::Http;
use crate::support::{Place, Running, end, refusal, text};
use reqwest::Method;
use serde_json::{Value, json};

fn audit(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.keyward(&["audit"]);
    command.args(arguments).args(["--data", "data"]);
    command
}

/// What a command prints that must succeed without a word on standard error.
#[track_caller]
fn printed(command: &mut Command) -> String {
    let ended = end(command);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    ended.stdout
}

/// A store in which a server has made a user, and the lines that the server logged.
async fn used(place: &Place) -> (String, Vec<Value>) {
    let credentials = place.init(&[]);
    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    let token = http.token(&credentials).await;
    let profile = json!({ "profile": { "given_name": "Kim-canary" } });
    let (status, user) = http.call(&token, Method::POST, "/api/v1/user", &profile).await;
    assert_eq!(status, 200, "{user}");
    http.call("garbage", Method::GET, "/api/v1/apis", &json!({})).await;
    let (status, _) = http.call(&token, Method::GET, "/api/v1/refusals", &json!({})).await;
    assert_eq!(status, 200);
    let refused = refusal(&mut audit(place, &["verify"]));
    assert!(refused.ends_with("; an SQLite database is one process's: stop the server first\n"), "{refused}");
    let log = server.stop().stderr;
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (text(&user, "id").to_owned(), lines)
}

fn heads(log: &[Value]) -> Vec<&Value> {
    log.iter().filter(|line| line["message"] == "the head of the audit log").collect()
}

#[tokio::test]
async fn the_log_is_verified_exported_and_held_to_heads_that_were_kept() {
    let place = Place::new();
    let (user, log) = used(&place).await;
    let exported = printed(&mut audit(&place, &["export"]));
    let events: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!((text(last, "action"), text(last, "target_id")), ("user.created", &*user));
    assert!(events.iter().zip(1..).all(|(event, revision)| event["revision"] == revision), "{exported}");

    let head: Value = serde_json::from_str(&printed(&mut audit(&place, &["head"]))).unwrap();
    assert_eq!((&head["revision"], &head["chain"]), (&last["revision"], &last["chain"]));
    let logged = heads(&log);
    assert_eq!(logged.len(), 2, "at the start and at the end");
    assert_eq!((&logged[1]["revision"], &logged[1]["chain"]), (&head["revision"], &head["chain"]));
    assert!(logged[0]["revision"].as_u64() < head["revision"].as_u64());

    let count = events.len();
    let whole = format!("The audit log is whole: {count} events, 3 rows of personal values, 0 of them erased");
    assert_eq!(printed(&mut audit(&place, &["verify"])), format!("{whole}.\n"));
    // The log of the server will do as it is.
    let lines: Vec<String> = log.iter().map(ToString::to_string).collect();
    std::fs::write(place.path("serve.log"), lines.join("\n")).unwrap();
    let verified = printed(&mut audit(&place, &["verify", "--against", "serve.log"]));
    assert_eq!(verified, format!("{whole}; kept heads found on it: 2.\n"));
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_found_by_a_head_that_was_kept() {
    let place = Place::new();
    place.init(&[]);
    std::fs::copy(place.data().join("keyward.db"), place.path("older.db")).unwrap();
    let end_of_old: Value = serde_json::from_str(&printed(&mut audit(&place, &["head"]))).unwrap();
    printed(place.keyward(&["signing-keys", "rotate"]).args(["--data", "data"]));
    std::fs::write(place.path("heads"), printed(&mut audit(&place, &["head"]))).unwrap();
    printed(&mut audit(&place, &["verify", "--against", "heads"]));

    std::fs::copy(place.path("older.db"), place.data().join("keyward.db")).unwrap();
    printed(&mut audit(&place, &["verify"]));
    let (end, kept) = (end_of_old["revision"].as_u64().unwrap(), end_of_old["revision"].as_u64().unwrap() + 1);
    assert_eq!(
        refusal(&mut audit(&place, &["verify", "--against", "heads"])),
        format!(
            "keyward: the log ends with event {end}, but a head was kept of event {kept}: what came between was cut off\n"
        )
    );
}

#[tokio::test]
async fn what_is_personal_is_erased_and_the_log_is_whole_after_it() {
    let place = Place::new();
    let (user, _) = used(&place).await;
    assert!(printed(&mut audit(&place, &["export"])).contains("Kim-canary"));
    assert_eq!(printed(&mut audit(&place, &["erase", &user])), "Erased 1 row of personal values.\n");
    let exported = printed(&mut audit(&place, &["export"]));
    let last: Value = serde_json::from_str(exported.lines().last().unwrap()).unwrap();
    assert_eq!((text(&last, "action"), text(&last, "actor_kind")), ("audit.erased", "command_line"));
    assert!(!exported.contains("Kim-canary"));
    let verified = printed(&mut audit(&place, &["verify"]));
    assert!(verified.ends_with("3 rows of personal values, 1 of them erased.\n"), "{verified}");
    assert_eq!(printed(&mut audit(&place, &["erase", &user])), "Nothing personal is kept about this subject.\n");
}

/// Line breaks and colours for terminals are text like any other: they end no line and colour none.
#[tokio::test]
async fn what_people_typed_forges_no_line() {
    let place = Place::new();
    let credentials = place.init(&["--api", "Orders", "--audience", "https://api.example.com"]);
    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    let token = http.token(&credentials).await;
    let forged = "\n{\"revision\":1,\"action\":\"forged\"}\r\n\u{1b}[31mred\u{2028}\u{0}";
    let body = json!({
        "name": "Key", "api_id": credentials["api_id"], "org_external_id": "customer-42", "create_owner": true,
        "metadata": { "note": forged, forged: 1 },
    });
    let (status, answer) = http.call(&token, Method::POST, "/api/v1/api_keys", &body).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(server.stop().code, Some(0));
    let exported = printed(&mut audit(&place, &["export"]));
    let events: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().zip(1..).all(|(event, revision)| event["revision"] == revision));
    assert!(!exported.chars().any(|c| c.is_control() && c != '\n'), "a control character went through");
    let metadata = &events.last().unwrap()["personal"][0]["values"]["after"]["metadata"];
    assert_eq!(metadata["note"], forged, "it is kept as it was typed");
    printed(&mut audit(&place, &["verify"]));
}

#[test]
fn a_file_without_heads_is_refused_and_so_is_one_that_is_not_there() {
    let place = Place::new();
    place.init(&[]);
    std::fs::write(place.path("empty"), "{}\nno json\n").unwrap();
    std::fs::write(place.path("broken"), "{\"revision\":1,\"chain\":\"00\"}\n").unwrap();
    for (file, why) in [
        ("empty", "keyward: no head stands in empty\n"),
        ("broken", "keyward: broken, line 1: this is no chain\n"),
        ("absent", "keyward: absent cannot be read: No such file or directory (os error 2)\n"),
    ] {
        assert_eq!(refusal(&mut audit(&place, &["verify", "--against", file])), why);
    }
}

#[test]
fn where_there_is_no_database_none_is_made() {
    let place = Place::new();
    for command in [&["verify"][..], &["head"], &["export"], &["erase", "kp_1"]] {
        assert_eq!(refusal(&mut audit(&place, command)), "keyward: there is no database at data/keyward.db\n");
    }
    assert!(!place.data().exists());
}
