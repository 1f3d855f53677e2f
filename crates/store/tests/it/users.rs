//! Users, and their membership of organizations.

use keyward_store::users::{NewUser, UserColumn, UserRow, find_user, find_user_by, insert_member, insert_user};

use crate::given::{self, NOW, Seed, later, unknown_user};
use crate::test_store::{TestStore, commit};

conformance! {
    a_user_is_found_as_it_was_stored,
    a_user_of_whom_nothing_is_known_is_found_too,
    a_suspended_user_says_since_when,
    what_names_a_user_is_unique_among_the_not_deleted,
    users_of_whom_nothing_is_known_do_not_collide,
    a_user_and_an_organization_may_have_the_same_external_id,
    a_deleted_user_is_found_by_nothing,
    a_user_joins_an_organization_once,
    a_member_must_exist,
}

const COLUMNS: [(UserColumn, &str); 4] = [
    (UserColumn::ExternalId, "Ext-1"),
    (UserColumn::Email, "zoë@example.com"),
    (UserColumn::Phone, "+48 600 100 200"),
    (UserColumn::Username, "Zoë"),
];

async fn insert(store: &TestStore, new: &NewUser<'_>) {
    let mut change = store.begin().await;
    insert_user(&mut change, new).await.unwrap();
    commit(change).await.unwrap();
}

fn known_user(id: &keyward_core::UserId) -> NewUser<'_> {
    NewUser {
        id,
        external_id: Some("Ext-1"),
        given_name: Some("Zoë"),
        family_name: Some("ŻÓŁĆ"),
        email: Some("zoë@example.com"),
        phone: Some("+48 600 100 200"),
        username: Some("Zoë"),
    }
}

async fn a_user_is_found_as_it_was_stored(store: &TestStore) {
    let id = Seed::new(1).user_id();
    insert(store, &known_user(&id)).await;
    let mut tx = store.read().await.unwrap();
    let mut found = vec![find_user(&mut tx, &id).await.unwrap()];
    for (column, value) in COLUMNS {
        found.push(find_user_by(&mut tx, column, value).await.unwrap());
    }
    drop(tx);
    for row in found {
        let UserRow {
            id: same,
            external_id,
            given_name,
            family_name,
            email,
            phone,
            username,
            created_at,
            suspended_at,
        } = row.unwrap();
        assert_eq!((same, created_at, suspended_at), (id.clone(), NOW, None));
        assert_eq!((external_id.as_deref(), username.as_deref()), (Some("Ext-1"), Some("Zoë")));
        assert_eq!((given_name.as_deref(), family_name.as_deref()), (Some("Zoë"), Some("ŻÓŁĆ")));
        assert_eq!((email.as_deref(), phone.as_deref()), (Some("zoë@example.com"), Some("+48 600 100 200")));
    }
    assert_eq!(store.db_texts("SELECT name_folded FROM users").await, ["zoë żółć"]);
}

async fn a_user_of_whom_nothing_is_known_is_found_too(store: &TestStore) {
    let mut change = store.begin().await;
    let id = given::user(&mut change, &mut Seed::new(1)).await;
    commit(change).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let row = find_user(&mut tx, &id).await.unwrap().unwrap();
    let known = [row.external_id, row.given_name, row.family_name, row.email, row.phone, row.username];
    assert!(known.iter().all(Option::is_none));
    for (column, value) in COLUMNS {
        assert!(find_user_by(&mut tx, column, value).await.unwrap().is_none());
    }
}

async fn a_suspended_user_says_since_when(store: &TestStore) {
    let id = Seed::new(1).user_id();
    insert(store, &known_user(&id)).await;
    store.db_execute(&format!("UPDATE users SET suspended_at = {}", later(5).as_micros())).await;
    let row = find_user(&mut store.read().await.unwrap(), &id).await.unwrap().unwrap();
    assert_eq!(row.suspended_at, Some(later(5)));
}

async fn what_names_a_user_is_unique_among_the_not_deleted(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (first, second) = (seed.user_id(), seed.user_id());
    insert(store, &known_user(&first)).await;
    let rivals = [
        NewUser { external_id: Some("Ext-1"), ..unknown_user(&second) },
        NewUser { email: Some("zoë@example.com"), ..unknown_user(&second) },
        NewUser { phone: Some("+48 600 100 200"), ..unknown_user(&second) },
        NewUser { username: Some("Zoë"), ..unknown_user(&second) },
    ];
    for rival in &rivals {
        assert!(insert_user(&mut store.begin().await, rival).await.is_err(), "{rival:?}");
    }
    store.db_execute("UPDATE users SET deleted_at = 1").await;
    for rival in &rivals {
        insert_user(&mut store.begin().await, rival).await.unwrap();
    }
}

async fn users_of_whom_nothing_is_known_do_not_collide(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    given::user(&mut change, &mut seed).await;
    given::user(&mut change, &mut seed).await;
    commit(change).await.unwrap();
}

async fn a_user_and_an_organization_may_have_the_same_external_id(store: &TestStore) {
    use keyward_store::organizations::{NewOrganization, insert_organization};
    let mut seed = Seed::new(1);
    let (id, code) = (seed.user_id(), seed.org_code());
    let mut change = store.begin().await;
    insert_user(&mut change, &known_user(&id)).await.unwrap();
    let organization = NewOrganization { code: &code, external_id: Some("Ext-1"), name: "Acme" };
    insert_organization(&mut change, &organization).await.unwrap();
    commit(change).await.unwrap();
}

async fn a_deleted_user_is_found_by_nothing(store: &TestStore) {
    let id = Seed::new(1).user_id();
    insert(store, &known_user(&id)).await;
    store.db_execute("UPDATE users SET deleted_at = 1").await;
    let mut tx = store.read().await.unwrap();
    assert!(find_user(&mut tx, &id).await.unwrap().is_none());
    for (column, value) in COLUMNS {
        assert!(find_user_by(&mut tx, column, value).await.unwrap().is_none());
    }
}

async fn a_user_joins_an_organization_once(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let user = given::user(&mut change, &mut seed).await;
    let (a, b) = (given::organization(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await);
    insert_member(&mut change, &a, &user).await.unwrap();
    insert_member(&mut change, &b, &user).await.unwrap();
    commit(change).await.unwrap();
    assert!(insert_member(&mut store.begin().await, &a, &user).await.is_err());
    let mut joined = [a.to_string(), b.to_string()];
    joined.sort();
    assert_eq!(store.db_texts("SELECT org_code FROM members ORDER BY org_code").await, joined);
}

async fn a_member_must_exist(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let code = given::organization(&mut change, &mut seed).await;
    assert!(insert_member(&mut change, &code, &seed.user_id()).await.is_err());
}
