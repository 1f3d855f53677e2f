//! Members by what they have been given, and a member's roles as they are told: what counts is what the member has in
//! this organization, now.

use keyward_core::{AccessKey, OrgCode, OrgScope, PermissionId, RoleId, UserId};
use keyward_store::member_rights::{give_permission, give_role};
use keyward_store::members::{
    MemberFilter, MemberSort, end_member, find_folded_member_name, find_member, insert_member, list_members,
};
use keyward_store::permissions::{NewPermission, insert_permission};
use keyward_store::role_permissions::put_role_permission;
use keyward_store::roles::{NewRole, insert_role};
use keyward_store::users::{NewUser, insert_user};

use crate::given::{self, NOW, Seed, unknown_user};
use crate::test_store::{TestStore, commit};

conformance! {
    a_role_counts_while_the_member_has_it_in_this_organization,
    a_permission_counts_by_a_role_or_without_one,
    the_roles_of_a_member_are_those_of_this_organization_alone,
    a_page_ends_and_goes_on_within_the_organization,
    what_ends_with_a_membership_is_its_own,
    a_deleted_organization_beside_others_has_no_members,
}

const SORTS: [MemberSort; 4] = [MemberSort::NameAsc, MemberSort::NameDesc, MemberSort::EmailAsc, MemberSort::EmailDesc];

/// Two organizations with the same two users, two roles and two permissions; nobody has been given anything.
struct Shop {
    orgs: [OrgCode; 2],
    users: [UserId; 2],
    roles: [RoleId; 2],
    permissions: [PermissionId; 2],
}

async fn shop(store: &TestStore) -> Shop {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let orgs = [given::organization(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await];
    let users = [seed.user_id(), seed.user_id()];
    for (id, name) in users.iter().zip(["a", "b"]) {
        let new = NewUser { given_name: Some(name), email: Some(name), ..unknown_user(id) };
        insert_user(&mut change, &new).await.unwrap();
        for org in &orgs {
            insert_member(&mut change, org, id).await.unwrap();
        }
    }
    let roles = [(); 2].map(|()| RoleId::generate(&mut seed.fill(), NOW));
    let permissions = [(); 2].map(|()| PermissionId::generate(&mut seed.fill(), NOW));
    for (at, text) in ["x", "y"].into_iter().enumerate() {
        let key = &AccessKey::parse(text).unwrap();
        let role = NewRole { id: &roles[at], key, name: text, description: None, is_default: false };
        insert_role(&mut change, &role).await.unwrap();
        let permission = NewPermission { id: &permissions[at], key, name: text, description: None };
        insert_permission(&mut change, &permission).await.unwrap();
    }
    commit(change).await.unwrap();
    Shop { orgs, users, roles, permissions }
}

impl Shop {
    async fn gives_role(&self, store: &TestStore, org: usize, user: usize, role: usize) {
        let mut change = store.begin().await;
        assert!(give_role(&mut change, &self.orgs[org], &self.users[user], &self.roles[role]).await.unwrap());
        commit(change).await.unwrap();
    }

    async fn gives_permission(&self, store: &TestStore, org: usize, user: usize, permission: usize) {
        let mut change = store.begin().await;
        let id = &self.permissions[permission];
        assert!(give_permission(&mut change, &self.orgs[org], &self.users[user], id).await.unwrap());
        commit(change).await.unwrap();
    }

    /// Who is listed of the first organization: the same in every order.
    async fn finds(&self, store: &TestStore, roles: &[usize], permissions: &[usize]) -> String {
        let roles: Vec<RoleId> = roles.iter().map(|at| self.roles[*at].clone()).collect();
        let permissions: Vec<PermissionId> = permissions.iter().map(|at| self.permissions[*at].clone()).collect();
        let filter = MemberFilter { roles: &roles, permissions: &permissions };
        let mut found = Vec::new();
        for sort in SORTS {
            let mut tx = store.read().await.unwrap();
            let page = (sort, None, 10);
            let rows = list_members(&mut tx, &OrgScope::All, &self.orgs[0], filter, page).await.unwrap();
            let mut names: Vec<String> = rows.into_iter().map(|row| row.given_name.unwrap()).collect();
            names.sort();
            found.push(names.concat());
        }
        found.dedup();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }
}

async fn a_role_counts_while_the_member_has_it_in_this_organization(store: &TestStore) {
    let shop = shop(store).await;
    assert_eq!(shop.finds(store, &[], &[]).await, "ab");
    // What another member has, and what this one has elsewhere.
    shop.gives_role(store, 0, 1, 0).await;
    shop.gives_role(store, 1, 0, 0).await;
    assert_eq!(shop.finds(store, &[0], &[]).await, "b");
    assert_eq!(shop.finds(store, &[1], &[]).await, "");
    shop.gives_role(store, 0, 0, 0).await;
    assert_eq!(shop.finds(store, &[0], &[]).await, "ab");
    shop.gives_role(store, 0, 0, 1).await;
    assert_eq!(shop.finds(store, &[0, 1], &[]).await, "a");
    assert_eq!(shop.finds(store, &[0], &[]).await, "ab");
    store.db_execute("UPDATE roles SET deleted_at = 1 WHERE key = 'y'").await;
    assert_eq!(shop.finds(store, &[1], &[]).await, "");
    let of_a = format!("UPDATE member_roles SET ended_at = 1 WHERE user_id = '{}'", shop.users[0]);
    store.db_execute(&of_a).await;
    assert_eq!(shop.finds(store, &[0], &[]).await, "b");
}

async fn a_permission_counts_by_a_role_or_without_one(store: &TestStore) {
    let shop = shop(store).await;
    shop.gives_permission(store, 0, 1, 0).await;
    shop.gives_permission(store, 1, 0, 0).await;
    assert_eq!(shop.finds(store, &[], &[0]).await, "b");
    assert_eq!(shop.finds(store, &[], &[1]).await, "");
    // The first role carries the second permission, and the other role the first.
    let mut change = store.begin().await;
    put_role_permission(&mut change, &shop.roles[0], &shop.permissions[1]).await.unwrap();
    put_role_permission(&mut change, &shop.roles[1], &shop.permissions[0]).await.unwrap();
    commit(change).await.unwrap();
    shop.gives_role(store, 1, 1, 0).await;
    assert_eq!(shop.finds(store, &[], &[1]).await, "");
    shop.gives_role(store, 0, 0, 0).await;
    assert_eq!(shop.finds(store, &[], &[1]).await, "a");
    assert_eq!(shop.finds(store, &[], &[0]).await, "b");
    assert_eq!(shop.finds(store, &[], &[0, 1]).await, "");
    shop.gives_permission(store, 0, 0, 0).await;
    assert_eq!(shop.finds(store, &[], &[0, 1]).await, "a");
    assert_eq!(shop.finds(store, &[0], &[0, 1]).await, "a");

    for (lost, found) in [
        ("UPDATE role_permissions SET ended_at = NULL", "a"),
        ("UPDATE role_permissions SET ended_at = 1", ""),
        ("UPDATE role_permissions SET ended_at = NULL", "a"),
        ("UPDATE member_roles SET ended_at = 1", ""),
        ("UPDATE member_roles SET ended_at = NULL", "a"),
        ("UPDATE roles SET deleted_at = 1", ""),
        ("UPDATE roles SET deleted_at = NULL", "a"),
        ("UPDATE permissions SET deleted_at = 1 WHERE key = 'y'", ""),
    ] {
        store.db_execute(lost).await;
        assert_eq!(shop.finds(store, &[], &[1]).await, found, "{lost}");
    }
    assert_eq!(shop.finds(store, &[], &[0]).await, "ab");
    let of_a = format!("UPDATE member_permissions SET ended_at = 1 WHERE user_id = '{}'", shop.users[0]);
    store.db_execute(&of_a).await;
    assert_eq!(shop.finds(store, &[], &[0]).await, "b");
}

/// The roles that a member of the first organization is told with: the same wherever it stands.
async fn told(store: &TestStore, shop: &Shop, user: usize) -> String {
    let (org, user) = (&shop.orgs[0], &shop.users[user]);
    let mut tx = store.read().await.unwrap();
    let mut told = vec![find_member(&mut tx, &OrgScope::All, org, user).await.unwrap().unwrap().roles];
    for sort in SORTS {
        let page = (sort, None, 10);
        let rows = list_members(&mut tx, &OrgScope::All, org, MemberFilter::default(), page).await.unwrap();
        assert_eq!(rows.len(), 2);
        told.push(rows.into_iter().find(|row| row.user_id == *user).unwrap().roles);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0).unwrap_or_default()
}

async fn the_roles_of_a_member_are_those_of_this_organization_alone(store: &TestStore) {
    let shop = shop(store).await;
    shop.gives_role(store, 1, 0, 1).await;
    shop.gives_role(store, 0, 1, 0).await;
    assert_eq!(told(store, &shop, 0).await, "");
    assert_eq!(told(store, &shop, 1).await, "x");
    shop.gives_role(store, 0, 0, 1).await;
    shop.gives_role(store, 0, 0, 0).await;
    assert_eq!(told(store, &shop, 0).await, "x y");
    store.db_execute("UPDATE roles SET deleted_at = 1 WHERE key = 'y'").await;
    assert_eq!(told(store, &shop, 0).await, "x");
    store.db_execute(&format!("UPDATE member_roles SET ended_at = 1 WHERE user_id = '{}'", shop.users[0])).await;
    assert_eq!((told(store, &shop, 0).await, told(store, &shop, 1).await), (String::new(), "x".into()));
}

async fn a_page_ends_and_goes_on_within_the_organization(store: &TestStore) {
    let shop = shop(store).await;
    let (mut change, mut seed) = (store.begin().await, Seed::new(3));
    // Others stand between the two in every order, and are members elsewhere or nowhere.
    let (elsewhere, nowhere) = (seed.user_id(), seed.user_id());
    for (id, email) in [(&elsewhere, "aa"), (&nowhere, "ab")] {
        let new = NewUser { given_name: Some(email), email: Some(email), ..unknown_user(id) };
        insert_user(&mut change, &new).await.unwrap();
    }
    insert_member(&mut change, &shop.orgs[1], &elsewhere).await.unwrap();
    commit(change).await.unwrap();
    let list = async |scope: OrgScope, sort, after: Option<&UserId>, limit| {
        let page = (sort, after.map(UserId::as_str), limit);
        let mut tx = store.read().await.unwrap();
        let rows = list_members(&mut tx, &scope, &shop.orgs[0], MemberFilter::default(), page).await.unwrap();
        rows.into_iter().map(|row| row.given_name.unwrap()).collect::<String>()
    };
    let [a, b] = &shop.users;
    let name = async |scope: &OrgScope, user: &UserId| {
        let mut tx = store.read().await.unwrap();
        find_folded_member_name(&mut tx, scope, &shop.orgs[0], user).await.unwrap()
    };
    let (own, other) = (OrgScope::One(shop.orgs[0].clone()), OrgScope::One(shop.orgs[1].clone()));
    for scope in [&own, &OrgScope::All] {
        assert_eq!((name(scope, a).await.as_deref(), name(scope, b).await.as_deref()), (Some("a"), Some("b")));
        assert_eq!((name(scope, &elsewhere).await, name(scope, &nowhere).await), (None, None));
    }
    assert_eq!(name(&other, a).await, None);
    for (sort, first, behind) in [
        (MemberSort::NameAsc, (a, "a"), "b"),
        (MemberSort::NameDesc, (b, "b"), "a"),
        (MemberSort::EmailAsc, (a, "a"), "b"),
        (MemberSort::EmailDesc, (b, "b"), "a"),
    ] {
        let (first, name) = first;
        assert_eq!(list(own.clone(), sort, None, 10).await, format!("{name}{behind}"));
        assert_eq!(list(OrgScope::All, sort, None, 1).await, name);
        assert_eq!(list(own.clone(), sort, Some(first), 10).await, behind);
        assert_eq!(list(other.clone(), sort, None, 10).await, "", "kept to another organization");
        for stranger in [&elsewhere, &nowhere] {
            assert_eq!(list(own.clone(), sort, Some(stranger), 10).await, "", "behind a stranger, {sort:?}");
        }
        let left = format!("UPDATE members SET ended_at = 1 WHERE user_id = '{first}'");
        store.db_execute(&left).await;
        assert_eq!(list(OrgScope::All, sort, None, 10).await, behind, "who left is not listed");
        assert_eq!(list(OrgScope::All, sort, Some(first), 10).await, behind, "behind one who left");
        store.db_execute("UPDATE members SET ended_at = NULL").await;
        store.db_execute(&format!("UPDATE users SET deleted_at = 1 WHERE id = '{first}'")).await;
        assert_eq!(list(OrgScope::All, sort, None, 10).await, behind, "who was deleted is not listed");
        store.db_execute("UPDATE users SET deleted_at = NULL").await;
    }
}

async fn what_ends_with_a_membership_is_its_own(store: &TestStore) {
    let shop = shop(store).await;
    for (org, user) in [(0, 0), (0, 1), (1, 0)] {
        for at in [0, 1] {
            shop.gives_role(store, org, user, at).await;
            shop.gives_permission(store, org, user, at).await;
        }
    }
    let of_first = format!("org_code = '{}' AND user_id = '{}'", shop.orgs[0], shop.users[0]);
    // One of each has been taken before.
    for (table, id) in [("member_roles", "role_id"), ("member_permissions", "permission_id")] {
        let one = format!("(SELECT MIN({id}) FROM {table} WHERE {of_first})");
        store.db_execute(&format!("UPDATE {table} SET ended_at = 7 WHERE {of_first} AND {id} = {one}")).await;
    }
    let mut tx = store.read().await.unwrap();
    let member = find_member(&mut tx, &OrgScope::All, &shop.orgs[0], &shop.users[0]).await.unwrap().unwrap();
    drop(tx);
    let mut change = store.begin().await;
    end_member(&mut change, &member).await.unwrap();
    commit(change).await.unwrap();
    let now = NOW.as_micros();
    let number = async |sql: String| store.db_number(&sql).await;
    assert_eq!(number(format!("SELECT COUNT(*) FROM members WHERE ended_at = {now} AND {of_first}")).await, 1);
    assert_eq!(number("SELECT COUNT(*) FROM members WHERE ended_at IS NULL".into()).await, 3);
    for table in ["member_roles", "member_permissions"] {
        assert_eq!(number(format!("SELECT COUNT(*) FROM {table} WHERE ended_at = {now} AND {of_first}")).await, 1);
        assert_eq!(number(format!("SELECT COUNT(*) FROM {table} WHERE ended_at = 7 AND {of_first}")).await, 1);
        assert_eq!(number(format!("SELECT COUNT(*) FROM {table} WHERE ended_at IS NULL")).await, 4);
    }
}

async fn a_deleted_organization_beside_others_has_no_members(store: &TestStore) {
    let shop = shop(store).await;
    store.db_execute(&format!("UPDATE organizations SET deleted_at = 1 WHERE code = '{}'", shop.orgs[0])).await;
    assert_eq!(shop.finds(store, &[], &[]).await, "");
    let mut tx = store.read().await.unwrap();
    assert!(find_member(&mut tx, &OrgScope::All, &shop.orgs[0], &shop.users[0]).await.unwrap().is_none());
    let there = find_member(&mut tx, &OrgScope::All, &shop.orgs[1], &shop.users[0]).await.unwrap().unwrap();
    assert_eq!((there.org_code, there.user_id), (shop.orgs[1].clone(), shop.users[0].clone()));
}
