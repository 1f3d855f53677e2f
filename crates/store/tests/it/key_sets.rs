//! Sets of keys: whichever filters are given, the keys are those that pass each of them, and just these are changed.

use std::time::Duration;

use keyward_core::{ApiId, ApiKeyId, KeyPolicy, OrgCode, OrgScope, Owner, ScopeNumber, Timestamp, UserId};
use keyward_store::key_sets::{SetAction, SetFilter, change_set, count_keys, end_within, list_beyond, list_set};
use keyward_store::keys::{KeyFilter, KeyRow, list_keys};

use crate::given::{self, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    whichever_filters_are_given_the_keys_are_those_that_pass_each_and_just_these_are_changed,
    a_key_that_is_used_in_between_is_not_changed,
    keys_beyond_a_policy_are_those_that_end_too_late_and_just_these_end_sooner,
    the_keys_of_an_owner_are_counted_that_are_neither_revoked_nor_expired,
}

/// Combinations of filters that are tried.
const COMBINATIONS: usize = 600;

struct Shop {
    apis: Vec<ApiId>,
    users: Vec<UserId>,
    orgs: Vec<OrgCode>,
}

/// Keys of every kind of owner for three APIs, of which one is deleted, each in every state; owners that are well, suspended
/// and deleted.
async fn shop(store: &TestStore) -> Shop {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let (mut apis, mut users, mut orgs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        apis.push(given::api(&mut change, &mut seed).await);
        users.push(given::user(&mut change, &mut seed).await);
        orgs.push(given::organization(&mut change, &mut seed).await);
    }
    let owners = users.iter().cloned().map(Owner::User).chain(orgs.iter().cloned().map(Owner::Organization));
    let owners: Vec<Owner> = owners.chain([Owner::Environment]).collect();
    let mut keys = Vec::new();
    for owner in &owners {
        for api in &apis {
            for _ in 0..7 {
                keys.push(given::key(&mut change, &mut seed, api, owner).await);
            }
        }
    }
    commit(change).await.unwrap();
    for (at, id) in keys.iter().enumerate() {
        let state = [
            "created_by = 'job'".to_owned(),
            "revoked_at = 1".to_owned(),
            "is_enabled = FALSE".to_owned(),
            "scopes = '[1]'".to_owned(),
            "scopes = '[11,2,1]', created_by = 'job'".to_owned(),
            "scopes = '[11,12]'".to_owned(),
            format!("scopes = '[1,3]', created_at = {}", later(2).as_micros()),
        ];
        store.db_execute(&format!("UPDATE keys SET {} WHERE id = '{id}'", state[at % state.len()])).await;
    }
    // Every third was never used; the others at one time or another.
    for (at, id) in keys.iter().enumerate().filter(|(at, _)| at % 3 > 0) {
        use_at(store, id, later(1 + at as u64 % 2)).await;
    }
    for (what, at) in [("suspended_at", 1), ("deleted_at", 2)] {
        store.db_execute(&format!("UPDATE users SET {what} = 1 WHERE id = '{}'", users[at])).await;
        store.db_execute(&format!("UPDATE organizations SET {what} = 1 WHERE code = '{}'", orgs[at])).await;
    }
    store.db_execute(&format!("UPDATE apis SET deleted_at = 1 WHERE id = '{}'", apis[2])).await;
    Shop { apis, users, orgs }
}

async fn use_at(store: &TestStore, id: &ApiKeyId, at: Timestamp) {
    let at = at.as_micros();
    let sql = format!("INSERT INTO key_usage (key_id, verification_count, last_verified_at) VALUES ('{id}', 1, {at})");
    store.db_execute(&sql).await;
}

/// Whether a key passes, by what its row says.
fn passes(row: &KeyRow, scope: &OrgScope, action: SetAction, filter: &SetFilter<'_>) -> bool {
    !row.state().is_revoked
        && (action == SetAction::Revoke || row.is_enabled)
        && scope.covers(&row.owner())
        && filter.user_id.is_none_or(|id| row.user_id.as_ref() == Some(id))
        && filter.org_code.is_none_or(|code| row.org_code.as_ref() == Some(code))
        && filter.api_id.is_none_or(|id| row.api_id == *id)
        && filter.scope.is_none_or(|number| row.scopes.contains(number))
        && filter.created_after.is_none_or(|after| row.created_at > after)
        && filter.created_by.is_none_or(|name| row.created_by == name)
        && filter
            .last_used_before
            .is_none_or(|before| row.created_at < before && row.last_verified_at.is_none_or(|last| last < before))
}

async fn every_key(store: &TestStore) -> Vec<KeyRow> {
    let mut tx = store.read().await.unwrap();
    list_keys(&mut tx, &OrgScope::All, &KeyFilter::default(), NOW, 1_000).await.unwrap()
}

async fn whichever_filters_are_given_the_keys_are_those_that_pass_each_and_just_these_are_changed(store: &TestStore) {
    let shop = shop(store).await;
    let every = every_key(store).await;
    let mut fill = Seed::new(7);
    let mut random = |end: usize| {
        let mut bytes = [0; 4];
        fill.fill()(&mut bytes);
        u32::from_be_bytes(bytes) as usize % end
    };
    let mut found = 0;
    for _ in 0..COMBINATIONS {
        let scope = if random(3) == 0 { OrgScope::One(shop.orgs[random(3)].clone()) } else { OrgScope::All };
        let action = [SetAction::Revoke, SetAction::Disable][random(2)];
        let filter = SetFilter {
            org_code: (random(3) == 0).then(|| &shop.orgs[random(3)]),
            user_id: (random(4) == 0).then(|| &shop.users[random(3)]),
            api_id: (random(2) == 0).then(|| &shop.apis[random(3)]),
            scope: (random(4) == 0).then(|| [1, 2, 3, 11][random(4)] as ScopeNumber),
            created_after: (random(4) == 0).then(|| [NOW, later(1), later(2)][random(3)]),
            last_used_before: (random(4) == 0).then(|| [NOW, later(1), later(2), later(3)][random(4)]),
            created_by: (random(4) == 0).then(|| ["job", "jo"][random(2)]),
        };
        let expected: Vec<&KeyRow> = every.iter().filter(|row| passes(row, &scope, action, &filter)).collect();
        let ids: Vec<&ApiKeyId> = expected.iter().map(|row| &row.id).collect();
        let mut change = store.begin().await;
        let listed = list_set(&mut change, &scope, action, &filter, 1_000).await.unwrap();
        assert_eq!(listed.iter().map(|row| &row.id).collect::<Vec<_>>(), ids, "{scope:?} {action:?} {filter:?}");
        let few = list_set(&mut change, &scope, action, &filter, 1).await.unwrap();
        assert_eq!(few.iter().map(|row| &row.id).collect::<Vec<_>>(), ids[..ids.len().min(1)]);
        let revisions: Vec<u64> = expected.iter().map(|row| row.revision).collect();
        assert_eq!(listed.iter().map(|row| row.revision).collect::<Vec<_>>(), revisions);
        let changed = change_set(&mut change, &scope, action, &filter).await.unwrap();
        assert_eq!(changed, ids.len() as u64, "{scope:?} {action:?} {filter:?}");
        let (revision, now) = (change.revision(), change.now());
        let after = list_keys(&mut change, &OrgScope::All, &KeyFilter::default(), NOW, 1_000).await.unwrap();
        for (before, after) in every.iter().zip(&after) {
            let is_hit = ids.contains(&&before.id);
            let (mut is_enabled, mut revoked_at) = (before.is_enabled, before.revoked_at);
            match action {
                SetAction::Revoke if is_hit => revoked_at = Some(now),
                SetAction::Disable if is_hit => is_enabled = false,
                _ => {}
            }
            let shown = (after.is_enabled, after.revoked_at, after.revision);
            let revision = if is_hit { revision } else { before.revision };
            assert_eq!(shown, (is_enabled, revoked_at, revision), "{scope:?} {action:?} {filter:?}");
        }
        found += usize::from(!ids.is_empty());
    }
    assert!(found > COMBINATIONS / 10, "only {found} combinations have keys");
}

async fn a_key_that_is_used_in_between_is_not_changed(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let used = given::key(&mut change, &mut seed, &api, &Owner::Environment).await;
    let unused = given::key(&mut change, &mut seed, &api, &Owner::Environment).await;
    commit(change).await.unwrap();
    let filter = SetFilter { last_used_before: Some(later(1)), ..SetFilter::default() };
    let listed = list_set(&mut store.read().await.unwrap(), &OrgScope::All, SetAction::Revoke, &filter, 9).await;
    assert_eq!(listed.unwrap().len(), 2);
    use_at(store, &used, later(1)).await;
    let mut change = store.begin().await;
    assert_eq!(change_set(&mut change, &OrgScope::All, SetAction::Revoke, &filter).await.unwrap(), 1);
    commit(change).await.unwrap();
    let revoked: Vec<_> = every_key(store).await.into_iter().filter(|row| row.revoked_at.is_some()).collect();
    assert_eq!(revoked.iter().map(|row| &row.id).collect::<Vec<_>>(), [&unused]);
}

/// Gives the keys of a shop ends before, at and behind now, and has some of them made before.
async fn set_ends(store: &TestStore) {
    for (at, row) in every_key(store).await.iter().enumerate() {
        let end = [None, Some(NOW), Some(later(1)), Some(later(60)), Some(later(61)), Some(later(1_000))][at % 6];
        let end = end.map_or("NULL".to_owned(), |end| end.as_micros().to_string());
        let made = if at % 5 == 0 { NOW.as_micros() - 200_000_000 } else { row.created_at.as_micros() };
        let sql = format!("UPDATE keys SET expires_at = {end}, created_at = {made} WHERE id = '{}'", row.id);
        store.db_execute(&sql).await;
    }
}

/// When a key ends by a policy that it breaks; none if it breaks none.
fn end_by(policy: &KeyPolicy, row: &KeyRow) -> Option<Option<Timestamp>> {
    let most = policy.max_lifetime_seconds.map(|most| Duration::from_secs(most.into()));
    let is_beyond = match row.expires_at {
        None => policy.requires_expiry || most.is_some(),
        Some(end) => end > NOW && most.is_some_and(|most| end > row.created_at.after(most)),
    };
    let end = match most {
        Some(most) => Some(row.created_at.after(most).max(NOW)),
        None => policy.default_lifetime_seconds.map(|default| later(default.into())),
    };
    (is_beyond && !row.state().is_revoked).then_some(end)
}

async fn keys_beyond_a_policy_are_those_that_end_too_late_and_just_these_end_sooner(store: &TestStore) {
    let shop = shop(store).await;
    set_ends(store).await;
    let every = every_key(store).await;
    let mut counts = Vec::new();
    // Nobody asks about an API that is deleted.
    for api in &shop.apis[..2] {
        for (requires_expiry, max_lifetime_seconds, default_lifetime_seconds) in [
            (false, None, None),
            (false, None, Some(70)),
            (true, None, None),
            (true, None, Some(70)),
            (false, Some(60), None),
            (true, Some(60), Some(30)),
            (false, Some(230), None),
        ] {
            let policy =
                KeyPolicy { default_lifetime_seconds, max_lifetime_seconds, requires_expiry, ..KeyPolicy::default() };
            let beyond: Vec<&KeyRow> =
                every.iter().filter(|row| row.api_id == *api && end_by(&policy, row).is_some()).collect();
            let ids: Vec<&ApiKeyId> = beyond.iter().map(|row| &row.id).collect();
            let mut change = store.begin().await;
            let listed = list_beyond(&mut change, api, &policy, NOW, 1_000).await.unwrap();
            assert_eq!(listed.iter().map(|row| &row.id).collect::<Vec<_>>(), ids, "{policy:?}");
            let two = list_beyond(&mut change, api, &policy, NOW, 2).await.unwrap();
            assert_eq!(two.len(), ids.len().min(2));
            assert_eq!(end_within(&mut change, api, &policy).await.unwrap(), ids.len() as u64, "{policy:?}");
            let revision = change.revision();
            let after = list_keys(&mut change, &OrgScope::All, &KeyFilter::default(), NOW, 1_000).await.unwrap();
            for (before, after) in every.iter().zip(&after) {
                let hit = end_by(&policy, before).filter(|_| before.api_id == *api);
                let expected = (hit.unwrap_or(before.expires_at), hit.map_or(before.revision, |_| revision));
                assert_eq!((after.expires_at, after.revision), expected, "{policy:?} {before:?}");
            }
            counts.push(ids.len());
        }
    }
    assert!(counts.iter().filter(|count| **count > 0).count() > 6, "{counts:?}");
}

async fn the_keys_of_an_owner_are_counted_that_are_neither_revoked_nor_expired(store: &TestStore) {
    let shop = shop(store).await;
    set_ends(store).await;
    let every = every_key(store).await;
    let mut tx = store.read().await.unwrap();
    let owners = [
        Owner::User(shop.users[0].clone()),
        Owner::User(shop.users[1].clone()),
        Owner::Organization(shop.orgs[0].clone()),
        Owner::Organization(shop.orgs[1].clone()),
        Owner::Environment,
    ];
    for owner in &owners {
        for api in &shop.apis[..2] {
            let is_counted = |row: &&KeyRow| {
                row.owner() == *owner
                    && row.api_id == *api
                    && row.revoked_at.is_none()
                    && row.expires_at.is_none_or(|end| end > NOW)
            };
            let expected = every.iter().filter(is_counted).count() as u64;
            assert!((1..7).contains(&expected), "{expected}");
            assert_eq!(count_keys(&mut tx, owner, api, NOW).await.unwrap(), expected, "{owner:?}");
        }
    }
}
