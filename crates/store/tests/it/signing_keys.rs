//! The keys that tokens are signed with.

use keyward_core::Timestamp;
use keyward_store::signing_keys::{
    NewSigningKey, SigningKeyRow, insert_signing_key, list_signing_keys, retire_signing_keys, wipe_retired_signing_keys,
};

use crate::given::{NOW, later};
use crate::test_store::{TestStore, commit};

conformance! {
    a_signing_key_is_listed_as_it_was_stored,
    the_signing_key_that_became_active_last_comes_first,
    a_retired_signing_key_is_not_listed_from_that_instant,
    a_signing_key_id_is_unique,
    retiring_puts_no_end_off,
    the_private_halves_of_retired_keys_are_wiped_and_no_others,
}

fn new(kid: &str, active_at: Timestamp) -> NewSigningKey<'_> {
    NewSigningKey { kid, public_jwk: "{}", private_sealed: &[0, 255, 0], secret_version: u32::MAX, active_at }
}

async fn insert(store: &TestStore, keys: &[(&str, Timestamp)]) {
    let mut change = store.begin().await;
    for (kid, active_at) in keys {
        insert_signing_key(&mut change, &new(kid, *active_at)).await.unwrap();
    }
    commit(change).await.unwrap();
}

async fn list(store: &TestStore, now: Timestamp) -> Vec<SigningKeyRow> {
    list_signing_keys(&mut store.read().await.unwrap(), now).await.unwrap()
}

async fn a_signing_key_is_listed_as_it_was_stored(store: &TestStore) {
    insert(store, &[("kid-1", later(1))]).await;
    let [row] = list(store, NOW).await.try_into().unwrap();
    let SigningKeyRow { kid, public_jwk, private_sealed, secret_version, created_at, active_at, retired_at, revision } =
        row;
    assert_eq!((created_at, retired_at, revision), (NOW, None, 1));
    assert_eq!((kid.as_str(), public_jwk.as_str(), active_at), ("kid-1", "{}", later(1)));
    assert_eq!((private_sealed.as_slice(), secret_version), ([0, 255, 0].as_slice(), u32::MAX));
}

async fn the_signing_key_that_became_active_last_comes_first(store: &TestStore) {
    insert(store, &[("c", later(1)), ("a", NOW), ("d", later(2)), ("b", later(1))]).await;
    let kids: Vec<_> = list(store, NOW).await.into_iter().map(|row| row.kid).collect();
    assert_eq!(kids, ["d", "b", "c", "a"]);
}

async fn a_retired_signing_key_is_not_listed_from_that_instant(store: &TestStore) {
    insert(store, &[("a", NOW)]).await;
    store.db_execute(&format!("UPDATE signing_keys SET retired_at = {}", later(5).as_micros())).await;
    assert_eq!(list(store, later(4)).await.len(), 1);
    assert!(list(store, later(5)).await.is_empty());
}

async fn a_signing_key_id_is_unique(store: &TestStore) {
    insert(store, &[("a", NOW)]).await;
    assert!(insert_signing_key(&mut store.begin().await, &new("a", later(1))).await.is_err());
}

async fn retiring_puts_no_end_off(store: &TestStore) {
    insert(store, &[("a", NOW)]).await;
    for (at, expected) in [(9, 9), (20, 9), (5, 5)] {
        let mut change = store.begin().await;
        retire_signing_keys(&mut change, later(at)).await.unwrap();
        commit(change).await.unwrap();
        assert_eq!(list(store, NOW).await[0].retired_at, Some(later(expected)), "{at}");
    }
}

async fn the_private_halves_of_retired_keys_are_wiped_and_no_others(store: &TestStore) {
    insert(store, &[("a", NOW), ("b", later(1)), ("c", later(2))]).await;
    store.db_execute(&format!("UPDATE signing_keys SET retired_at = {} WHERE kid = 'a'", later(5).as_micros())).await;
    store.db_execute(&format!("UPDATE signing_keys SET retired_at = {} WHERE kid = 'b'", later(6).as_micros())).await;
    let mut tx = store.tally().await.unwrap();
    assert_eq!(wipe_retired_signing_keys(&mut tx, later(5)).await.unwrap(), 1);
    assert_eq!(wipe_retired_signing_keys(&mut tx, later(5)).await.unwrap(), 0, "once");
    tx.commit().await.unwrap();
    let left = "SELECT kid FROM signing_keys WHERE length(private_sealed) > 0 ORDER BY kid";
    assert_eq!(store.db_texts(left).await, ["b", "c"]);
}
