//! The status of a key: SQL, which filters by it, and the core, which decides by it, must mean the same.

use std::collections::BTreeMap;

use keyward_core::{ApiId, KeyStatus, OrgScope, Owner, ScopeNumbers, Timestamp};
use keyward_store::Change;
use keyward_store::keys::{KeyFilter, NewKey, NewKeySecret, insert_key, list_keys};

use crate::given::{self, NOW, Seed, later, mac, plain_key};
use crate::test_store::{TestStore, commit};

conformance! {
    the_status_filter_and_the_core_agree_on_every_combination,
    a_key_changes_its_status_at_the_instant_of_its_expiry,
}

/// What can be true of an API or an owner; each row is named after its own.
const REFERENCES: [&str; 4] = ["", "deleted ", "suspended ", "deleted suspended "];
/// What can be true of a key itself, beside its expiry.
const KEYS: [&str; 4] = ["", "revoked ", "disabled ", "revoked disabled "];

/// Stores one key for each thing that can be true of itself and its expiry, named after it.
async fn insert_keys(change: &mut Change, seed: &mut Seed, about: &str, api_id: &ApiId, owner: &Owner) {
    let just_before = Timestamp::from_micros(NOW.as_micros() - 1);
    let expiries = [("never", None), ("before", Some(just_before)), ("now", Some(NOW)), ("after", Some(later(1)))];
    for itself in KEYS {
        for (when, expires_at) in expiries {
            let name = format!("{about}{itself}expires {when}");
            let (id, secret, scopes) = (seed.key_id(NOW), seed.key_secret(), ScopeNumbers::default());
            let key = NewKey { name: &name, expires_at, ..plain_key(&id, api_id, owner, &scopes) };
            let first = NewKeySecret { secret: &secret, mac: mac(0), secret_version: 1 };
            insert_key(change, &key, &first).await.unwrap();
        }
    }
}

/// Stores keys for every combination, and makes it true by statements that go by the names.
async fn insert_every_combination(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let mut stamps = Vec::new();
    for about_api in ["", "api deleted "] {
        let api = given::api(&mut change, &mut seed).await;
        stamps.extend((!about_api.is_empty()).then(|| format!("UPDATE apis SET deleted_at = 1 WHERE id = '{api}'")));
        insert_keys(&mut change, &mut seed, about_api, &api, &Owner::Environment).await;
        for reference in REFERENCES {
            let user = given::user(&mut change, &mut seed).await;
            let organization = given::organization(&mut change, &mut seed).await;
            for word in reference.split_whitespace() {
                stamps.push(format!("UPDATE users SET {word}_at = 1 WHERE id = '{user}'"));
                stamps.push(format!("UPDATE organizations SET {word}_at = 1 WHERE code = '{organization}'"));
            }
            let about = format!("{about_api}user {reference}");
            insert_keys(&mut change, &mut seed, &about, &api, &Owner::User(user)).await;
            let about = format!("{about_api}organization {reference}");
            insert_keys(&mut change, &mut seed, &about, &api, &Owner::Organization(organization)).await;
        }
    }
    commit(change).await.unwrap();
    stamps.push("UPDATE keys SET revoked_at = 1 WHERE name LIKE '%revoked %'".into());
    stamps.push("UPDATE keys SET is_enabled = FALSE WHERE name LIKE '%disabled %'".into());
    for sql in stamps {
        assert!(store.db_execute(&sql).await > 0, "{sql}");
    }
}

/// The status that a key's name says it has at [`NOW`].
fn status_by_name(name: &str) -> KeyStatus {
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if says(&["revoked", "deleted"]) {
        KeyStatus::Revoked
    } else if says(&["disabled", "suspended", "expires before", "expires now"]) {
        KeyStatus::Inactive
    } else {
        KeyStatus::Active
    }
}

async fn the_status_filter_and_the_core_agree_on_every_combination(store: &TestStore) {
    insert_every_combination(store).await;
    let list = async |status| {
        let filter = KeyFilter { status, ..KeyFilter::default() };
        list_keys(&mut store.read().await.unwrap(), &OrgScope::All, &filter, NOW, 1_000).await.unwrap()
    };
    let all = list(None).await;
    assert_eq!(all.len(), 2 * (1 + 2 * REFERENCES.len()) * KEYS.len() * 4);
    let mut by_filter = BTreeMap::new();
    for status in [KeyStatus::Active, KeyStatus::Inactive, KeyStatus::Revoked] {
        for row in list(Some(status)).await {
            assert_eq!(by_filter.insert(row.name.clone(), status), None, "{} is listed twice", row.name);
        }
    }
    for row in &all {
        let by_core = row.state().status(NOW);
        assert_eq!(by_core, status_by_name(&row.name), "{}", row.name);
        assert_eq!(by_filter.get(&row.name), Some(&by_core), "{}", row.name);
    }
}

async fn a_key_changes_its_status_at_the_instant_of_its_expiry(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let (id, secret, scopes) = (seed.key_id(NOW), seed.key_secret(), ScopeNumbers::default());
    let key = NewKey { expires_at: Some(later(1)), ..plain_key(&id, &api, &Owner::Environment, &scopes) };
    let first = NewKeySecret { secret: &secret, mac: mac(0), secret_version: 1 };
    insert_key(&mut change, &key, &first).await.unwrap();
    commit(change).await.unwrap();

    let just_before = Timestamp::from_micros(later(1).as_micros() - 1);
    for (now, status) in [(just_before, KeyStatus::Active), (later(1), KeyStatus::Inactive)] {
        let filter = KeyFilter { status: Some(status), ..KeyFilter::default() };
        let mut tx = store.read().await.unwrap();
        let rows = list_keys(&mut tx, &OrgScope::All, &filter, now, 10).await.unwrap();
        assert_eq!(rows.len(), 1, "{status:?}");
    }
}
