//! Lists in every order: what has been deleted is left out, a page ends where it is to end, and goes on behind any entry,
//! even one that has been deleted, and behind none that there never was.

use keyward_core::{AccessKey, OrgCode, OrgScope, PermissionId, RoleId, UserId};
use keyward_store::applications::{ApplicationSort, list_applications};
use keyward_store::members::insert_member;
use keyward_store::organizations::{NewOrganization, OrganizationSort, insert_organization, list_organizations};
use keyward_store::permissions::{NewPermission, PermissionSort, insert_permission, list_permissions};
use keyward_store::role_permissions::put_role_permission;
use keyward_store::roles::{NewRole, RoleSort, insert_role, list_roles};
use keyward_store::users::{
    NameRange, NewUser, UserRow, find_user, find_user_by, insert_user, list_users, search_users,
};

use crate::given::{self, NOW, Seed, bare_organization, unknown_user};
use crate::test_store::{TestStore, commit};

conformance! {
    of_organizations,
    of_applications,
    of_roles,
    of_permissions,
    of_users,
    of_users_that_are_searched_for,
    each_way_to_a_user_tells_of_the_same_memberships,
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const NOBODY: &str = "nobody";

/// Four entries of a list, named `a` to `d`, by their ids.
struct Four {
    ids: [String; 4],
    /// Brings the one with this name back, or deletes it.
    table: &'static str,
}

impl Four {
    /// Holds one order to its pages; `list` answers the names behind an entry, at most so many.
    async fn hold(&self, store: &TestStore, is_up: bool, list: impl AsyncFn(Option<&str>, u32) -> String) {
        let order = |names: &str| if is_up { names.to_owned() } else { names.chars().rev().collect() };
        let (last, second) = if is_up { (3, 1) } else { (0, 2) };
        assert_eq!(list(None, 9).await, order("abcd"));
        assert_eq!(list(None, 2).await, order("abcd")[..2]);
        assert_eq!(list(Some(&self.ids[second]), 9).await, order("abcd")[2..]);
        assert_eq!(list(Some(&self.ids[last]), 9).await, "");
        assert_eq!(list(Some(NOBODY), 9).await, "");
        let (table, name) = (self.table, NAMES[second]);
        store.db_execute(&format!("UPDATE {table} SET deleted_at = 1 WHERE name_folded = '{name}'")).await;
        assert_eq!(list(None, 9).await, order(&"abcd".replace(name, "")));
        assert_eq!(list(Some(&self.ids[second]), 9).await, order("abcd")[2..], "behind one that was deleted");
        store.db_execute(&format!("UPDATE {table} SET deleted_at = NULL")).await;
    }
}

async fn of_organizations(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let codes = [(); 4].map(|()| seed.org_code());
    for (code, name) in codes.iter().zip(NAMES) {
        let new = NewOrganization { external_id: Some(name), name, ..bare_organization(code) };
        insert_organization(&mut change, &new).await.unwrap();
    }
    commit(change).await.unwrap();
    let list = async |scope: &OrgScope, external_id: Option<&str>, sort, after: Option<&str>, limit| {
        let mut tx = store.read().await.unwrap();
        let rows = list_organizations(&mut tx, scope, external_id, (sort, after, limit)).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<String>()
    };
    let four = Four { ids: codes.clone().map(|code| code.to_string()), table: "organizations" };
    for (sort, is_up) in [(OrganizationSort::NameAsc, true), (OrganizationSort::NameDesc, false)] {
        four.hold(store, is_up, async |after, limit| list(&OrgScope::All, None, sort, after, limit).await).await;
        assert_eq!(list(&OrgScope::All, Some("c"), sort, None, 9).await, "c");
        let own = OrgScope::One(codes[1].clone());
        assert_eq!(list(&own, None, sort, None, 9).await, "b");
        assert_eq!(list(&own, Some("c"), sort, None, 9).await, "");
        // Behind whichever other one it stands, it is not to be seen from here.
        for other in [&codes[0], &codes[1], &codes[2]] {
            assert_eq!(list(&own, None, sort, Some(OrgCode::as_str(other)), 9).await, "");
        }
    }
}

async fn of_applications(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let mut ids = Vec::new();
    for name in NAMES {
        ids.push(given::application(&mut change, &mut seed, name).await.to_string());
    }
    let orgs = [given::organization(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await];
    commit(change).await.unwrap();
    store.db_execute(&format!("UPDATE applications SET org_code = '{}' WHERE name = 'b'", orgs[0])).await;
    store.db_execute(&format!("UPDATE applications SET org_code = '{}' WHERE name = 'c'", orgs[1])).await;
    let list = async |sort, after: Option<&str>, limit| {
        let mut tx = store.read().await.unwrap();
        let rows = list_applications(&mut tx, sort, after, limit).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<String>()
    };
    let four = Four { ids: ids.try_into().unwrap(), table: "applications" };
    for (sort, is_up) in [(ApplicationSort::NameAsc, true), (ApplicationSort::NameDesc, false)] {
        four.hold(store, is_up, async |after, limit| list(sort, after, limit).await).await;
        store.db_execute(&format!("UPDATE organizations SET suspended_at = 5 WHERE code = '{}'", orgs[0])).await;
        let rows = list_applications(&mut store.read().await.unwrap(), sort, None, 9).await.unwrap();
        let suspended: String = rows.iter().filter(|row| !row.is_active()).map(|row| row.name.as_str()).collect();
        assert_eq!((rows.len(), suspended.as_str()), (4, "b"));
        store.db_execute(&format!("UPDATE organizations SET deleted_at = 5 WHERE code = '{}'", orgs[0])).await;
        assert_eq!(list(sort, None, 9).await, if is_up { "acd" } else { "dca" }, "it ends with its organization");
        store.db_execute("UPDATE organizations SET deleted_at = NULL, suspended_at = NULL").await;
    }
}

fn key(text: &str) -> AccessKey {
    AccessKey::parse(text).unwrap()
}

async fn of_roles(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let ids = [(); 4].map(|()| RoleId::generate(&mut seed.fill(), NOW));
    for (id, name) in ids.iter().zip(NAMES) {
        let new = NewRole { id, key: &key(name), name, description: None, is_default: false };
        insert_role(&mut change, &new).await.unwrap();
    }
    commit(change).await.unwrap();
    let four = Four { ids: ids.map(|id| id.to_string()), table: "roles" };
    let list = async |sort, after: Option<&str>, limit| {
        let rows = list_roles(&mut store.read().await.unwrap(), sort, after, limit).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<String>()
    };
    for sort in [RoleSort::NameAsc, RoleSort::NameDesc, RoleSort::KeyAsc, RoleSort::KeyDesc] {
        let is_up = matches!(sort, RoleSort::NameAsc | RoleSort::KeyAsc);
        four.hold(store, is_up, async |after, limit| list(sort, after, limit).await).await;
    }
}

async fn of_permissions(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let mut ids = [(); 4].map(|()| PermissionId::generate(&mut seed.fill(), NOW));
    // So that the order of ids is that of names.
    ids.sort();
    for (id, name) in ids.iter().zip(NAMES) {
        let new = NewPermission { id, key: &key(name), name, description: None };
        insert_permission(&mut change, &new).await.unwrap();
    }
    let roles = [(); 2].map(|()| RoleId::generate(&mut seed.fill(), NOW));
    for (at, id) in roles.iter().enumerate() {
        let new = NewRole { id, key: &key(NAMES[at]), name: "Role", description: None, is_default: false };
        insert_role(&mut change, &new).await.unwrap();
    }
    for (role, carried) in roles.iter().zip([&ids[..2], &ids[2..]]) {
        for id in carried {
            put_role_permission(&mut change, role, id).await.unwrap();
        }
    }
    commit(change).await.unwrap();
    store.db_execute(&format!("UPDATE role_permissions SET ended_at = 1 WHERE permission_id = '{}'", ids[1])).await;
    let list = async |role: Option<&RoleId>, sort, after: Option<&str>, limit| {
        let rows = list_permissions(&mut store.read().await.unwrap(), role, sort, after, limit).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<String>()
    };
    let four = Four { ids: ids.map(|id| id.to_string()), table: "permissions" };
    for sort in [PermissionSort::NameAsc, PermissionSort::NameDesc, PermissionSort::IdAsc, PermissionSort::IdDesc] {
        let is_up = matches!(sort, PermissionSort::NameAsc | PermissionSort::IdAsc);
        let after_nobody = async |after: Option<&str>, limit| {
            // An id is a place in the order of ids, whether anything ever had it or not.
            if after == Some(NOBODY) && matches!(sort, PermissionSort::IdAsc | PermissionSort::IdDesc) {
                return String::new();
            }
            list(None, sort, after, limit).await
        };
        four.hold(store, is_up, after_nobody).await;
        assert_eq!(list(Some(&roles[0]), sort, None, 9).await, "a", "it has lost the other");
        assert_eq!(list(Some(&roles[1]), sort, None, 9).await, if is_up { "cd" } else { "dc" });
        let behind = if is_up { (&four.ids[2], "d") } else { (&four.ids[3], "c") };
        assert_eq!(list(Some(&roles[1]), sort, Some(behind.0), 9).await, behind.1);
    }
}

/// Four users by name, of whom `a` and `b` are members of one organization and `c` of another.
async fn four_users(store: &TestStore) -> (Four, [OrgCode; 2], [UserId; 4]) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let orgs = [given::organization(&mut change, &mut seed).await, given::organization(&mut change, &mut seed).await];
    let ids = [(); 4].map(|()| seed.user_id());
    for (at, (id, name)) in ids.iter().zip(NAMES).enumerate() {
        let email = format!("{at}@x");
        let new = NewUser {
            given_name: Some(name),
            external_id: Some(&format!("ext-{name}")),
            email: Some(&email),
            phone: Some(&format!("phone-{name}")),
            username: Some(&format!("user-{name}")),
            ..unknown_user(id)
        };
        insert_user(&mut change, &new).await.unwrap();
    }
    for (org, user) in [(0, 0), (0, 1), (1, 2)] {
        insert_member(&mut change, &orgs[org], &ids[user]).await.unwrap();
    }
    commit(change).await.unwrap();
    (Four { ids: ids.clone().map(|id| id.to_string()), table: "users" }, orgs, ids)
}

fn names(rows: Vec<UserRow>) -> String {
    rows.into_iter().map(|row| row.given_name.unwrap()).collect()
}

async fn of_users(store: &TestStore) {
    let (four, orgs, ids) = four_users(store).await;
    let list = async |has_organization, after: Option<&str>, limit| {
        names(list_users(&mut store.read().await.unwrap(), has_organization, after, limit).await.unwrap())
    };
    four.hold(store, true, async |after, limit| list(None, after, limit).await).await;
    assert_eq!((list(Some(true), None, 9).await, list(Some(false), None, 9).await), ("abc".into(), "d".into()));
    store.db_execute(&format!("UPDATE members SET ended_at = 1 WHERE user_id = '{}'", ids[0])).await;
    store.db_execute(&format!("UPDATE organizations SET deleted_at = 1 WHERE code = '{}'", orgs[1])).await;
    assert_eq!((list(Some(true), None, 9).await, list(Some(false), None, 9).await), ("b".into(), "acd".into()));
}

async fn of_users_that_are_searched_for(store: &TestStore) {
    let (four, ..) = four_users(store).await;
    let search = async |text: Option<&str>, range: NameRange<'_>, limit| {
        names(search_users(&mut store.read().await.unwrap(), text, range, limit).await.unwrap())
    };
    four.hold(store, true, async |after, limit| search(None, NameRange { after, before: None }, limit).await).await;
    // Backwards, the nearest ones stand in the usual order all the same.
    let before = |at: usize| NameRange { after: None, before: Some(&four.ids[at]) };
    assert_eq!(search(None, before(3), 9).await, "abc");
    assert_eq!(search(None, before(3), 2).await, "bc");
    assert_eq!(search(None, before(0), 9).await, "");
    assert_eq!(search(None, NameRange { after: None, before: Some(NOBODY) }, 9).await, "");
    let between = NameRange { after: Some(&four.ids[0]), before: Some(&four.ids[3]) };
    assert_eq!(search(None, between, 9).await, "bc");
    assert_eq!(search(None, NameRange { after: Some(NOBODY), ..before(3) }, 9).await, "");
    for range in [NameRange::default(), before(3)] {
        for text in ["B", "1@X", "phone-b", "user-b", "ext-b", &four.ids[1]] {
            assert_eq!(search(Some(text), range, 9).await, "b", "{text}");
        }
        assert_eq!(search(Some("phone"), range, 9).await, "", "by the whole of it alone");
        store.db_execute("UPDATE users SET deleted_at = 1 WHERE name_folded = 'b'").await;
        assert_eq!(search(Some("b"), range, 9).await, "");
        store.db_execute("UPDATE users SET deleted_at = NULL").await;
    }
}

async fn each_way_to_a_user_tells_of_the_same_memberships(store: &TestStore) {
    use keyward_store::users::UserColumn::{Email, ExternalId, Phone, Username};
    let (four, orgs, ids) = four_users(store).await;
    let told = async |at: usize| {
        let (name, mut tx) = (NAMES[at], store.read().await.unwrap());
        let mut rows = vec![find_user(&mut tx, &ids[at]).await.unwrap()];
        for (column, prefix) in [(ExternalId, "ext-"), (Phone, "phone-"), (Username, "user-")] {
            rows.push(find_user_by(&mut tx, column, &format!("{prefix}{name}")).await.unwrap());
        }
        rows.push(find_user_by(&mut tx, Email, &format!("{at}@x")).await.unwrap());
        let last = NameRange { after: None, before: Some(&four.ids[3]) };
        for range in [NameRange::default(), last] {
            rows.extend(search_users(&mut tx, Some(&four.ids[at]), range, 9).await.unwrap().into_iter().map(Some));
        }
        let listed = list_users(&mut tx, None, None, 9).await.unwrap();
        rows.extend(listed.into_iter().filter(|row| row.id == ids[at]).map(Some));
        assert_eq!(rows.len(), 8);
        let mut told: Vec<_> =
            rows.into_iter().map(|row| row.unwrap()).map(|row| (row.id, row.organizations)).collect();
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, ids[at]);
        told.remove(0).1
    };
    assert_eq!(told(0).await, Some(orgs[0].to_string()));
    assert_eq!(told(2).await, Some(orgs[1].to_string()));
    store.db_execute(&format!("UPDATE members SET ended_at = 1 WHERE user_id = '{}'", ids[0])).await;
    assert_eq!((told(0).await, told(1).await), (None, Some(orgs[0].to_string())));
    store.db_execute(&format!("UPDATE organizations SET deleted_at = 1 WHERE code = '{}'", orgs[0])).await;
    assert_eq!((told(1).await, told(2).await), (None, Some(orgs[1].to_string())));
}
