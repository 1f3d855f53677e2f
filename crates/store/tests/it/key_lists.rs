//! Lists of keys: their order, their pages, their filters, and who sees what.

use keyward_core::{ApiKeyId, KeyStatus, KeyType, OrgCode, OrgScope, Owner, UserId};
use keyward_store::keys::{KeyFilter, list_keys};

use crate::given::{self, Seed, later};
use crate::test_store::{TestStore, commit};

conformance! {
    keys_are_listed_newest_first,
    pages_follow_each_other_without_gap_or_repetition,
    a_key_made_meanwhile_does_not_move_the_next_page,
    each_filter_keeps_what_it_names,
    an_api_keeps_its_own_keys,
    a_name_is_found_by_any_part_of_it,
    filters_hold_together,
    the_limit_is_applied_after_the_filter,
    who_is_kept_to_one_organization_lists_its_keys_alone,
}

/// Keys of every kind of owner, made one second after the other: two of a user, one of another, two of an organization,
/// one of another, one of the environment.
struct Keys {
    ids: Vec<ApiKeyId>,
    user: UserId,
    organization: OrgCode,
}

async fn some_keys(store: &TestStore) -> Keys {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let user = given::user(&mut change, &mut seed).await;
    let other_user = Owner::User(given::user(&mut change, &mut seed).await);
    let organization = given::organization(&mut change, &mut seed).await;
    let other_organization = Owner::Organization(given::organization(&mut change, &mut seed).await);
    commit(change).await.unwrap();
    let (of_user, of_organization) = (Owner::User(user.clone()), Owner::Organization(organization.clone()));
    let owners = [&of_user, &of_organization, &other_user, &Owner::Environment, &of_organization, &of_user];
    let mut ids = Vec::new();
    for (owner, seconds) in owners.into_iter().chain([&other_organization]).zip(0..) {
        let mut change = store.begin_at(later(seconds)).await;
        ids.push(given::key(&mut change, &mut seed, &api, owner).await);
        commit(change).await.unwrap();
    }
    Keys { ids, user, organization }
}

async fn list_in(store: &TestStore, scope: &OrgScope, filter: &KeyFilter<'_>, limit: u32) -> Vec<ApiKeyId> {
    let rows = list_keys(&mut store.read().await.unwrap(), scope, filter, later(100), limit).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

async fn list(store: &TestStore, filter: &KeyFilter<'_>, limit: u32) -> Vec<ApiKeyId> {
    list_in(store, &OrgScope::All, filter, limit).await
}

impl Keys {
    /// The keys at these places, in this order.
    fn at(&self, places: &[usize]) -> Vec<ApiKeyId> {
        places.iter().map(|place| self.ids[*place].clone()).collect()
    }
}

async fn keys_are_listed_newest_first(store: &TestStore) {
    let keys = some_keys(store).await;
    assert_eq!(list(store, &KeyFilter::default(), 100).await, keys.at(&[6, 5, 4, 3, 2, 1, 0]));
}

async fn pages_follow_each_other_without_gap_or_repetition(store: &TestStore) {
    let keys = some_keys(store).await;
    let (mut seen, mut last) = (Vec::new(), None);
    for expected in [3, 3, 1, 0] {
        let page = list(store, &KeyFilter { starting_after: last.as_ref(), ..KeyFilter::default() }, 3).await;
        assert_eq!(page.len(), expected);
        last = page.last().cloned().or(last);
        seen.extend(page);
    }
    assert_eq!(seen, keys.at(&[6, 5, 4, 3, 2, 1, 0]));
}

async fn a_key_made_meanwhile_does_not_move_the_next_page(store: &TestStore) {
    let keys = some_keys(store).await;
    let page = list(store, &KeyFilter::default(), 2).await;
    let (mut change, mut seed) = (store.begin_at(later(50)).await, Seed::new(2));
    let api = given::api(&mut change, &mut seed).await;
    given::key(&mut change, &mut seed, &api, &Owner::Environment).await;
    commit(change).await.unwrap();
    let next = KeyFilter { starting_after: page.last(), ..KeyFilter::default() };
    assert_eq!(list(store, &next, 2).await, keys.at(&[4, 3]));
}

async fn each_filter_keeps_what_it_names(store: &TestStore) {
    let keys = some_keys(store).await;
    let expire = format!("UPDATE keys SET expires_at = {} WHERE id = '{}'", later(50).as_micros(), keys.ids[4]);
    store.db_execute(&expire).await;
    store.db_execute(&format!("UPDATE keys SET revoked_at = 1 WHERE id = '{}'", keys.ids[5])).await;
    let none = KeyFilter::default();
    let cases: [(KeyFilter<'_>, &[usize]); 8] = [
        (KeyFilter { r#type: Some(KeyType::User), ..none.clone() }, &[5, 2, 0]),
        (KeyFilter { r#type: Some(KeyType::Organization), ..none.clone() }, &[6, 4, 1]),
        (KeyFilter { r#type: Some(KeyType::Environment), ..none.clone() }, &[3]),
        (KeyFilter { user_id: Some(&keys.user), ..none.clone() }, &[5, 0]),
        (KeyFilter { org_code: Some(&keys.organization), ..none.clone() }, &[4, 1]),
        (KeyFilter { status: Some(KeyStatus::Active), ..none.clone() }, &[6, 3, 2, 1, 0]),
        (KeyFilter { status: Some(KeyStatus::Inactive), ..none.clone() }, &[4]),
        (KeyFilter { status: Some(KeyStatus::Revoked), ..none.clone() }, &[5]),
    ];
    for (filter, expected) in cases {
        assert_eq!(list(store, &filter, 100).await, keys.at(expected), "{filter:?}");
    }
}

async fn an_api_keeps_its_own_keys(store: &TestStore) {
    let keys = some_keys(store).await;
    let none = KeyFilter::default();
    let (mut change, mut seed) = (store.begin_at(later(50)).await, Seed::new(2));
    let other = given::api(&mut change, &mut seed).await;
    let for_other = given::key(&mut change, &mut seed, &other, &Owner::Environment).await;
    commit(change).await.unwrap();
    let mut change = store.begin_at(later(51)).await;
    let of_user = given::key(&mut change, &mut seed, &other, &Owner::User(keys.user.clone())).await;
    commit(change).await.unwrap();
    let of_other = KeyFilter { api_id: Some(&other), ..none };
    assert_eq!(list(store, &of_other, 100).await, [of_user.clone(), for_other]);
    assert_eq!(list(store, &KeyFilter { user_id: Some(&keys.user), ..of_other }, 100).await, [of_user]);
}

async fn a_name_is_found_by_any_part_of_it(store: &TestStore) {
    let keys = some_keys(store).await;
    let folded = keyward_core::bounds::fold("50%_Off! ŁÓDŹ");
    store.db_execute(&format!("UPDATE keys SET name_folded = '{folded}' WHERE id = '{}'", keys.ids[2])).await;
    for part in ["50%_off! łódź", "ŁÓDŹ", "%_", "f! ł", "!", "5"] {
        let by_name = KeyFilter { name: Some(part), ..KeyFilter::default() };
        assert_eq!(list(store, &by_name, 100).await, keys.at(&[2]), "{part}");
    }
    for part in ["5_%", "%f", "lodz", "\\"] {
        let by_name = KeyFilter { name: Some(part), ..KeyFilter::default() };
        assert!(list(store, &by_name, 100).await.is_empty(), "{part}");
    }
}

async fn filters_hold_together(store: &TestStore) {
    let keys = some_keys(store).await;
    store.db_execute(&format!("UPDATE keys SET revoked_at = 1 WHERE id = '{}'", keys.ids[5])).await;
    let of_user = KeyFilter { user_id: Some(&keys.user), ..KeyFilter::default() };
    let active = KeyFilter { status: Some(KeyStatus::Active), ..of_user.clone() };
    assert_eq!(list(store, &active, 100).await, keys.at(&[0]));
    let after = KeyFilter { starting_after: Some(&keys.ids[5]), ..of_user.clone() };
    assert_eq!(list(store, &after, 100).await, keys.at(&[0]));
    let nobody = KeyFilter { r#type: Some(KeyType::Organization), ..of_user };
    assert!(list(store, &nobody, 100).await.is_empty());
}

async fn the_limit_is_applied_after_the_filter(store: &TestStore) {
    let keys = some_keys(store).await;
    let of_user = KeyFilter { user_id: Some(&keys.user), ..KeyFilter::default() };
    assert_eq!(list(store, &of_user, 1).await, keys.at(&[5]));
    let next = KeyFilter { starting_after: Some(&keys.ids[5]), ..of_user };
    assert_eq!(list(store, &next, 1).await, keys.at(&[0]));
}

async fn who_is_kept_to_one_organization_lists_its_keys_alone(store: &TestStore) {
    let keys = some_keys(store).await;
    let scope = OrgScope::One(keys.organization.clone());
    assert_eq!(list_in(store, &scope, &KeyFilter::default(), 100).await, keys.at(&[4, 1]));
    let of_user = KeyFilter { user_id: Some(&keys.user), ..KeyFilter::default() };
    assert!(list_in(store, &scope, &of_user, 100).await.is_empty());
    let elsewhere = OrgScope::One(Seed::new(9).org_code());
    let of_organization = KeyFilter { org_code: Some(&keys.organization), ..KeyFilter::default() };
    assert!(list_in(store, &elsewhere, &of_organization, 100).await.is_empty());
}
