//! The audit log: one event a change, each chained to the one before.

use keyward_core::OrgCode;
use keyward_store::audit::{EventRow, list_events};
use keyward_store::{Actor, ActorKind, NewEvent, Origin};
use serde_json::json;

use crate::given::{NAME, NOW, keyring, later};
use crate::test_store::{TestStore, commit, commit_event};

conformance! {
    an_event_says_who_did_what_to_what_and_when,
    an_event_without_organization_has_none,
    each_commit_writes_one_event_that_is_chained_to_the_one_before,
    a_changed_event_breaks_its_link,
    events_are_read_on_from_a_revision,
}

async fn events(store: &TestStore) -> Vec<EventRow> {
    list_events(&mut store.read().await.unwrap(), 0, 100).await.unwrap()
}

async fn commit_some(store: &TestStore, count: usize) {
    for _ in 0..count {
        commit(store.begin().await).await.unwrap();
    }
}

async fn an_event_says_who_did_what_to_what_and_when(store: &TestStore) {
    let actor = Actor { kind: ActorKind::Application, id: "0123abcd".into(), name: "Deploys".into() };
    let org_code = OrgCode::parse("org_acme");
    let origin = Origin { request_id: Some("0badcafe".into()), ..Origin::default() };
    let event = NewEvent::new("key.created", "api_key_1")
        .in_organization(org_code.clone())
        .fact("name", NAME)
        .value("scopes", (), [1, 2])
        .personal("none", (), ());
    let change = store.change(actor, NOW).await.unwrap().asked_from(origin);
    commit_event(change, event).await.unwrap();

    let [row] = events(store).await.try_into().unwrap();
    let EventRow {
        revision,
        created_at,
        actor_kind,
        actor_id,
        action,
        target_id,
        org_code: of,
        details: said,
        request_id,
        personal,
        erased_subject,
        format,
        secret_version,
        link,
    } = row;
    assert_eq!((revision, created_at, secret_version, format), (1, NOW, 1, 2));
    assert_eq!((actor_kind.as_str(), actor_id.as_str()), ("application", "0123abcd"));
    assert_eq!((action.as_str(), target_id.as_str(), of.as_deref()), ("key.created", "api_key_1", Some("org_acme")));
    let details = json!({ "name": NAME, "after": { "scopes": [1, 2] } });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&said).unwrap(), details);
    assert_eq!((request_id.as_deref(), personal.as_str(), erased_subject), (Some("0badcafe"), "[]", None));
    assert_eq!(link.len(), 32);
}

async fn an_event_without_organization_has_none(store: &TestStore) {
    commit_some(store, 1).await;
    let [row] = events(store).await.try_into().unwrap();
    assert_eq!((row.actor_kind.as_str(), row.actor_id.as_str()), ("system", ""));
    assert_eq!((row.target_id.as_str(), row.org_code, row.details.as_str()), ("", None, "{}"));
}

async fn each_commit_writes_one_event_that_is_chained_to_the_one_before(store: &TestStore) {
    let mut chain = store.db_chain().await;
    assert_eq!(chain, [0; 32]);
    for second in 0..4 {
        commit(store.begin_at(later(second)).await).await.unwrap();
        let rows = events(store).await;
        assert_eq!(rows.len() as u64, second + 1);
        let last = rows.last().unwrap();
        assert_eq!(last.revision, second + 1);
        assert_eq!(last.link, keyring().audit_link(last.secret_version, &chain, &last.covered()).unwrap());
        chain = store.db_chain().await;
        assert_eq!(chain, last.link);
    }
}

async fn a_changed_event_breaks_its_link(store: &TestStore) {
    commit_some(store, 1).await;
    let changes = [
        "created_at = created_at + 1",
        "actor_kind = 'setup'",
        "actor_id = 'x'",
        "action = 'test.undone'",
        "target_id = 'x'",
        "org_code = ''",
        "details = '{ }'",
        "request_id = 'x'",
        "personal = '[ ]'",
        "erased_subject = 'x'",
        "format = 1",
        "format = 3",
        "secret_version = 2",
    ];
    for change in changes {
        let before = events(store).await.remove(0).covered();
        store.db_execute(&format!("UPDATE audit_events SET {change}")).await;
        let row = events(store).await.remove(0);
        assert_ne!(row.covered(), before, "{change}");
        assert_ne!(row.link, keyring().audit_link(1, &[0; 32], &row.covered()).unwrap(), "{change}");
    }
}

async fn events_are_read_on_from_a_revision(store: &TestStore) {
    commit_some(store, 5).await;
    let mut tx = store.read().await.unwrap();
    let read = |rows: Vec<EventRow>| rows.iter().map(|row| row.revision).collect::<Vec<_>>();
    assert_eq!(read(list_events(&mut tx, 0, 2).await.unwrap()), [1, 2]);
    assert_eq!(read(list_events(&mut tx, 2, 2).await.unwrap()), [3, 4]);
    assert_eq!(read(list_events(&mut tx, 4, 2).await.unwrap()), [5]);
    assert!(list_events(&mut tx, 5, 2).await.unwrap().is_empty());
    assert!(list_events(&mut tx, u64::MAX, 2).await.unwrap().is_empty());
}
