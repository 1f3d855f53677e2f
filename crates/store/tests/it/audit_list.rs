//! Events, listed a page at a time.

use keyward_core::{OrgCode, OrgScope};
use keyward_store::audit::{EventFilter, LoggedEvent, list_logged, list_logged_above};
use keyward_store::{Actor, ActorKind, NewEvent};

use crate::given::later;
use crate::test_store::{TestStore, commit_event};

conformance! {
    the_newest_comes_first_and_pages_follow_one_another,
    each_filter_keeps_what_it_names,
    an_organization_sees_its_own_alone,
    personal_values_come_with_their_events,
}

async fn fill(store: &TestStore) {
    for revision in 1..=6 {
        let id = format!("client_{}", revision % 2);
        let actor = Actor { kind: ActorKind::Application, id, name: "Deploys".into() };
        let action = if revision < 4 { "user.created" } else { "user.updated" };
        let event = NewEvent::new(action, format!("kp_{}", revision % 3))
            .in_organization(
                OrgCode::parse(["org_1", "org_2", "-"][(revision % 3) as usize]).filter(|c| c.as_str() != "-"),
            )
            .personal("given_name", (), format!("Kim {revision}"));
        commit_event(store.change(actor, later(revision)).await.unwrap(), event).await.unwrap();
    }
}

async fn list(store: &TestStore, scope: &OrgScope, filter: EventFilter<'_>, limit: u32) -> Vec<LoggedEvent> {
    list_logged(&mut store.read().await.unwrap(), scope, &filter, limit).await.unwrap()
}

fn revisions(events: &[LoggedEvent]) -> Vec<u64> {
    events.iter().map(|one| one.event.revision).collect()
}

async fn the_newest_comes_first_and_pages_follow_one_another(store: &TestStore) {
    fill(store).await;
    let page = async |starting_after| {
        let filter = EventFilter { starting_after, ..EventFilter::default() };
        revisions(&list(store, &OrgScope::All, filter, 4).await)
    };
    assert_eq!(page(None).await, [6, 5, 4, 3]);
    assert_eq!(page(Some(3)).await, [2, 1]);
    assert!(page(Some(1)).await.is_empty());
    assert_eq!(page(Some(u64::MAX)).await, [6, 5, 4, 3]);
}

async fn each_filter_keeps_what_it_names(store: &TestStore) {
    fill(store).await;
    let all = EventFilter::default();
    for (filter, expected) in [
        (EventFilter { action: Some("user.created"), ..all }, vec![3, 2, 1]),
        (EventFilter { action: Some("user"), ..all }, vec![]),
        (EventFilter { actor_id: Some("client_1"), ..all }, vec![5, 3, 1]),
        (EventFilter { target_id: Some("kp_0"), ..all }, vec![6, 3]),
        (EventFilter { created_after: Some(later(5)), ..all }, vec![6, 5]),
        (EventFilter { created_before: Some(later(2)), ..all }, vec![1]),
        (EventFilter { created_after: Some(later(2)), created_before: Some(later(4)), ..all }, vec![3, 2]),
        (
            EventFilter { action: Some("user.updated"), actor_id: Some("client_0"), starting_after: Some(6), ..all },
            vec![4],
        ),
    ] {
        assert_eq!(revisions(&list(store, &OrgScope::All, filter, 100).await), expected, "{filter:?}");
    }
}

async fn an_organization_sees_its_own_alone(store: &TestStore) {
    fill(store).await;
    let own = OrgScope::One(OrgCode::parse("org_2").unwrap());
    assert_eq!(revisions(&list(store, &own, EventFilter::default(), 100).await), [4, 1]);
    let filter = EventFilter { target_id: Some("kp_0"), ..EventFilter::default() };
    assert!(list(store, &own, filter, 100).await.is_empty(), "another organization's");
    let none = OrgScope::One(OrgCode::parse("org_3").unwrap());
    assert!(list(store, &none, EventFilter::default(), 100).await.is_empty());
}

async fn personal_values_come_with_their_events(store: &TestStore) {
    fill(store).await;
    let down =
        list(store, &OrgScope::All, EventFilter { actor_id: Some("client_1"), ..EventFilter::default() }, 2).await;
    let up = list_logged_above(&mut store.read().await.unwrap(), 2, 2).await.unwrap();
    for (events, expected) in [(down, [5, 3]), (up, [3, 4])] {
        assert_eq!(revisions(&events), expected);
        for one in events {
            let [row] = one.personal.try_into().unwrap();
            let content = format!(r#"{{"after":{{"given_name":"Kim {}"}}}}"#, one.event.revision);
            assert_eq!((row.revision, row.content), (one.event.revision, Some(content)));
        }
    }
}
