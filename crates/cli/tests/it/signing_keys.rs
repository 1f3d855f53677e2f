//! `keyward signing-keys`.

use crate::http::Http;
use crate::support::{Place, Running, end, refusal};

fn lines(place: &Place, arguments: &[&str]) -> Vec<String> {
    let ended = end(place.keyward(&["signing-keys"]).args(arguments).args(["--data", "data"]));
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    ended.stdout.lines().map(ToOwned::to_owned).collect()
}

fn kid(line: &str) -> &str {
    line.split(' ').next().unwrap()
}

#[tokio::test]
async fn a_key_is_rotated_and_listed_and_the_server_publishes_both() {
    let place = Place::new();
    let credentials = place.init(&[]);
    let [old] = lines(&place, &["list"]).try_into().unwrap();
    let [new] = lines(&place, &["rotate"]).try_into().unwrap();
    assert_ne!(kid(&old), kid(&new));
    let listed = lines(&place, &["list"]);
    assert_eq!((listed.len(), &listed[0]), (2, &new));
    assert!(listed[1].starts_with(&old) && listed[1].contains(", retires "), "{listed:?}");
    assert_eq!(lines(&place, &["rotate"]), std::slice::from_ref(&new), "it waits to sign, and no other is made");

    let mut server = Running::start(&mut place.serve());
    let http = Http::at(&server.address());
    let keys: serde_json::Value = http.get("/.well-known/jwks").await.json().await.unwrap();
    let published: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(published, [kid(&new), kid(&old)]);
    http.token(&credentials).await;
    let refused = refusal(&mut place.keyward(&["signing-keys", "list", "--data", "data"]));
    assert!(refused.ends_with("; ask a server that runs by /api/v1/signing_keys\n"), "{refused}");
    drop(server);

    let [at_once] = lines(&place, &["rotate", "--at-once"]).try_into().unwrap();
    assert_eq!(lines(&place, &["list"]), [at_once]);
}
