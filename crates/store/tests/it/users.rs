//! Users, and their membership of organizations.

use keyward_core::OrgCode;
use keyward_store::members::insert_member;
use keyward_store::users::{
    NameRange, NewUser, UserColumn, UserRow, delete_user, find_folded_name, find_user, find_user_by, insert_user,
    list_users, search_users, update_user,
};

use crate::given::{self, NOW, Seed, bare_organization, later, rate_limit, unknown_user};
use crate::test_store::{TestStore, commit};

conformance! {
    a_user_is_found_as_it_was_stored,
    a_user_of_whom_nothing_is_known_is_found_too,
    a_suspended_user_says_since_when,
    what_names_a_user_is_unique_among_the_not_deleted,
    users_of_whom_nothing_is_known_do_not_collide,
    a_user_and_an_organization_may_have_the_same_external_id,
    a_deleted_user_is_found_by_nothing,
    users_are_listed_by_name_from_any_of_them_on,
    who_is_a_member_of_something_is_told_with_the_codes_in_order,
    users_are_found_by_parts_of_names_and_addresses_and_by_whole_ids,
    a_search_goes_on_and_back_from_a_user,
    an_update_is_read_back_with_its_revision,
    a_deletion_stamps_the_one_row,
    a_deletion_with_the_profile_leaves_nothing_personal,
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
        plan_id: None,
        rate_limits: &[],
    }
}

async fn a_user_is_found_as_it_was_stored(store: &TestStore) {
    let id = Seed::new(1).user_id();
    let limits = [rate_limit("a"), rate_limit("b")];
    insert(store, &NewUser { rate_limits: &limits, ..known_user(&id) }).await;
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
            plan_id,
            rate_limits,
            credits,
            name_folded,
            organizations,
            revision,
        } = row.unwrap();
        assert_eq!((same, created_at, suspended_at, revision), (id.clone(), NOW, None, 1));
        assert_eq!((name_folded.as_str(), organizations), ("zoë żółć", None));
        assert_eq!((plan_id, rate_limits, credits), (None, limits.to_vec(), None));
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
    let organization = NewOrganization { external_id: Some("Ext-1"), name: "Acme", ..bare_organization(&code) };
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

async fn named(store: &TestStore, names: &[&str]) -> Vec<keyward_core::UserId> {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let mut ids = Vec::new();
    for name in names {
        let id = seed.user_id();
        insert_user(&mut change, &NewUser { given_name: Some(name), ..unknown_user(&id) }).await.unwrap();
        ids.push(id);
    }
    commit(change).await.unwrap();
    ids
}

fn names(rows: Vec<UserRow>) -> Vec<String> {
    rows.into_iter().map(|row| row.given_name.unwrap()).collect()
}

async fn users_are_listed_by_name_from_any_of_them_on(store: &TestStore) {
    let ids = named(store, &["b", "Ü", "A", "c"]).await;
    let mut tx = store.read().await.unwrap();
    assert_eq!(names(list_users(&mut tx, None, None, 10).await.unwrap()), ["A", "b", "c", "Ü"]);
    drop(tx);
    store.db_execute("UPDATE users SET deleted_at = 1 WHERE given_name = 'b'").await;
    let mut tx = store.read().await.unwrap();
    assert_eq!(names(list_users(&mut tx, None, Some(ids[0].as_str()), 1).await.unwrap()), ["c"]);
    assert_eq!(find_folded_name(&mut tx, &ids[0]).await.unwrap().as_deref(), Some("b"));
}

async fn who_is_a_member_of_something_is_told_with_the_codes_in_order(store: &TestStore) {
    let ids = named(store, &["in", "out", "left"]).await;
    let (mut change, mut seed) = (store.begin().await, Seed::new(7));
    let mut codes: Vec<OrgCode> = Vec::new();
    for _ in 0..3 {
        let code = given::organization(&mut change, &mut seed).await;
        insert_member(&mut change, &code, &ids[0]).await.unwrap();
        codes.push(code);
    }
    insert_member(&mut change, &codes[0], &ids[2]).await.unwrap();
    commit(change).await.unwrap();
    store.db_execute(&format!("UPDATE organizations SET deleted_at = 1 WHERE code = '{}'", codes[1])).await;
    store.db_execute(&format!("UPDATE members SET ended_at = 1 WHERE user_id = '{}'", ids[2])).await;
    let mut told = [codes[0].to_string(), codes[2].to_string()];
    told.sort();
    let mut tx = store.read().await.unwrap();
    let row = find_user(&mut tx, &ids[0]).await.unwrap().unwrap();
    assert_eq!(row.organizations, Some(told.join(" ")));
    assert_eq!(names(list_users(&mut tx, Some(true), None, 10).await.unwrap()), ["in"]);
    assert_eq!(names(list_users(&mut tx, Some(false), None, 10).await.unwrap()), ["left", "out"]);
}

async fn users_are_found_by_parts_of_names_and_addresses_and_by_whole_ids(store: &TestStore) {
    let id = Seed::new(1).user_id();
    insert(store, &known_user(&id)).await;
    let mut tx = store.read().await.unwrap();
    let found = [id.as_str(), "ŻÓŁ", "ë żó", "ZOË@", "+48 600 100 200", "Ext-1", "Zoë"];
    for text in found {
        let rows = search_users(&mut tx, Some(text), NameRange::default(), 10).await.unwrap();
        assert_eq!(rows.len(), 1, "{text}");
    }
    for text in ["%", "_", "!", "+48 600", "Ext", "nobody"] {
        let rows = search_users(&mut tx, Some(text), NameRange::default(), 10).await.unwrap();
        assert!(rows.is_empty(), "{text}");
    }
}

async fn a_search_goes_on_and_back_from_a_user(store: &TestStore) {
    let ids = named(store, &["a", "b", "c", "d"]).await;
    let (b, d) = (Some(ids[1].as_str()), Some(ids[3].as_str()));
    let mut tx = store.read().await.unwrap();
    for (range, limit, expected) in [
        (NameRange { after: b, before: None }, 10, &["c", "d"][..]),
        (NameRange { after: None, before: d }, 2, &["b", "c"]),
        (NameRange { after: b, before: d }, 10, &["c"]),
    ] {
        assert_eq!(names(search_users(&mut tx, None, range, limit).await.unwrap()), expected);
    }
}

async fn an_update_is_read_back_with_its_revision(store: &TestStore) {
    let id = Seed::new(1).user_id();
    insert(store, &known_user(&id)).await;
    let mut row = find_user(&mut store.read().await.unwrap(), &id).await.unwrap().unwrap();
    (row.given_name, row.external_id, row.suspended_at) = (None, None, Some(later(5)));
    row.rate_limits = vec![rate_limit("a")];
    let mut change = store.begin_at(later(5)).await;
    update_user(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    let read = find_user(&mut store.read().await.unwrap(), &id).await.unwrap().unwrap();
    assert_eq!((read.given_name, read.external_id, read.suspended_at), (None, None, Some(later(5))));
    assert_eq!((read.name_folded.as_str(), read.email.is_some(), read.revision), ("żółć", true, 2));
    assert_eq!(read.rate_limits, row.rate_limits);
}

async fn a_deletion_stamps_the_one_row(store: &TestStore) {
    let ids = named(store, &["a", "b"]).await;
    let row = find_user(&mut store.read().await.unwrap(), &ids[0]).await.unwrap().unwrap();
    let mut change = store.begin_at(later(5)).await;
    delete_user(&mut change, &row, false).await.unwrap();
    assert!(delete_user(&mut change, &row, false).await.is_err(), "it is gone");
    commit(change).await.unwrap();
    assert_eq!(store.db_number("SELECT COUNT(*) FROM users WHERE revision = 2").await, 1);
}

async fn a_deletion_with_the_profile_leaves_nothing_personal(store: &TestStore) {
    let id = Seed::new(1).user_id();
    insert(store, &known_user(&id)).await;
    let row = find_user(&mut store.read().await.unwrap(), &id).await.unwrap().unwrap();
    let mut change = store.begin_at(later(5)).await;
    delete_user(&mut change, &row, true).await.unwrap();
    commit(change).await.unwrap();
    let left = "SELECT id || name_folded || COALESCE(external_id, '') || COALESCE(given_name, '') \
         || COALESCE(family_name, '') || COALESCE(email, '') || COALESCE(phone, '') || COALESCE(username, '') FROM users";
    // The mark in the place of the name says that there was one.
    assert_eq!(store.db_texts(left).await, [format!("{id}\u{1}")]);
    assert_eq!(find_folded_name(&mut store.read().await.unwrap(), &id).await.unwrap(), None);
}
