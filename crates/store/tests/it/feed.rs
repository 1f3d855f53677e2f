//! The feed: what changed above a revision.

use keyward_core::{ApiId, ApiKeyId, Owner, ScopeNumbers};
use keyward_store::Revision;
use keyward_store::feed::{
    list_apis, list_applications, list_key_secrets, list_keys, list_management_grants, list_owners, list_scopes,
    list_signing_keys,
};
use keyward_store::grants::{end_grant, put_grant};
use keyward_store::keys::{NewKeySecret, insert_key};
use keyward_store::signing_keys::{NewSigningKey, insert_signing_key, retire_signing_keys};

use crate::given::{self, Seed, mac, plain_key};
use crate::test_store::{TestStore, commit};

conformance! {
    what_was_changed_above_a_revision_is_told_and_nothing_else,
    an_owner_is_told_with_its_key_as_it_is_now,
    keys_are_told_in_the_order_of_their_changes_and_each_once,
    every_secret_of_the_keys_between_is_told,
    what_is_gone_is_told_too,
    who_calls_is_told_with_its_organization_as_it_is_now,
    what_was_granted_of_the_management_api_is_told_and_no_other_grant,
    signing_keys_are_told_the_retired_ones_included,
}

struct Made {
    api: ApiId,
    keys: Vec<ApiKeyId>,
}

/// One change with an API, a scope and keys of a user, an organization and the platform.
async fn make(store: &TestStore, seed: &mut Seed) -> (Made, Revision) {
    let mut change = store.begin().await;
    let api = given::api(&mut change, seed).await;
    given::scope(&mut change, seed, &api, "read:orders").await;
    let user = Owner::User(given::user(&mut change, seed).await);
    let organization = Owner::Organization(given::organization(&mut change, seed).await);
    let mut keys = Vec::new();
    for owner in [user, organization, Owner::Environment] {
        let (id, secret) = (seed.key_id(given::NOW), seed.key_secret());
        let (scopes, first) =
            (ScopeNumbers::from(vec![1]), NewKeySecret { secret: &secret, mac: mac(7), secret_version: 1 });
        insert_key(&mut change, &plain_key(&id, &api, &owner, &scopes), &first).await.unwrap();
        keys.push(id);
    }
    keys.sort();
    (Made { api, keys }, commit(change).await.unwrap())
}

async fn what_was_changed_above_a_revision_is_told_and_nothing_else(store: &TestStore) {
    let mut seed = Seed::new(41);
    let (_, before) = make(store, &mut seed).await;
    let (made, revision) = make(store, &mut seed).await;
    let mut tx = store.read().await.unwrap();

    let apis = list_apis(&mut tx, before).await.unwrap();
    let told: Vec<_> = apis.iter().map(|api| (&api.id, api.audience.as_deref(), api.revision)).collect();
    assert_eq!(told, [(&made.api, Some(made.api.as_str()), revision)]);
    let scopes = list_scopes(&mut tx, before).await.unwrap();
    let told: Vec<_> = scopes.iter().map(|scope| (&scope.api_id, scope.number, scope.key.as_str())).collect();
    assert_eq!(told, [(&made.api, 1, "read:orders")]);
    let owners = list_owners(&mut tx, before).await.unwrap();
    assert!(owners.iter().all(|owner| owner.revision == revision) && owners.len() == 2, "{owners:?}");
    assert_eq!(owners.iter().filter(|owner| matches!(owner.owner(), Owner::User(_))).count(), 1);
    let keys = list_keys(&mut tx, (before + 1, ""), 10).await.unwrap();
    assert_eq!(keys.iter().map(|key| &key.id).collect::<Vec<_>>(), made.keys.iter().collect::<Vec<_>>());

    for above in [revision, revision + 1] {
        assert!(list_apis(&mut tx, above).await.unwrap().is_empty());
        assert!(list_scopes(&mut tx, above).await.unwrap().is_empty());
        assert!(list_owners(&mut tx, above).await.unwrap().is_empty());
        assert!(list_keys(&mut tx, (above + 1, ""), 10).await.unwrap().is_empty());
    }
}

async fn an_owner_is_told_with_its_key_as_it_is_now(store: &TestStore) {
    let mut seed = Seed::new(42);
    let (_, revision) = make(store, &mut seed).await;
    store
        .db_execute("UPDATE users SET external_id = 'u', suspended_at = 5, deleted_at = 6, revision = revision + 1")
        .await;
    store.db_execute("UPDATE organizations SET external_id = 'o', revision = revision + 2").await;
    store
        .db_execute(
            "INSERT INTO key_usage (key_id, verification_count, last_verified_at) \
             SELECT id, 7, 3 FROM keys WHERE type = 'user'",
        )
        .await;
    let keys = list_keys(&mut store.read().await.unwrap(), (revision, ""), 10).await.unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        let told = (
            key.owner_external_id.as_deref(),
            key.owner_suspended_at.map(|at| at.as_micros()),
            key.owner_deleted_at.map(|at| at.as_micros()),
            key.owner_revision,
        );
        let expected = match key.owner() {
            Owner::User(_) => (Some("u"), Some(5), Some(6), Some(revision + 1)),
            Owner::Organization(_) => (Some("o"), None, None, Some(revision + 2)),
            Owner::Environment => (None, None, None, None),
        };
        assert_eq!(told, expected);
        let counted = (key.verification_count, key.last_verified_at.map(|at| at.as_micros()));
        assert_eq!(counted, if matches!(key.owner(), Owner::User(_)) { (7, Some(3)) } else { (0, None) });
    }
}

async fn keys_are_told_in_the_order_of_their_changes_and_each_once(store: &TestStore) {
    let mut seed = Seed::new(43);
    let (first, first_revision) = make(store, &mut seed).await;
    let (second, second_revision) = make(store, &mut seed).await;
    let mut tx = store.read().await.unwrap();
    let (mut behind, mut told) = ((first_revision, String::new()), Vec::new());
    while let Some(last) = list_keys(&mut tx, (behind.0, &behind.1), 2).await.unwrap().last() {
        let rows = list_keys(&mut tx, (behind.0, &behind.1), 2).await.unwrap();
        assert!(rows.len() <= 2, "{}", rows.len());
        told.extend(rows.iter().map(|row| (row.revision, row.id.clone())));
        behind = (last.revision, last.id.to_string());
    }
    let with = |keys: Vec<ApiKeyId>, revision| keys.into_iter().map(move |id| (revision, id));
    let expected: Vec<_> = with(first.keys, first_revision).chain(with(second.keys, second_revision)).collect();
    assert_eq!(told, expected);
}

async fn every_secret_of_the_keys_between_is_told(store: &TestStore) {
    let mut seed = Seed::new(44);
    let (made, revision) = make(store, &mut seed).await;
    let (_, next) = make(store, &mut seed).await;
    let mut tx = store.read().await.unwrap();
    let [first, second, third] = &made.keys[..] else { panic!("three keys") };
    let told = async |tx: &mut _, behind: (Revision, &str), last: (Revision, &ApiKeyId)| {
        let rows = list_key_secrets(tx, behind, last).await.unwrap();
        assert!(rows.iter().all(|row| row.mac.as_bytes() == mac(7).as_bytes() && row.secret_version == 1));
        let mut keys: Vec<_> = rows.into_iter().map(|row| row.key_id).collect();
        keys.sort();
        keys
    };
    assert_eq!(told(&mut tx, (revision, ""), (revision, second)).await, [first.clone(), second.clone()]);
    assert_eq!(told(&mut tx, (revision, second.as_str()), (revision, third)).await, std::slice::from_ref(third));
    assert_eq!(told(&mut tx, (revision, third.as_str()), (revision, third)).await, []);
    assert_eq!(told(&mut tx, (revision, third.as_str()), (next + 1, first)).await.len(), 3);
}

async fn what_is_gone_is_told_too(store: &TestStore) {
    let mut seed = Seed::new(45);
    let (made, revision) = make(store, &mut seed).await;
    for table in ["apis", "scopes", "organizations", "users"] {
        store.db_execute(&format!("UPDATE {table} SET deleted_at = 9")).await;
    }
    store.db_execute("UPDATE keys SET revoked_at = 9").await;
    let mut tx = store.read().await.unwrap();
    let above = revision - 1;
    assert!(list_apis(&mut tx, above).await.unwrap().iter().any(|api| api.id == made.api && api.deleted_at.is_some()));
    assert!(list_scopes(&mut tx, above).await.unwrap().iter().all(|scope| scope.deleted_at.is_some()));
    assert!(list_owners(&mut tx, above).await.unwrap().iter().all(|owner| owner.deleted_at.is_some()));
    let keys = list_keys(&mut tx, (revision, ""), 10).await.unwrap();
    assert!(keys.len() == 3 && keys.iter().all(|key| key.revoked_at.is_some()));
}

async fn who_calls_is_told_with_its_organization_as_it_is_now(store: &TestStore) {
    let mut seed = Seed::new(46);
    let mut change = store.begin().await;
    given::application(&mut change, &mut seed, "Before").await;
    let before = commit(change).await.unwrap();
    let mut change = store.begin().await;
    let own = given::application(&mut change, &mut seed, "Ours").await;
    let theirs = given::application(&mut change, &mut seed, "Theirs").await;
    let code = given::organization(&mut change, &mut seed).await;
    let revision = commit(change).await.unwrap();
    let kept = format!(
        "UPDATE applications SET org_code = '{code}', disabled_at = 4, deleted_at = 5 WHERE client_id = '{theirs}'"
    );
    store.db_execute(&kept).await;
    store
        .db_execute(
            "UPDATE organizations SET external_id = 'o', suspended_at = 6, deleted_at = 7, revision = revision + 1",
        )
        .await;

    let mut tx = store.read().await.unwrap();
    let mut told = list_applications(&mut tx, before).await.unwrap();
    told.sort_by(|a, b| a.name.cmp(&b.name));
    let [ours, theirs_now] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&ours.client_id, ours.name.as_str(), ours.revision), (&own, "Ours", revision));
    let ours = (ours.disabled_at, ours.deleted_at, ours.org_code.as_ref(), ours.org_revision);
    assert_eq!(ours, (None, None, None, None));
    let micros = |at: Option<keyward_core::Timestamp>| at.map(|at| at.as_micros());
    assert_eq!((&theirs_now.client_id, theirs_now.org_code.as_ref()), (&theirs, Some(&code)));
    assert_eq!((micros(theirs_now.disabled_at), micros(theirs_now.deleted_at)), (Some(4), Some(5)));
    let of_organization = (theirs_now.org_external_id.as_deref(), theirs_now.org_revision);
    assert_eq!(of_organization, (Some("o"), Some(revision + 1)));
    assert_eq!((micros(theirs_now.org_suspended_at), micros(theirs_now.org_deleted_at)), (Some(6), Some(7)));
    assert!(list_applications(&mut tx, revision).await.unwrap().is_empty());
}

async fn what_was_granted_of_the_management_api_is_told_and_no_other_grant(store: &TestStore) {
    let mut seed = Seed::new(47);
    let mut change = store.begin().await;
    let (management, other) = (given::api(&mut change, &mut seed).await, given::api(&mut change, &mut seed).await);
    let (first, second) = (
        given::application(&mut change, &mut seed, "First").await,
        given::application(&mut change, &mut seed, "Second").await,
    );
    let scopes = ScopeNumbers::from(vec![1, 3]);
    for client in [&first, &second] {
        put_grant(&mut change, client, &management, &scopes).await.unwrap();
    }
    put_grant(&mut change, &first, &other, &scopes).await.unwrap();
    let before = commit(change).await.unwrap();
    store.db_execute(&format!("UPDATE apis SET is_management_api = TRUE WHERE id = '{management}'")).await;

    let told = async |above| {
        let mut rows = list_management_grants(&mut store.read().await.unwrap(), above).await.unwrap();
        rows.sort_by(|a, b| a.client_id.cmp(&b.client_id));
        rows
    };
    let rows = told(before - 1).await;
    let mut clients = [first.clone(), second];
    clients.sort();
    assert_eq!(rows.iter().map(|row| row.client_id.clone()).collect::<Vec<_>>(), clients);
    assert!(rows.iter().all(|row| row.api_id == management && row.scopes == scopes && row.revision == before));

    let mut change = store.begin().await;
    assert!(end_grant(&mut change, &first, &management).await.unwrap());
    let revision = commit(change).await.unwrap();
    let rows = told(before).await;
    let [ended] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&ended.client_id, ended.revision, ended.scopes.iter().count()), (&first, revision, 0));
}

async fn signing_keys_are_told_the_retired_ones_included(store: &TestStore) {
    let mut seed = Seed::new(48);
    let mut change = store.begin().await;
    given::api(&mut change, &mut seed).await;
    let before = commit(change).await.unwrap();
    let mut change = store.begin().await;
    let (public_jwk, private_sealed) = ("{}", &[1, 2][..]);
    let new = NewSigningKey { kid: "k1", public_jwk, private_sealed, secret_version: 1, active_at: given::NOW };
    insert_signing_key(&mut change, &new).await.unwrap();
    let made = commit(change).await.unwrap();
    let mut change = store.begin().await;
    retire_signing_keys(&mut change, given::later(1)).await.unwrap();
    let revision = commit(change).await.unwrap();

    let mut tx = store.read().await.unwrap();
    let told = list_signing_keys(&mut tx, before).await.unwrap();
    let [key] = &told[..] else { panic!("{told:?}") };
    assert_eq!((key.kid.as_str(), key.public_jwk.as_str(), &key.private_sealed[..]), ("k1", "{}", &[1, 2][..]));
    assert_eq!((key.secret_version, key.retired_at, key.revision), (1, Some(given::later(1)), revision));
    assert_eq!(list_signing_keys(&mut tx, made).await.unwrap().len(), 1);
    assert!(list_signing_keys(&mut tx, revision).await.unwrap().is_empty());
}
