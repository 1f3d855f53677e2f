//! Erasing personal values from the audit log.

use keyward_store::audit::{count_personal, erase_personal, list_logged_above};
use keyward_store::{Actor, ActorKind, NewEvent, Origin};
use serde_json::{Value, json};

use crate::given::{NAME, NOW};
use crate::test_store::{TestStore, commit_event};

conformance! {
    personal_values_stand_beside_the_event_and_not_in_it,
    what_is_erased_is_gone_with_its_salt_and_the_row_stays,
    what_is_written_after_an_erasure_stays,
    what_one_change_is_too_small_for_is_erased_in_batches,
}

/// The personal values of an event, by subject; null when they are erased.
async fn personal(store: &TestStore, revision: u64) -> Vec<(String, Value)> {
    let logged = list_logged_above(&mut store.read().await.unwrap(), revision - 1, 1).await.unwrap().remove(0);
    let values = |content: Option<String>| content.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    logged.personal.into_iter().map(|row| (row.subject, values(row.content))).collect()
}

async fn rename(store: &TestStore, id: &str, name: &str) -> u64 {
    let actor = Actor { kind: ActorKind::Application, id: "client".into(), name: "Deploys".into() };
    let address = Some("192.0.2.7".parse().unwrap());
    let origin = Origin { request_id: None, address, user_agent: Some("curl/8".into()) };
    let change = store.change(actor, NOW).await.unwrap().asked_from(origin);
    let event = NewEvent::new("user.updated", id).personal("given_name", "Kim", name);
    commit_event(change, event).await.unwrap()
}

async fn erase(store: &TestStore, subject: &str) -> u64 {
    let event = NewEvent::new("audit.erased", subject).erasing(subject);
    commit_event(store.begin().await, event).await.unwrap()
}

async fn personal_values_stand_beside_the_event_and_not_in_it(store: &TestStore) {
    let revision = rename(store, "kp_1", NAME).await;
    let values = json!({ "before": { "given_name": "Kim" }, "after": { "given_name": NAME } });
    let origin = json!({ "address": "192.0.2.7", "user_agent": "curl/8" });
    assert_eq!(personal(store, revision).await, [("kp_1".to_owned(), values), ("client".to_owned(), origin)]);
    let details = store.db_texts("SELECT details FROM audit_events").await;
    assert_eq!(details, [r#"{"personal":["given_name"]}"#]);
}

async fn what_is_erased_is_gone_with_its_salt_and_the_row_stays(store: &TestStore) {
    let one = rename(store, "kp_1", NAME).await;
    let other = rename(store, "kp_2", NAME).await;
    assert_eq!(count_personal(&mut store.read().await.unwrap(), "kp_1").await.unwrap(), 1);
    erase(store, "kp_1").await;
    assert_eq!(count_personal(&mut store.read().await.unwrap(), "kp_1").await.unwrap(), 0);
    let left = personal(store, one).await;
    assert_eq!((left.len(), &left[0]), (2, &("kp_1".to_owned(), Value::Null)));
    assert_ne!(left[1].1, Value::Null, "whoever asked is another subject");
    assert_ne!(personal(store, other).await[0].1, Value::Null);
    let salts = "SELECT COUNT(*) FROM audit_personal WHERE salt IS NULL";
    assert_eq!(store.db_number(salts).await, 1);
}

async fn what_is_written_after_an_erasure_stays(store: &TestStore) {
    rename(store, "kp_1", "Lee").await;
    erase(store, "kp_1").await;
    let later = rename(store, "kp_1", "Max").await;
    assert_eq!(personal(store, later).await[0].1["after"]["given_name"], "Max");
}

async fn what_one_change_is_too_small_for_is_erased_in_batches(store: &TestStore) {
    rename(store, "kp_1", "Lee").await;
    // As many as no user has: all of them about one.
    let copy = "INSERT INTO audit_personal (revision, number, subject, salt, content) \
         SELECT 1, a.n * 100 + b.n + 10, p.subject, p.salt, p.content FROM audit_personal p, tens a, hundreds b \
         WHERE p.number = 0";
    let with = "WITH RECURSIVE tens (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM tens WHERE n < 11), \
         hundreds (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM hundreds WHERE n < 99) ";
    assert_eq!(store.db_execute(&format!("{with}{copy}")).await, 1_200);
    let revision = erase(store, "kp_1").await;
    // What somebody writes between two batches is not what was asked to be erased.
    let later = rename(store, "kp_1", "Max").await;
    let mut batches = Vec::new();
    loop {
        let mut tx = store.tally().await.unwrap();
        let erased = erase_personal(&mut tx, "kp_1", revision, 150).await.unwrap();
        tx.commit().await.unwrap();
        batches.push(erased);
        if erased == 0 {
            break;
        }
    }
    assert_eq!(batches, [150, 51, 0], "a thousand went with the change itself");
    assert_eq!(personal(store, later).await[0].1["after"]["given_name"], "Max");
}
