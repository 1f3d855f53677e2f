//! What members are given and lose, and who has a role: this member's, in this organization, now.

use keyward_core::{AccessKey, OrgCode, OrgScope, PermissionId, RoleId, UserId};
use keyward_store::member_rights::{
    count_role_users, give_permission, give_role, list_member_permissions, list_member_roles, list_role_holders,
    list_role_users, take_permission, take_role,
};
use keyward_store::members::{MemberRow, find_member, insert_member};
use keyward_store::permissions::{NewPermission, insert_permission};
use keyward_store::role_permissions::put_role_permission;
use keyward_store::roles::{NewRole, insert_role};

use crate::given::{self, NOW, Seed};
use crate::test_store::{TestStore, commit};

conformance! {
    what_is_given_is_given_once_taken_once_and_given_again,
    the_roles_of_a_member_are_listed,
    the_permissions_of_a_member_are_listed_with_the_roles_that_bring_them,
    who_has_a_role_in_an_organization_is_listed_and_counted,
    who_has_a_role_anywhere_is_listed_with_where,
}

/// Two organizations with the same two users, two roles and two permissions, `x` and `y`.
struct Shop {
    orgs: [OrgCode; 2],
    /// In the order of their ids.
    users: [UserId; 2],
    roles: [RoleId; 2],
    permissions: [PermissionId; 2],
}

async fn shop(store: &TestStore) -> Shop {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let mut orgs =
        [given::organization(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await];
    let mut users = [given::user(&mut change, &mut seed).await, given::user(&mut change, &mut seed).await];
    orgs.sort();
    users.sort();
    for org in &orgs {
        for user in &users {
            insert_member(&mut change, org, user).await.unwrap();
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
    async fn gives(&self, store: &TestStore, org: usize, user: usize, role: usize) {
        let mut change = store.begin().await;
        assert!(give_role(&mut change, &self.orgs[org], &self.users[user], &self.roles[role]).await.unwrap());
        commit(change).await.unwrap();
    }

    async fn member(&self, store: &TestStore, org: usize, user: usize) -> MemberRow {
        let mut tx = store.read().await.unwrap();
        find_member(&mut tx, &OrgScope::All, &self.orgs[org], &self.users[user]).await.unwrap().unwrap()
    }

    /// The keys of the roles of a member of the first organization.
    async fn roles_of(&self, store: &TestStore, user: usize) -> String {
        let member = self.member(store, 0, user).await;
        let rows = list_member_roles(&mut store.read().await.unwrap(), &member).await.unwrap();
        rows.into_iter().map(|row| row.key).collect()
    }

    /// The keys of the permissions of a member of the first organization, each with the role that brings it.
    async fn permissions_of(&self, store: &TestStore, user: usize) -> String {
        let member = self.member(store, 0, user).await;
        let rows = list_member_permissions(&mut store.read().await.unwrap(), &member).await.unwrap();
        let told = |row| {
            let keyward_store::member_rights::MemberPermissionRow { key, role_key, role_id, .. } = row;
            assert_eq!(role_id.is_some(), role_key.is_some());
            format!("{key}{} ", role_key.map_or(String::new(), |role| format!("({role})")))
        };
        rows.into_iter().map(told).collect()
    }
}

async fn what_is_given_is_given_once_taken_once_and_given_again(store: &TestStore) {
    let shop = shop(store).await;
    // Every member has everything; then one loses one of each.
    for org in &shop.orgs {
        for user in &shop.users {
            let mut change = store.begin().await;
            for at in 0..2 {
                assert!(give_role(&mut change, org, user, &shop.roles[at]).await.unwrap());
                assert!(give_permission(&mut change, org, user, &shop.permissions[at]).await.unwrap());
                assert!(!give_role(&mut change, org, user, &shop.roles[at]).await.unwrap(), "has it already");
                assert!(!give_permission(&mut change, org, user, &shop.permissions[at]).await.unwrap());
            }
            commit(change).await.unwrap();
        }
    }
    let member = shop.member(store, 0, 0).await;
    let ended =
        async |table: &str| store.db_number(&format!("SELECT COUNT(*) FROM {table} WHERE ended_at IS NOT NULL")).await;
    let mut change = store.begin().await;
    assert!(take_role(&mut change, &member, &shop.roles[0]).await.unwrap());
    assert!(take_permission(&mut change, &member, &shop.permissions[0]).await.unwrap());
    assert!(!take_role(&mut change, &member, &shop.roles[0]).await.unwrap(), "has it no more");
    assert!(!take_permission(&mut change, &member, &shop.permissions[0]).await.unwrap());
    commit(change).await.unwrap();
    assert_eq!((ended("member_roles").await, ended("member_permissions").await), (1, 1));
    assert_eq!((shop.roles_of(store, 0).await.as_str(), shop.roles_of(store, 1).await.as_str()), ("y", "xy"));
    let mut change = store.begin().await;
    assert!(give_role(&mut change, &shop.orgs[0], &shop.users[0], &shop.roles[0]).await.unwrap());
    assert!(give_permission(&mut change, &shop.orgs[0], &shop.users[0], &shop.permissions[0]).await.unwrap());
    commit(change).await.unwrap();
    assert_eq!((ended("member_roles").await, ended("member_permissions").await), (0, 0));
}

async fn the_roles_of_a_member_are_listed(store: &TestStore) {
    let shop = shop(store).await;
    shop.gives(store, 1, 0, 0).await;
    shop.gives(store, 0, 1, 1).await;
    assert_eq!((shop.roles_of(store, 0).await.as_str(), shop.roles_of(store, 1).await.as_str()), ("", "y"));
    shop.gives(store, 0, 0, 1).await;
    shop.gives(store, 0, 0, 0).await;
    assert_eq!(shop.roles_of(store, 0).await, "xy");
    store.db_execute("UPDATE roles SET deleted_at = 1 WHERE key = 'x'").await;
    assert_eq!(shop.roles_of(store, 0).await, "y");
    store.db_execute("UPDATE member_roles SET ended_at = 1").await;
    assert_eq!(shop.roles_of(store, 0).await, "");
}

async fn the_permissions_of_a_member_are_listed_with_the_roles_that_bring_them(store: &TestStore) {
    let shop = shop(store).await;
    let mut change = store.begin().await;
    put_role_permission(&mut change, &shop.roles[0], &shop.permissions[0]).await.unwrap();
    put_role_permission(&mut change, &shop.roles[1], &shop.permissions[1]).await.unwrap();
    give_permission(&mut change, &shop.orgs[1], &shop.users[0], &shop.permissions[0]).await.unwrap();
    give_permission(&mut change, &shop.orgs[0], &shop.users[1], &shop.permissions[0]).await.unwrap();
    commit(change).await.unwrap();
    shop.gives(store, 1, 0, 1).await;
    shop.gives(store, 0, 1, 1).await;
    assert_eq!(shop.permissions_of(store, 0).await, "");
    assert_eq!(shop.permissions_of(store, 1).await, "x y(y) ");
    shop.gives(store, 0, 0, 0).await;
    assert_eq!(shop.permissions_of(store, 0).await, "x(x) ");
    let mut change = store.begin().await;
    give_permission(&mut change, &shop.orgs[0], &shop.users[0], &shop.permissions[1]).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(shop.permissions_of(store, 0).await, "x(x) y ");
    for (lost, found) in [
        ("UPDATE role_permissions SET ended_at = 1", "y "),
        ("UPDATE role_permissions SET ended_at = NULL", "x(x) y "),
        ("UPDATE roles SET deleted_at = 1 WHERE key = 'x'", "y "),
        ("UPDATE roles SET deleted_at = NULL", "x(x) y "),
        ("UPDATE member_roles SET ended_at = 1", "y "),
        ("UPDATE member_roles SET ended_at = NULL", "x(x) y "),
        ("UPDATE permissions SET deleted_at = 1 WHERE key = 'x'", "y "),
        ("UPDATE permissions SET deleted_at = 1", ""),
        ("UPDATE permissions SET deleted_at = NULL", "x(x) y "),
        ("UPDATE member_permissions SET ended_at = 1", "x(x) "),
    ] {
        store.db_execute(lost).await;
        assert_eq!(shop.permissions_of(store, 0).await, found, "{lost}");
    }
}

async fn who_has_a_role_in_an_organization_is_listed_and_counted(store: &TestStore) {
    let shop = shop(store).await;
    let told = async |after: Option<&UserId>, limit| {
        let mut tx = store.read().await.unwrap();
        let page = (after.map(UserId::as_str), limit);
        let ids = list_role_users(&mut tx, &shop.orgs[0], &shop.roles[0], page).await.unwrap();
        if after.is_none() && limit > 1 {
            let count = count_role_users(&mut tx, &shop.orgs[0], &shop.roles[0]).await.unwrap();
            assert_eq!(count, ids.len() as u64);
        }
        ids.iter().map(|id| shop.users.iter().position(|user| user == id).unwrap()).collect::<Vec<_>>()
    };
    shop.gives(store, 1, 0, 0).await;
    shop.gives(store, 0, 0, 1).await;
    assert_eq!(told(None, 9).await, [0; 0]);
    shop.gives(store, 0, 1, 0).await;
    assert_eq!(told(None, 9).await, [1]);
    shop.gives(store, 0, 0, 0).await;
    assert_eq!((told(None, 9).await, told(None, 1).await), (vec![0, 1], vec![0]));
    assert_eq!(told(Some(&shop.users[0]), 9).await, [1]);
    let [first, second] = &shop.users;
    for (lost, back) in [
        (format!("UPDATE users SET deleted_at = 1 WHERE id = '{first}'"), "UPDATE users SET deleted_at = NULL"),
        (format!("UPDATE members SET ended_at = 1 WHERE user_id = '{first}'"), "UPDATE members SET ended_at = NULL"),
        (
            format!("UPDATE member_roles SET ended_at = 1 WHERE user_id = '{first}'"),
            "UPDATE users SET deleted_at = NULL",
        ),
    ] {
        store.db_execute(&lost).await;
        assert_eq!(told(None, 9).await, [1], "{lost}");
        store.db_execute(back).await;
    }
    // The other one alone has the role now, whatever becomes of the first.
    for gone in ["members SET ended_at", "users SET deleted_at"] {
        let (name, back) = if gone.starts_with("users") { ("id", "NULL") } else { ("user_id", "NULL") };
        store.db_execute(&format!("UPDATE {gone} = 1 WHERE {name} = '{first}'")).await;
        assert_eq!(told(None, 9).await, [1], "{gone}");
        store.db_execute(&format!("UPDATE {gone} = {back}")).await;
    }
    // Who has left one organization has not left the other.
    let elsewhere = format!("org_code = '{}' AND user_id = '{second}'", shop.orgs[1]);
    store.db_execute(&format!("UPDATE members SET ended_at = 1 WHERE {elsewhere}")).await;
    assert_eq!(told(None, 9).await, [1]);
}

async fn who_has_a_role_anywhere_is_listed_with_where(store: &TestStore) {
    let shop = shop(store).await;
    let told = async |after: Option<&UserId>, limit| {
        let page = (after.map(UserId::as_str), limit);
        let rows = list_role_holders(&mut store.read().await.unwrap(), &shop.roles[0], page).await.unwrap();
        let of = |codes: &str| -> String {
            let at = |code: &str| shop.orgs.iter().position(|org| org.as_str() == code).unwrap().to_string();
            codes.split(' ').map(at).collect()
        };
        let user = |id: &UserId| shop.users.iter().position(|user| user == id).unwrap();
        rows.iter().map(|row| format!("{}:{} ", user(&row.id), of(&row.org_codes))).collect::<String>()
    };
    shop.gives(store, 0, 0, 1).await;
    assert_eq!(told(None, 9).await, "");
    for (org, user) in [(0, 0), (1, 0), (1, 1)] {
        shop.gives(store, org, user, 0).await;
    }
    assert_eq!((told(None, 9).await.as_str(), told(None, 1).await.as_str()), ("0:01 1:1 ", "0:01 "));
    assert_eq!(told(Some(&shop.users[0]), 9).await, "1:1 ");
    let [first, second] = &shop.users;
    let (org, other) = (&shop.orgs[0], &shop.orgs[1]);
    for (lost, found, back) in [
        (format!("users SET deleted_at = 1 WHERE id = '{first}'"), "1:1 ", "users SET deleted_at = NULL"),
        (
            format!("organizations SET deleted_at = 1 WHERE code = '{org}'"),
            "0:1 1:1 ",
            "organizations SET deleted_at = NULL",
        ),
        (
            format!("organizations SET deleted_at = 1 WHERE code = '{other}'"),
            "0:0 ",
            "organizations SET deleted_at = NULL",
        ),
        (format!("members SET ended_at = 1 WHERE user_id = '{second}'"), "0:01 ", "members SET ended_at = NULL"),
        (format!("members SET ended_at = 1 WHERE org_code = '{org}'"), "0:1 1:1 ", "members SET ended_at = NULL"),
        (
            format!("member_roles SET ended_at = 1 WHERE org_code = '{org}'"),
            "0:1 1:1 ",
            "member_roles SET ended_at = NULL",
        ),
    ] {
        store.db_execute(&format!("UPDATE {lost}")).await;
        assert_eq!(told(None, 9).await, found, "{lost}");
        store.db_execute(&format!("UPDATE {back}")).await;
    }
}
