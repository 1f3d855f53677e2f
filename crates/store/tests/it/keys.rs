//! API keys one by one, and their secrets.

use ipnet::IpNet;
use keyward_core::{ApiId, ApiKeyId, KeySecret, KeyType, OrgScope, Owner, ScopeNumbers, Timestamp};
use keyward_store::keys::{
    KeyRow, NewKey, NewKeySecret, find_key, find_key_secret, find_selector, insert_key, list_key_secrets,
    replace_key_secret, revoke_key, update_key,
};
use keyward_store::{Actor, ActorKind, Change};
use serde_json::json;

use crate::given::{self, NAME, NOW, Seed, later, mac, plain_key, rate_limit};
use crate::test_store::{TestStore, commit};

conformance! {
    a_key_is_found_as_it_was_stored,
    a_key_that_is_kept_to_nothing_is_found_too,
    a_key_tells_what_its_references_say,
    a_key_has_the_owner_that_its_type_says,
    who_is_kept_to_one_organization_sees_its_keys_alone,
    a_secret_is_found_by_its_selector_byte_for_byte,
    a_selector_is_unique,
    a_key_has_a_selector_whatever_became_of_its_secrets,
    a_replaced_secret_ends_at_once,
    a_replaced_secret_that_had_ended_keeps_its_end,
    a_replaced_secret_goes_on_for_its_grace_and_the_one_before_ends,
    the_valid_secrets_of_a_key_are_shown_the_newest_first,
    a_key_is_changed_in_place_and_no_other_one,
    a_revoked_key_is_changed_no_more,
    a_revoked_key_tells_the_revision_that_revoked_it,
}

async fn find(store: &TestStore, id: &ApiKeyId) -> KeyRow {
    find_key(&mut store.read().await.unwrap(), &OrgScope::All, id).await.unwrap().unwrap()
}

fn first(secret: &KeySecret) -> NewKeySecret<'_> {
    NewKeySecret { secret, mac: mac(0), secret_version: 1 }
}

async fn a_key_is_found_as_it_was_stored(store: &TestStore) {
    let mut seed = Seed::new(1);
    let actor = Actor { kind: ActorKind::CommandLine, id: "root".into(), name: NAME.into() };
    let mut change = store.change(actor, NOW).await.unwrap();
    let (api, owner) = (given::api(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await);
    let owner = Owner::Organization(owner);
    let (id, secret, scopes) = (seed.key_id(NOW), seed.key_secret(), vec![3, u32::MAX].into());
    let nets: [IpNet; 2] = ["203.0.113.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    let metadata = json!({ "plan": NAME, "big": u64::MAX, "deep": { "list": [1.5, null, true] } });
    let (bound, limits) = ([api.clone()], [rate_limit("a"), rate_limit("b")]);
    let new = NewKey {
        allowed_cidrs: &nets,
        rate_limits: &limits,
        metadata: metadata.as_object(),
        bound_api_ids: Some(&bound),
        expires_at: Some(later(9)),
        ..plain_key(&id, &api, &owner, &scopes)
    };
    insert_key(&mut change, &new, &first(&secret)).await.unwrap();
    commit(change).await.unwrap();

    let row = find(store, &id).await;
    assert_eq!((&row.id, row.r#type, &row.api_id), (&id, KeyType::Organization, &api));
    assert_eq!((row.org_code.as_ref(), row.user_id.as_ref(), row.owner()), (owner.org_code(), None, owner.clone()));
    assert_eq!((row.name.as_str(), row.created_by.as_str()), (NAME, NAME));
    assert_eq!((row.key_prefix.as_str(), row.key_suffix.as_str()), (secret.shown_prefix(), secret.shown_suffix()));
    assert_eq!((&row.scopes, row.allowed_cidrs.as_slice()), (&scopes, nets.as_slice()));
    assert_eq!(row.rate_limits, limits);
    assert_eq!((row.metadata.as_ref(), row.bound_api_ids.as_deref()), (metadata.as_object(), Some(bound.as_slice())));
    assert_eq!((row.is_enabled, row.expires_at, row.revoked_at), (true, Some(later(9)), None));
    assert_eq!((row.created_at, row.revision), (NOW, 1));
    assert_eq!(store.db_texts("SELECT name_folded FROM keys").await, ["żółć & søn 東京 🗝"]);
}

async fn a_key_that_is_kept_to_nothing_is_found_too(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let id = given::key(&mut change, &mut seed, &api, &Owner::Environment).await;
    commit(change).await.unwrap();
    let row = find(store, &id).await;
    assert_eq!((row.org_code, row.user_id, row.scopes.iter().count()), (None, None, 0));
    assert_eq!((row.allowed_cidrs.len(), row.metadata, row.bound_api_ids, row.expires_at), (0, None, None, None));
    assert_eq!((row.owner_external_id, row.owner_suspended_at, row.owner_deleted_at), (None, None, None));
    assert_eq!((row.verification_count, row.last_verified_at, row.last_verified_ip), (0, None, None));
}

async fn a_key_tells_what_its_references_say(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let user = Owner::User(given::user(&mut change, &mut seed).await);
    let organization = Owner::Organization(given::organization(&mut change, &mut seed).await);
    let of_user = given::key(&mut change, &mut seed, &api, &user).await;
    let of_organization = given::key(&mut change, &mut seed, &api, &organization).await;
    commit(change).await.unwrap();
    store.db_execute("UPDATE users SET external_id = 'u', suspended_at = 1, deleted_at = 2").await;
    store.db_execute("UPDATE organizations SET external_id = 'o', suspended_at = 3, deleted_at = 4").await;
    store.db_execute("UPDATE apis SET deleted_at = 5").await;

    let at = |micros| Some(Timestamp::from_micros(micros));
    for (id, external_id, suspended, deleted) in [(of_user, "u", 1, 2), (of_organization, "o", 3, 4)] {
        let row = find(store, &id).await;
        assert_eq!(row.owner_external_id.as_deref(), Some(external_id));
        assert_eq!((row.owner_suspended_at, row.owner_deleted_at), (at(suspended), at(deleted)));
        assert_eq!((row.audience.as_deref(), row.api_deleted_at), (Some(api.as_str()), at(5)));
    }
}

async fn a_key_has_the_owner_that_its_type_says(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let user = Owner::User(given::user(&mut change, &mut seed).await);
    let id = given::key(&mut change, &mut seed, &api, &user).await;
    commit(change).await.unwrap();
    assert_eq!(find(store, &id).await.owner(), user);
    for broken in ["type = 'organization'", "type = 'environment'", "type = 'robot'", "user_id = NULL"] {
        let mut tx = store.tally().await.unwrap();
        let sql = format!("UPDATE keys SET {broken}");
        assert!(crate::test_store::db_execute(&mut tx, &sql).await.is_err(), "{broken}");
    }
}

async fn who_is_kept_to_one_organization_sees_its_keys_alone(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let (a, b) = (given::organization(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await);
    let user = given::user(&mut change, &mut seed).await;
    let owners = [Owner::Organization(a.clone()), Owner::Organization(b), Owner::User(user), Owner::Environment];
    let mut ids = Vec::new();
    for owner in &owners {
        ids.push(given::key(&mut change, &mut seed, &api, owner).await);
    }
    commit(change).await.unwrap();
    let (all, only_a) = (OrgScope::All, OrgScope::One(a));
    let mut tx = store.read().await.unwrap();
    for (owner, id) in owners.iter().zip(&ids) {
        for scope in [&all, &only_a] {
            let is_seen = find_key(&mut tx, scope, id).await.unwrap().is_some();
            assert_eq!(is_seen, scope.covers(owner), "{owner:?} {scope:?}");
        }
    }
}

/// An API, an environment key of it, and the key's secret.
async fn insert_one(change: &mut Change, seed: &mut Seed) -> (ApiId, ApiKeyId, KeySecret) {
    let (api, id, secret) = (given::api(change, seed).await, seed.key_id(NOW), seed.key_secret());
    let new_secret = NewKeySecret { secret: &secret, mac: mac(0xf0), secret_version: u32::MAX };
    let scopes = ScopeNumbers::default();
    insert_key(change, &plain_key(&id, &api, &Owner::Environment, &scopes), &new_secret).await.unwrap();
    (api, id, secret)
}

async fn a_secret_is_found_by_its_selector_byte_for_byte(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, secret) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let row = find_key_secret(&mut tx, secret.selector()).await.unwrap().unwrap();
    assert_eq!((row.key_id, row.secret_version, row.expires_at), (id, u32::MAX, None));
    assert_eq!(row.mac.as_bytes(), mac(0xf0).as_bytes());
    assert!(find_key_secret(&mut tx, seed.key_secret().selector()).await.unwrap().is_none());
}

async fn a_selector_is_unique(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (api, _, secret) = insert_one(&mut change, &mut seed).await;
    let (id, scopes) = (seed.key_id(NOW), ScopeNumbers::default());
    let key = plain_key(&id, &api, &Owner::Environment, &scopes);
    assert!(insert_key(&mut change, &key, &first(&secret)).await.is_err());
}

async fn a_key_has_a_selector_whatever_became_of_its_secrets(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (api, id, secret) = insert_one(&mut change, &mut seed).await;
    let (other, of_other, scopes) = (seed.key_id(NOW), seed.key_secret(), ScopeNumbers::default());
    let key = plain_key(&other, &api, &Owner::Environment, &scopes);
    insert_key(&mut change, &key, &first(&of_other)).await.unwrap();
    commit(change).await.unwrap();
    let mut tx = store.read().await.unwrap();
    assert_eq!(find_selector(&mut tx, &id).await.unwrap(), Some(secret.selector()));
    assert_eq!(find_selector(&mut tx, &other).await.unwrap(), Some(of_other.selector()));
    assert_eq!(find_selector(&mut tx, &seed.key_id(NOW)).await.unwrap(), None);
    drop(tx);
    let (next, key) = (seed.key_secret(), find(store, &id).await);
    let mut change = store.begin_at(later(5)).await;
    replace_key_secret(&mut change, &key, &first(&next), later(5)).await.unwrap();
    commit(change).await.unwrap();
    let found = find_selector(&mut store.read().await.unwrap(), &id).await.unwrap().unwrap();
    assert_eq!(found, secret.selector().min(next.selector()));
}

async fn a_replaced_secret_ends_at_once(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, old) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let (next, key) = (seed.key_secret(), find(store, &id).await);
    let mut change = store.begin_at(later(5)).await;
    replace_key_secret(&mut change, &key, &first(&next), later(5)).await.unwrap();
    commit(change).await.unwrap();

    let mut tx = store.read().await.unwrap();
    let ended = find_key_secret(&mut tx, old.selector()).await.unwrap().unwrap();
    let valid = find_key_secret(&mut tx, next.selector()).await.unwrap().unwrap();
    assert_eq!((ended.expires_at, valid.expires_at, &valid.key_id), (Some(later(5)), None, &id));
    drop(tx);
    let row = find(store, &id).await;
    assert_eq!((row.key_prefix.as_str(), row.key_suffix.as_str()), (next.shown_prefix(), next.shown_suffix()));
    assert_eq!(row.revision, 2);
}

async fn a_replaced_secret_that_had_ended_keeps_its_end(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, oldest) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    for seconds in [5, 9] {
        let (next, key) = (seed.key_secret(), find(store, &id).await);
        let mut change = store.begin_at(later(seconds)).await;
        replace_key_secret(&mut change, &key, &first(&next), later(seconds)).await.unwrap();
        commit(change).await.unwrap();
    }
    let ended = find_key_secret(&mut store.read().await.unwrap(), oldest.selector()).await.unwrap().unwrap();
    assert_eq!(ended.expires_at, Some(later(5)));
}

/// Rotates a key at this second, with a grace of so many.
async fn rotate(store: &TestStore, id: &ApiKeyId, next: &KeySecret, (second, grace): (u64, u64)) {
    let key = find(store, id).await;
    let mut change = store.begin_at(later(second)).await;
    replace_key_secret(&mut change, &key, &first(next), later(second + grace)).await.unwrap();
    commit(change).await.unwrap();
}

async fn a_replaced_secret_goes_on_for_its_grace_and_the_one_before_ends(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, oldest) = insert_one(&mut change, &mut seed).await;
    let (_, beside, untouched) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let (second, third) = (seed.key_secret(), seed.key_secret());
    rotate(store, &id, &second, (5, 60)).await;
    let ends = async |secret: &KeySecret| {
        find_key_secret(&mut store.read().await.unwrap(), secret.selector()).await.unwrap().unwrap().expires_at
    };
    assert_eq!((ends(&oldest).await, ends(&second).await), (Some(later(65)), None));
    rotate(store, &id, &third, (9, 60)).await;
    let seen = (ends(&oldest).await, ends(&second).await, ends(&third).await);
    assert_eq!(seen, (Some(later(9)), Some(later(69)), None));
    rotate(store, &beside, &seed.key_secret(), (10, 0)).await;
    assert_eq!((ends(&untouched).await, ends(&second).await), (Some(later(10)), Some(later(69))));
}

async fn the_valid_secrets_of_a_key_are_shown_the_newest_first(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, oldest) = insert_one(&mut change, &mut seed).await;
    let (_, other, _) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let newest = seed.key_secret();
    rotate(store, &id, &newest, (5, 60)).await;
    let shown = async |id: &ApiKeyId, now| {
        let rows = list_key_secrets(&mut store.read().await.unwrap(), id, now).await.unwrap();
        rows.into_iter().map(|row| (row.selector, row.created_at, row.expires_at)).collect::<Vec<_>>()
    };
    let (new, old) = ((newest.selector(), later(5), None), (oldest.selector(), NOW, Some(later(65))));
    assert_eq!(shown(&id, later(64)).await, [new, old]);
    assert_eq!(shown(&id, later(65)).await, [new]);
    assert_eq!(shown(&other, later(65)).await.len(), 1);
}

async fn a_key_is_changed_in_place_and_no_other_one(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, _) = insert_one(&mut change, &mut seed).await;
    let (_, other, _) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let (mut key, untouched) = (find(store, &id).await, find(store, &other).await);
    key.name = "Ünnamed".into();
    key.scopes = [1, 7].into_iter().collect();
    key.allowed_cidrs = vec!["10.0.0.0/8".parse().unwrap()];
    key.metadata = serde_json::json!({ "plan": "pro" }).as_object().cloned();
    key.is_enabled = false;
    key.rate_limits = vec![rate_limit("c")];
    key.expires_at = Some(later(60));
    let mut change = store.begin_at(later(5)).await;
    update_key(&mut change, &key).await.unwrap();
    commit(change).await.unwrap();
    let (row, other) = (find(store, &id).await, find(store, &other).await);
    assert_eq!((row.revision, other.revision), (2, 1));
    let members = |row: KeyRow| {
        let kept = (row.created_at, row.created_by);
        (row.name, row.scopes, row.allowed_cidrs, row.rate_limits, row.metadata, row.is_enabled, row.expires_at, kept)
    };
    assert_eq!(members(row), members(key));
    assert_eq!(members(other), members(untouched));
    assert_eq!(store.db_texts(&format!("SELECT name_folded FROM keys WHERE id = '{id}'")).await, ["ünnamed"]);
}

async fn a_revoked_key_is_changed_no_more(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, _) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let key = find(store, &id).await;
    let mut change = store.begin_at(later(5)).await;
    revoke_key(&mut change, &key).await.unwrap();
    assert!(update_key(&mut change, &key).await.is_err());
}

async fn a_revoked_key_tells_the_revision_that_revoked_it(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (_, id, _) = insert_one(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let key = find(store, &id).await;
    assert_eq!(key.revoked_revision, None);
    let mut change = store.begin_at(later(5)).await;
    revoke_key(&mut change, &key).await.unwrap();
    commit(change).await.unwrap();
    let row = find(store, &id).await;
    assert_eq!((row.revoked_at, row.revision, row.revoked_revision), (Some(later(5)), 2, Some(2)));
    let mut change = store.begin_at(later(9)).await;
    assert!(revoke_key(&mut change, &row).await.is_err(), "once is for good");
}
