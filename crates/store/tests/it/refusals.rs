//! What was refused, counted by the hour.

use keyward_core::Timestamp;
use keyward_store::refusals::{
    RefusalFilter, RefusalRow, add_to_refusal, count_refusals, delete_refusals, insert_refusal, list_refusals,
};

use crate::given::NAME;
use crate::test_store::TestStore;

conformance! {
    what_is_the_same_is_counted_together,
    the_newest_hour_comes_first_and_each_filter_keeps_what_it_names,
    hours_before_an_instant_are_forgotten_in_batches,
    they_take_no_revision,
}

const HOUR: i64 = 3_600;

fn row(id: &str, hour: i64, count: u64) -> RefusalRow {
    let at = |seconds| Timestamp::from_seconds(hour * HOUR + seconds);
    RefusalRow {
        id: id.into(),
        hour_at: at(0),
        code: "TOKEN_INVALID".into(),
        route: "GET /api/v1/apis".into(),
        actor_kind: None,
        actor_id: None,
        address: None,
        count,
        first_at: at(10),
        last_at: at(20),
    }
}

async fn insert(store: &TestStore, rows: &[RefusalRow]) {
    let mut tx = store.tally().await.unwrap();
    for row in rows {
        insert_refusal(&mut tx, row).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn list(store: &TestStore, filter: RefusalFilter<'_>) -> Vec<String> {
    let rows = list_refusals(&mut store.read().await.unwrap(), &filter, 100).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

async fn what_is_the_same_is_counted_together(store: &TestStore) {
    let first = row("a", 1, 2);
    let mut tx = store.tally().await.unwrap();
    assert!(!add_to_refusal(&mut tx, &first).await.unwrap(), "there is none yet");
    insert_refusal(&mut tx, &first).await.unwrap();
    let at = |seconds| Timestamp::from_seconds(HOUR + seconds);
    let more = RefusalRow { count: 5, first_at: at(5), last_at: at(15), ..first.clone() };
    let later = RefusalRow { count: 1, first_at: at(12), last_at: at(25), ..first.clone() };
    for (added, times) in [(&more, (at(5), at(20))), (&later, (at(5), at(25)))] {
        assert!(add_to_refusal(&mut tx, added).await.unwrap());
        let row = list_refusals(&mut tx, &RefusalFilter::default(), 9).await.unwrap().remove(0);
        assert_eq!((row.first_at, row.last_at), times);
    }
    // Another node may have been quicker to make the first.
    let again = RefusalRow { count: 1, first_at: at(30), last_at: at(30), ..first };
    insert_refusal(&mut tx, &again).await.unwrap();
    tx.commit().await.unwrap();
    let [row] = list_refusals(&mut store.read().await.unwrap(), &RefusalFilter::default(), 9)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!((row.count, row.first_at, row.last_at), (9, at(5), at(30)));
}

async fn the_newest_hour_comes_first_and_each_filter_keeps_what_it_names(store: &TestStore) {
    let known = RefusalRow {
        code: "SCOPE_MISSING".into(),
        actor_kind: Some("application".into()),
        actor_id: Some(NAME.into()),
        address: Some("192.0.2.7".into()),
        ..row("b", 2, 1)
    };
    insert(store, &[row("a", 1, 1), known, row("c", 3, 1)]).await;
    let all = RefusalFilter::default();
    for (filter, expected) in [
        (all, vec!["c", "b", "a"]),
        (RefusalFilter { starting_after: Some("c"), ..all }, vec!["b", "a"]),
        (RefusalFilter { code: Some("SCOPE_MISSING"), ..all }, vec!["b"]),
        (RefusalFilter { actor_id: Some(NAME), ..all }, vec!["b"]),
        (RefusalFilter { address: Some("192.0.2.7"), ..all }, vec!["b"]),
        (RefusalFilter { address: Some("192.0.2.8"), ..all }, vec![]),
    ] {
        assert_eq!(list(store, filter).await, expected, "{filter:?}");
    }
    let mut tx = store.read().await.unwrap();
    assert_eq!(list_refusals(&mut tx, &all, 2).await.unwrap().len(), 2);
    assert_eq!(count_refusals(&mut tx, Timestamp::from_seconds(2 * HOUR)).await.unwrap(), 1);
    assert_eq!(count_refusals(&mut tx, Timestamp::from_seconds(4 * HOUR)).await.unwrap(), 0);
}

async fn hours_before_an_instant_are_forgotten_in_batches(store: &TestStore) {
    insert(store, &[row("a", 1, 1), row("b", 1, 1), row("c", 2, 1), row("d", 3, 1)]).await;
    let forget = async |hour, limit| {
        let mut tx = store.tally().await.unwrap();
        let count = delete_refusals(&mut tx, Timestamp::from_seconds(hour * HOUR), limit).await.unwrap();
        tx.commit().await.unwrap();
        count
    };
    assert_eq!(forget(1, 10).await, 0, "an hour is not before itself");
    assert_eq!([forget(3, 2).await, forget(3, 2).await, forget(3, 2).await], [2, 1, 0]);
    assert_eq!(list(store, RefusalFilter::default()).await, ["d"]);
}

async fn they_take_no_revision(store: &TestStore) {
    insert(store, &[row("a", 1, 1)]).await;
    assert_eq!(store.db_number("SELECT revision FROM head").await, 0);
}
