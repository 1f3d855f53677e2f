//! `keyward init`: the first application, an API, and the key that verifies its keys.

use crate::http::Http;
use crate::support::{Place, Running, end, refusal, text};
use reqwest::Method;
use serde_json::{Value, json};

const ORDERS: [&str; 7] =
    ["--api", "Orders", "--audience", "https://orders.example.com", "--scope", "read:orders", "write:orders"];

#[tokio::test]
async fn it_prints_credentials_once_and_they_are_good_for_a_token() {
    let place = Place::new();
    let first = place.init(&[]);
    let members: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(members, ["audience", "client_id", "client_secret", "issuer"]);
    assert_eq!(
        (text(&first, "issuer"), text(&first, "audience")),
        ("http://localhost:8080", "http://localhost:8080/api")
    );
    assert_eq!(
        refusal(&mut place.keyward(&["init", "--data", "data", "--json"])),
        "keyward: this store has its first application already; with --api it registers an API\n"
    );

    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    http.token(&first).await;
    assert!(!place.data().join("first-run.json").exists(), "the store was not empty");
}

#[tokio::test]
async fn its_lines_for_a_dot_env_file_can_stand_in_the_environment_of_the_server() {
    let place = Place::new();
    let printed = end(place.keyward(&["init", "--data", "data"]).args(ORDERS));
    assert_eq!((printed.code, &*printed.stderr), (Some(0), ""));
    let pairs: Vec<(&str, &str)> = printed.stdout.lines().map(|line| line.split_once('=').unwrap()).collect();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["KEYWARD_ISSUER", "KEYWARD_AUDIENCE", "KEYWARD_CLIENT_ID", "KEYWARD_CLIENT_SECRET", "KEYWARD_VERIFY_KEY"]
    );
    for (name, value) in &pairs {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_:/.-".contains(c);
        assert!(!value.is_empty() && value.chars().all(is_plain), "a shell would read {name} otherwise");
    }

    let mut server = Running::start(place.serve().envs(pairs.iter().copied()));
    let http = Http::at(&server.address());
    http.token(&json!({ "client_id": pairs[2].1, "client_secret": pairs[3].1 })).await;
    assert_eq!(http.verify(pairs[4].1, "garbage", &[]).await["code"], "API_KEY_INVALID");
}

#[tokio::test]
async fn a_verify_key_verifies_keys_of_its_own_api_and_can_do_nothing_else() {
    let place = Place::new();
    let orders = place.init(&ORDERS);
    let invoices =
        place.init(&["--api", "Invoices", "--audience", "https://invoices.example.com", "--scope", "read:all"]);
    assert!(invoices.get("client_secret").is_none(), "credentials are printed once: {invoices}");
    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    let token = http.token(&orders).await;
    let order_key = http.issue(&token, text(&orders, "api_id"), &["read:orders", "write:orders"]).await;
    let invoice_key = http.issue(&token, text(&invoices, "api_id"), &["read:all"]).await;

    let credential = text(&orders, "verify_key");
    let verified = http.verify(credential, text(&order_key, "key"), &["read:orders", "write:orders"]).await;
    assert_eq!((&verified["is_valid"], &verified["audience"]), (&json!(true), &json!("https://orders.example.com")));
    let other = http.verify(credential, text(&invoice_key, "key"), &[]).await;
    assert_eq!((&other["code"], &other["key_id"]), (&json!("API_KEY_WRONG_API"), &Value::Null));
    let itself = http.verify(credential, credential, &[]).await;
    assert_eq!(itself["code"], "API_KEY_INVALID");

    let key_id = text(&order_key, "id");
    for (method, path) in [
        (Method::GET, "/api/v1/api_keys".to_owned()),
        (Method::POST, "/api/v1/api_keys".to_owned()),
        (Method::GET, format!("/api/v1/api_keys/{key_id}")),
        (Method::DELETE, format!("/api/v1/api_keys/{key_id}")),
        (Method::GET, "/api/v1/apis".to_owned()),
        (Method::POST, "/api/v1/apis".to_owned()),
        (Method::GET, format!("/api/v1/apis/{}", text(&orders, "api_id"))),
        (Method::POST, "/api/v1/applications".to_owned()),
        (Method::POST, "/api/v1/organization".to_owned()),
        (Method::POST, "/api/v1/user".to_owned()),
    ] {
        let (status, answer) = http.call(credential, method.clone(), &path, &json!({})).await;
        assert_eq!((status, &answer["errors"][0]["code"]), (403, &json!("SCOPE_MISSING")), "{method} {path}: {answer}");
    }
}

#[test]
fn an_api_needs_its_audience() {
    let place = Place::new();
    let ended = end(&mut place.keyward(&["init", "--data", "data", "--api", "Orders"]));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--audience"), "{}", ended.stderr);
    assert!(!place.data().exists());
}

#[test]
fn what_cannot_be_registered_is_refused_before_anything_is_made() {
    let place = Place::new();
    for (arguments, rule) in [
        (["--api", "", "--audience", "a", "--scope", "b"], "'--api <NAME>': must be 1 to 128 characters"),
        (["--api", "a", "--audience", "a b", "--scope", "b"], "'--audience <URL>': must not contain white space"),
        (["--api", "a", "--audience", "b", "--scope", "read orders"], "'--scope <KEY>...': must be printable ASCII"),
    ] {
        let ended = end(place.keyward(&["init", "--data", "data"]).args(arguments));
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
        assert!(ended.stderr.contains(rule), "{}", ended.stderr);
    }
    assert!(!place.data().exists());
}

#[test]
fn a_scope_that_is_given_twice_is_one() {
    let place = Place::new();
    let printed =
        place.init(&["--api", "Orders", "--audience", "a", "--scope", "read:orders", "--scope", "read:orders"]);
    assert!(text(&printed, "verify_key").starts_with("k_adm_"), "{printed}");
}

#[test]
fn the_longest_name_will_do_wherever_it_is_cut() {
    let place = Place::new();
    let name = format!("{} {}", "a".repeat(110), "b".repeat(17));
    let printed = place.init(&["--api", &name, "--audience", "a"]);
    assert!(text(&printed, "verify_key").starts_with("k_adm_"), "{printed}");
}

#[test]
fn an_api_that_is_registered_already_is_an_error_that_says_so() {
    let place = Place::new();
    place.init(&ORDERS);
    let why = refusal(place.keyward(&["init", "--data", "data"]).args(ORDERS));
    assert_eq!(why, "keyward: `audience` is that of another API\n");
}

#[test]
fn while_a_server_holds_the_folder_it_says_who() {
    let place = Place::new();
    let mut server = Running::start(&mut place.serve());
    let address = server.address();
    assert_eq!(
        refusal(&mut place.keyward(&["init", "--data", "data"])),
        format!("keyward: data is held by process {}, which listens on {address}\n", server.id())
    );
}
