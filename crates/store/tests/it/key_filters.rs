//! The filters of the list of keys, all together: whichever are given, the keys are those that pass each of them.

use keyward_core::{ApiId, ApiKeyId, KeyStatus, KeyType, OrgCode, OrgScope, Owner, UserId};
use keyward_store::keys::{KeyFilter, KeyRow, list_keys};

use crate::given::{self, NOW, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    whichever_filters_are_given_the_keys_are_those_that_pass_each,
}

/// Combinations of filters that are tried.
const COMBINATIONS: usize = 2_500;

struct Shop {
    apis: Vec<ApiId>,
    users: Vec<UserId>,
    orgs: Vec<OrgCode>,
    keys: Vec<ApiKeyId>,
}

/// Keys of every kind of owner for two APIs, of which one is deleted, each in every state; owners that are well, suspended
/// and deleted.
async fn shop(store: &TestStore) -> Shop {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let apis = vec![given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await];
    let (mut users, mut orgs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        users.push(given::user(&mut change, &mut seed).await);
        orgs.push(given::organization(&mut change, &mut seed).await);
    }
    let owners = users.iter().cloned().map(Owner::User).chain(orgs.iter().cloned().map(Owner::Organization));
    let owners: Vec<Owner> = owners.chain([Owner::Environment]).collect();
    let mut keys = Vec::new();
    for owner in &owners {
        for api in &apis {
            for _ in 0..5 {
                keys.push(given::key(&mut change, &mut seed, api, owner).await);
            }
        }
    }
    commit(change).await.unwrap();
    for (at, id) in keys.iter().enumerate() {
        let (expired, expires) = (NOW.as_micros(), later(1).as_micros());
        let state = [
            "name_folded = 'one'".to_owned(),
            "revoked_at = 1".to_owned(),
            "is_enabled = FALSE".to_owned(),
            format!("expires_at = {expired}, name_folded = 'one'"),
            format!("expires_at = {expires}"),
        ];
        store.db_execute(&format!("UPDATE keys SET {} WHERE id = '{id}'", state[at % state.len()])).await;
    }
    // Every third was never used; the others at one time or another, and some were made later.
    for (at, id) in keys.iter().enumerate().filter(|(at, _)| at % 3 > 0) {
        let last = later(1 + at as u64 % 2).as_micros();
        let sql =
            format!("INSERT INTO key_usage (key_id, verification_count, last_verified_at) VALUES ('{id}', 1, {last})");
        store.db_execute(&sql).await;
    }
    for id in keys.iter().step_by(7) {
        store.db_execute(&format!("UPDATE keys SET created_at = {} WHERE id = '{id}'", later(2).as_micros())).await;
    }
    for (what, at) in [("suspended_at", 1), ("deleted_at", 2)] {
        store.db_execute(&format!("UPDATE users SET {what} = 1 WHERE id = '{}'", users[at])).await;
        store.db_execute(&format!("UPDATE organizations SET {what} = 1 WHERE code = '{}'", orgs[at])).await;
    }
    store.db_execute(&format!("UPDATE apis SET deleted_at = 1 WHERE id = '{}'", apis[1])).await;
    Shop { apis, users, orgs, keys }
}

/// One of these, or none, as often.
fn maybe<'v, T>(values: &'v [T], random: &mut impl FnMut(usize) -> usize) -> Option<&'v T> {
    (random(2) == 0).then(|| &values[random(values.len())])
}

/// The same, and seldom: of keys that pass all the other filters, some are to be left.
fn rarely<T: Copy>(values: &[T], random: &mut impl FnMut(usize) -> usize) -> Option<T> {
    if random(4) == 0 { maybe(values, random).copied() } else { None }
}

/// Whether a key passes, by what its row says.
fn passes(row: &KeyRow, scope: &OrgScope, filter: &KeyFilter<'_>) -> bool {
    scope.covers(&row.owner())
        && filter.starting_after.is_none_or(|after| row.id < *after)
        && filter.r#type.is_none_or(|kind| row.r#type == kind)
        && filter.status.is_none_or(|status| row.state().status(NOW) == status)
        && filter.user_id.is_none_or(|id| row.user_id.as_ref() == Some(id))
        && filter.org_code.is_none_or(|code| row.org_code.as_ref() == Some(code))
        && filter.api_id.is_none_or(|id| row.api_id == *id)
        && filter.expires_before.is_none_or(|before| row.expires_at.is_some_and(|end| end <= before))
        && filter
            .unused_since
            .is_none_or(|since| row.created_at < since && row.last_verified_at.is_none_or(|last| last < since))
}

async fn whichever_filters_are_given_the_keys_are_those_that_pass_each(store: &TestStore) {
    let shop = shop(store).await;
    let mut tx = store.read().await.unwrap();
    let every = list_keys(&mut tx, &OrgScope::All, &KeyFilter::default(), NOW, 1_000).await.unwrap();
    let by_name = KeyFilter { name: Some("on"), ..KeyFilter::default() };
    let named = list_keys(&mut tx, &OrgScope::All, &by_name, NOW, 1_000).await.unwrap();
    assert_eq!((every.len(), named.len()), (shop.keys.len(), shop.keys.len() * 2 / 5));

    let mut fill = Seed::new(7);
    let mut random = |end: usize| {
        let mut bytes = [0; 4];
        fill.fill()(&mut bytes);
        u32::from_be_bytes(bytes) as usize % end
    };
    let scopes: Vec<OrgScope> = shop.orgs.iter().cloned().map(OrgScope::One).collect();
    for _ in 0..COMBINATIONS {
        let filter = KeyFilter {
            starting_after: maybe(&shop.keys, &mut random),
            r#type: maybe(&[KeyType::User, KeyType::Organization, KeyType::Environment], &mut random).copied(),
            status: maybe(&[KeyStatus::Active, KeyStatus::Inactive, KeyStatus::Revoked], &mut random).copied(),
            user_id: maybe(&shop.users, &mut random),
            org_code: maybe(&shop.orgs, &mut random),
            api_id: maybe(&shop.apis, &mut random),
            name: maybe(&["on"], &mut random).copied(),
            expires_before: rarely(&[NOW, later(1), later(2)], &mut random),
            unused_since: rarely(&[NOW, later(1), later(2), later(3)], &mut random),
        };
        let scope = maybe(&scopes, &mut random).unwrap_or(&OrgScope::All);
        let limit = [1, 3, 1_000][random(3)];
        let pool = if filter.name.is_some() { &named } else { &every };
        let expected = pool.iter().filter(|row| passes(row, scope, &filter)).take(limit as usize);
        let expected: Vec<&ApiKeyId> = expected.map(|row| &row.id).collect();
        let listed = list_keys(&mut tx, scope, &filter, NOW, limit).await.unwrap();
        assert_eq!(listed.iter().map(|row| &row.id).collect::<Vec<_>>(), expected, "{scope:?} {filter:?} {limit}");
    }
}
