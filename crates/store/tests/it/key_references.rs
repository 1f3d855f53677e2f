//! What a key says of the things that it refers to: its API, its owner, its usage. Others of their kind stand beside them.

use keyward_core::{ApiKeyId, OrgScope, Owner};
use keyward_store::keys::{KeyFilter, KeyRow, NewKeySecret, find_key, find_key_secret, list_keys, replace_key_secret};

use crate::given::{self, NOW, Seed, later, mac};
use crate::test_store::{TestStore, commit};

conformance! {
    a_key_tells_of_its_own_references_alone,
    whatever_revoked_a_key_tells_its_revision,
    a_new_secret_ends_those_of_its_key_alone_even_in_their_grace,
}

/// Two APIs, two users and two organizations, and a key of each owner for each API.
async fn keys(store: &TestStore) -> Vec<ApiKeyId> {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let mut ids = Vec::new();
    let apis = [given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await];
    for api in &apis {
        let user = Owner::User(given::user(&mut change, &mut seed).await);
        let organization = Owner::Organization(given::organization(&mut change, &mut seed).await);
        for owner in [user, organization] {
            ids.push(given::key(&mut change, &mut seed, api, &owner).await);
        }
    }
    commit(change).await.unwrap();
    ids
}

/// What is told of a key, the same by its id and in a list.
async fn told<T: PartialEq + std::fmt::Debug>(store: &TestStore, id: &ApiKeyId, tell: impl Fn(&KeyRow) -> T) -> T {
    let mut tx = store.read().await.unwrap();
    let found = find_key(&mut tx, &OrgScope::All, id).await.unwrap().unwrap();
    assert_eq!(found.id, *id);
    // Each of these narrows the list in a way of its own.
    let of_owner =
        KeyFilter { user_id: found.user_id.as_ref(), org_code: found.org_code.as_ref(), ..KeyFilter::default() };
    let of_api = KeyFilter { api_id: Some(&found.api_id), ..KeyFilter::default() };
    for filter in [KeyFilter::default(), of_owner, of_api] {
        let listed = list_keys(&mut tx, &OrgScope::All, &filter, NOW, 100).await.unwrap();
        let listed: Vec<_> = listed.iter().filter(|row| row.id == *id).collect();
        assert_eq!(listed.len(), 1, "{filter:?}");
        assert_eq!(tell(&found), tell(listed[0]), "{filter:?}");
    }
    tell(&found)
}

async fn a_key_tells_of_its_own_references_alone(store: &TestStore) {
    let ids = keys(store).await;
    for (table, id) in [("users", "id"), ("organizations", "code")] {
        store.db_execute(&format!("UPDATE {table} SET external_id = {id}")).await;
    }
    for (id, times) in ids.iter().zip(0..) {
        if times > 0 {
            let at = later(times).as_micros();
            let values = format!("VALUES ('{id}', {times}, {at})");
            store
                .db_execute(&format!("INSERT INTO key_usage (key_id, verification_count, last_verified_at) {values}"))
                .await;
        }
    }
    for (id, times) in ids.iter().zip(0..) {
        let of = told(store, id, |row| (row.owner().id().to_owned(), row.owner_external_id.clone())).await;
        assert_eq!(of.1, Some(of.0));
        let (api, audience) = told(store, id, |row| (row.api_id.to_string(), row.audience.clone())).await;
        assert_eq!(audience, Some(api));
        let counted = told(store, id, |row| (row.verification_count, row.last_verified_at)).await;
        assert_eq!(counted, (times, (times > 0).then(|| later(times))));
    }
}

async fn whatever_revoked_a_key_tells_its_revision(store: &TestStore) {
    let ids = keys(store).await;
    let revoked = async |id| told(store, id, |row| row.revoked_revision).await;
    for id in &ids {
        assert_eq!(revoked(id).await, None);
    }
    for (at, table, column) in [(0, "users", "user_id"), (1, "organizations", "org_code"), (2, "apis", "api_id")] {
        let name = if table == "organizations" { "code" } else { "id" };
        let own = format!("{name} = (SELECT {column} FROM keys WHERE id = '{}')", ids[at]);
        store.db_execute(&format!("UPDATE {table} SET deleted_at = 1, revision = {} WHERE {own}", 70 + at)).await;
    }
    // The third and the fourth are for the same API.
    for (id, revision) in ids.iter().zip([70, 71, 72, 72]) {
        assert_eq!(revoked(id).await, Some(revision));
    }
    store.db_execute(&format!("UPDATE keys SET revoked_at = 1, revision = 80 WHERE id = '{}'", ids[0])).await;
    assert_eq!(revoked(&ids[0]).await, Some(80));
}

async fn a_new_secret_ends_those_of_its_key_alone_even_in_their_grace(store: &TestStore) {
    let ids = keys(store).await;
    let mut seed = Seed::new(2);
    let rotate = async |id: &ApiKeyId, secret: &keyward_core::KeySecret, seconds| {
        let mut change = store.begin_at(later(seconds)).await;
        let row = find_key(&mut change, &OrgScope::All, id).await.unwrap().unwrap();
        let next = NewKeySecret { secret, mac: mac(1), secret_version: 1 };
        replace_key_secret(&mut change, &row, &next, later(seconds)).await.unwrap();
        commit(change).await.unwrap();
    };
    let (first, second, other) = (seed.key_secret(), seed.key_secret(), seed.key_secret());
    rotate(&ids[0], &first, 1).await;
    rotate(&ids[1], &other, 1).await;
    let grace = format!(
        "UPDATE key_secrets SET expires_at = {} WHERE selector = '{}'",
        later(60).as_micros(),
        first.selector().as_str()
    );
    store.db_execute(&grace).await;
    rotate(&ids[0], &second, 5).await;
    for (secret, end) in [(&first, Some(later(5))), (&second, None), (&other, None)] {
        let row = find_key_secret(&mut store.read().await.unwrap(), secret.selector()).await.unwrap().unwrap();
        assert_eq!(row.expires_at, end);
    }
    let last = "(SELECT revision FROM head)";
    assert_eq!(store.db_number(&format!("SELECT COUNT(*) FROM keys WHERE revision = {last}")).await, 1);
}
