//! Tidying behind deletions: the rows come to say what is read of them by reference already.

use keyward_core::{ApiId, ApiKeyId, ApiScope, KeyClass, KeyPrefix, OrgCode, OrgScope, Owner, UserId};
use keyward_store::apis::{NewApi, delete_api, find_api, insert_api};
use keyward_store::keys::{KeyRow, find_key, revoke_key};
use keyward_store::organizations::{NewOrganization, insert_organization};
use keyward_store::tidying::{Reference, UntidyRow, find_untidy, set_tidied, tidy_keys};
use keyward_store::users::insert_user;

use crate::given::{self, Seed, bare_organization, later};
use crate::test_store::{TestStore, commit};

conformance! {
    no_answer_about_a_key_changes_by_tidying,
    keys_are_tidied_in_batches_from_a_key_on,
    each_kind_of_reference_is_tidied_behind,
    the_oldest_deletion_comes_first_and_what_is_tidied_does_not_come_again,
    what_was_revoked_before_keeps_its_own_time,
    keys_of_others_and_those_of_other_batches_stay_as_they_are,
}

struct Shop {
    api: ApiId,
    user: UserId,
    org: OrgCode,
    keys: Vec<ApiKeyId>,
}

/// An API with three keys: a user's, an organization's, and one more of the user.
async fn shop(store: &TestStore) -> Shop {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let user = given::user(&mut change, &mut seed).await;
    let org = given::organization(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    let owners = [Owner::User(user.clone()), Owner::Organization(org.clone()), Owner::User(user.clone())];
    let mut keys = Vec::new();
    for (owner, seconds) in owners.iter().zip(1..) {
        let mut change = store.begin_at(later(seconds)).await;
        keys.push(given::key(&mut change, &mut seed, &api, owner).await);
        commit(change).await.unwrap();
    }
    Shop { api, user, org, keys }
}

async fn find(store: &TestStore, id: &ApiKeyId) -> KeyRow {
    find_key(&mut store.read().await.unwrap(), &OrgScope::All, id).await.unwrap().unwrap()
}

async fn delete(store: &TestStore, api: &ApiId, seconds: u64) {
    let mut change = store.begin_at(later(seconds)).await;
    let row = find_api(&mut change, &ApiScope::All, api).await.unwrap().unwrap();
    delete_api(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
}

async fn untidy(store: &TestStore, reference: Reference) -> Option<UntidyRow> {
    find_untidy(&mut store.read().await.unwrap(), reference).await.unwrap()
}

async fn tidy(
    store: &TestStore,
    reference: Reference,
    of: &UntidyRow,
    after: Option<&ApiKeyId>,
    limit: u32,
) -> Option<ApiKeyId> {
    let mut tx = store.tally().await.unwrap();
    let last = tidy_keys(&mut tx, reference, of, after, limit).await.unwrap();
    tx.commit().await.unwrap();
    last
}

async fn no_answer_about_a_key_changes_by_tidying(store: &TestStore) {
    let shop = shop(store).await;
    delete(store, &shop.api, 10).await;
    let before = find(store, &shop.keys[0]).await;
    assert_eq!((before.revoked_at, before.revoked_revision), (None, Some(5)));
    let of = untidy(store, Reference::Api).await.unwrap();
    assert_eq!((of.id.as_str(), of.deleted_at, of.revision), (shop.api.as_str(), later(10), 5));
    assert_eq!(tidy(store, Reference::Api, &of, None, 10).await, None);
    let after = find(store, &shop.keys[0]).await;
    assert_eq!((after.revoked_at, after.revoked_revision), (Some(later(10)), Some(5)));
    assert_eq!(after.state(), before.state());
    assert_eq!(store.db_number("SELECT COUNT(*) FROM keys WHERE revoked_at IS NULL").await, 0);
    assert_eq!(store.db_number("SELECT revision FROM head").await, 5, "it is no change");
}

async fn keys_are_tidied_in_batches_from_a_key_on(store: &TestStore) {
    let shop = shop(store).await;
    delete(store, &shop.api, 10).await;
    let of = untidy(store, Reference::Api).await.unwrap();
    let last = tidy(store, Reference::Api, &of, None, 2).await;
    assert_eq!(last.as_ref(), Some(&shop.keys[1]));
    assert_eq!(store.db_number("SELECT COUNT(*) FROM keys WHERE revoked_at IS NULL").await, 1);
    assert_eq!(tidy(store, Reference::Api, &of, last.as_ref(), 2).await, None);
    assert_eq!(store.db_number("SELECT COUNT(*) FROM keys WHERE revoked_at IS NULL").await, 0);
    assert_eq!(
        tidy(store, Reference::Api, &of, None, 3).await.as_ref(),
        Some(&shop.keys[2]),
        "a full batch may have more"
    );
    assert_eq!(tidy(store, Reference::Api, &of, Some(&shop.keys[2]), 3).await, None);
}

async fn each_kind_of_reference_is_tidied_behind(store: &TestStore) {
    let shop = shop(store).await;
    store.db_execute(&format!("UPDATE users SET deleted_at = 7, revision = 2 WHERE id = '{}'", shop.user)).await;
    store
        .db_execute(&format!("UPDATE organizations SET deleted_at = 8, revision = 3 WHERE code = '{}'", shop.org))
        .await;
    assert!(untidy(store, Reference::Api).await.is_none());
    for (reference, id, left) in
        [(Reference::User, shop.user.as_str(), 1), (Reference::Organization, shop.org.as_str(), 0)]
    {
        let of = untidy(store, reference).await.unwrap();
        assert_eq!(of.id, id);
        assert_eq!(tidy(store, reference, &of, None, 10).await, None);
        assert_eq!(store.db_number("SELECT COUNT(*) FROM keys WHERE revoked_at IS NULL").await, left);
        let mut tx = store.tally().await.unwrap();
        set_tidied(&mut tx, reference, id, later(20)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(untidy(store, reference).await.is_none());
    }
}

async fn the_oldest_deletion_comes_first_and_what_is_tidied_does_not_come_again(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let first = given::api(&mut change, &mut seed).await;
    let second = given::api(&mut change, &mut seed).await;
    commit(change).await.unwrap();
    delete(store, &second, 10).await;
    delete(store, &first, 20).await;
    for expected in [&second, &first] {
        assert_eq!(untidy(store, Reference::Api).await.unwrap().id, expected.as_str());
        let mut tx = store.tally().await.unwrap();
        set_tidied(&mut tx, Reference::Api, expected.as_str(), later(30)).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(untidy(store, Reference::Api).await.is_none());
}

async fn what_was_revoked_before_keeps_its_own_time(store: &TestStore) {
    let shop = shop(store).await;
    let key = find(store, &shop.keys[1]).await;
    let mut change = store.begin_at(later(5)).await;
    revoke_key(&mut change, &key).await.unwrap();
    commit(change).await.unwrap();
    delete(store, &shop.api, 10).await;
    let of = untidy(store, Reference::Api).await.unwrap();
    tidy(store, Reference::Api, &of, None, 10).await;
    let row = find(store, &shop.keys[1]).await;
    assert_eq!((row.revoked_at, row.revoked_revision), (Some(later(5)), Some(5)));
}

async fn keys_of_others_and_those_of_other_batches_stay_as_they_are(store: &TestStore) {
    // Nine keys, of which each reference has three: they come one after the other, as do their ids.
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let apis = [(); 3].map(|()| seed.api_id());
    let (users, orgs) = ([(); 3].map(|()| seed.user_id()), [(); 3].map(|()| seed.org_code()));
    for at in 0..3 {
        let (key_prefix, key_class) = (&KeyPrefix::default(), KeyClass::Live);
        let api = NewApi {
            id: &apis[at],
            name: "API",
            audience: Some(apis[at].as_str()),
            key_prefix,
            key_class,
            key_policy: &given::NO_POLICY,
        };
        insert_api(&mut change, &api).await.unwrap();
        insert_user(&mut change, &given::unknown_user(&users[at])).await.unwrap();
        let organization = NewOrganization { name: "Organization", ..bare_organization(&orgs[at]) };
        insert_organization(&mut change, &organization).await.unwrap();
    }
    commit(change).await.unwrap();
    let mut seconds = 0;
    for _ in 0..3 {
        for at in 0..3 {
            for owner in [Owner::User(users[at].clone()), Owner::Organization(orgs[at].clone())] {
                seconds += 1;
                let mut change = store.begin_at(later(seconds)).await;
                given::key(&mut change, &mut seed, &apis[at], &owner).await;
                commit(change).await.unwrap();
            }
        }
    }
    for (reference, table, column, id) in [
        (Reference::Api, "apis", "api_id", apis[1].as_str()),
        (Reference::User, "users", "user_id", users[1].as_str()),
        (Reference::Organization, "organizations", "org_code", orgs[1].as_str()),
    ] {
        assert!(untidy(store, reference).await.is_none(), "nothing has been deleted");
        let name = if table == "organizations" { "code" } else { "id" };
        store.db_execute(&format!("UPDATE {table} SET deleted_at = 7, revision = 2 WHERE {name} = '{id}'")).await;
        let of = untidy(store, reference).await.unwrap();
        assert_eq!(of.id, id);
        let count = store.db_number(&format!("SELECT COUNT(*) FROM keys WHERE {column} = '{id}'")).await;
        let revoked = async |whose: &str| {
            store.db_number(&format!("SELECT COUNT(*) FROM keys WHERE {whose} AND revoked_at IS NOT NULL")).await
        };
        let (own, others) = (format!("{column} = '{id}'"), format!("COALESCE({column}, '') <> '{id}'"));
        // One was revoked before, at another time.
        let first = format!("(SELECT MIN(id) FROM keys WHERE {own})");
        store.db_execute(&format!("UPDATE keys SET revoked_at = 3, revision = 1 WHERE id = {first}")).await;
        let one = tidy(store, reference, &of, None, 1).await.unwrap();
        assert_eq!((revoked(&own).await, revoked(&others).await), (1, 0));
        let two = tidy(store, reference, &of, Some(&one), 1).await.unwrap();
        assert_eq!((revoked(&own).await, revoked(&others).await), (2, 0));
        // What stands in front is not done again.
        let in_front = format!("UPDATE keys SET revoked_at = NULL WHERE id = '{two}'");
        store.db_execute(&in_front).await;
        assert_eq!(tidy(store, reference, &of, Some(&two), 10).await, None);
        assert_eq!((revoked(&own).await, revoked(&others).await), (count - 1, 0));
        let of_first = format!("{own} AND revoked_at = 3 AND revision = 1");
        assert_eq!(store.db_number(&format!("SELECT COUNT(*) FROM keys WHERE {of_first}")).await, 1);
        let mut tx = store.tally().await.unwrap();
        set_tidied(&mut tx, reference, id, later(90)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.db_number(&format!("SELECT COUNT(*) FROM {table} WHERE tidied_at IS NOT NULL")).await, 1);
        store.db_execute("UPDATE keys SET revoked_at = NULL").await;
    }
}
