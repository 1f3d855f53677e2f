//! `/api/v1/roles/{role_id}/permissions`

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

/// The path of a role's permissions, and as many permissions as there are keys.
async fn role_and_permissions<const N: usize>(admin: &Actor<'_>, keys: [&str; N]) -> (String, [String; N]) {
    let path = format!("/api/v1/roles/{}/permissions", admin.makes_role("admin", json!({})).await);
    let mut ids = Vec::new();
    for key in keys {
        ids.push(admin.makes_permission(key, json!({ "name": key })).await);
    }
    (path, ids.try_into().unwrap())
}

async fn keys(admin: &Actor<'_>, path: &str) -> Vec<Value> {
    let reply = admin.get(path).await;
    let listed = reply.body["permissions"].as_array().unwrap_or_else(|| panic!("{reply}"));
    listed.iter().map(|row| row["key"].clone()).collect()
}

fn give(ids: &[&String]) -> Value {
    json!({ "permissions": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() })
}

fn take(id: &str) -> Value {
    json!({ "permissions": [{ "id": id, "operation": "delete" }] })
}

#[tokio::test]
async fn a_role_gains_and_loses_permissions_in_one_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, [one, two]) = role_and_permissions(&admin, ["one", "two"]).await;
    admin.patch(&path, give(&[&one])).await;
    let both = json!({ "permissions": [{ "id": two, "operation": null }, { "id": one, "operation": "delete" }] });
    assert_snapshot!(admin.patch(&path, both).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "permissions_added": [
        "01a20320-a200-7eea-9809-af5b0cc3e809"
      ],
      "permissions_removed": [
        "01a20320-a200-72d0-9c40-45a39c199899"
      ],
      "revision": 9
    }
    "#);
    assert_snapshot!(admin.get(&path).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "permissions": [
        {
          "description": null,
          "id": "01a20320-a200-7eea-9809-af5b0cc3e809",
          "key": "two",
          "name": "two"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn what_is_so_already_makes_no_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, [one, two]) = role_and_permissions(&admin, ["one", "two"]).await;
    let given = admin.patch(&path, give(&[&one])).await;
    let before = app.revision().await;
    for reply in [
        admin.patch(&path, give(&[&one])).await,
        admin.patch(&path, take(&two)).await,
        admin.delete(&format!("{path}/{two}")).await,
    ] {
        assert_eq!((reply.status, &reply.body["revision"]), (200, &given.body["revision"]), "{reply}");
    }
    assert_eq!(app.revision().await, before);
    assert_eq!(keys(&admin, &path).await, ["one"]);
}

#[tokio::test]
async fn a_permission_is_removed_and_given_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, [one]) = role_and_permissions(&admin, ["one"]).await;
    admin.patch(&path, give(&[&one])).await;
    assert_snapshot!(admin.delete(&format!("{path}/{one}")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 8
    }
    "#);
    assert!(keys(&admin, &path).await.is_empty());
    let again = admin.patch(&path, give(&[&one])).await;
    assert_eq!(again.body["permissions_added"], json!([one]));
    assert_eq!(keys(&admin, &path).await, ["one"]);
}

#[tokio::test]
async fn a_deleted_permission_leaves_every_role() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, [one, two]) = role_and_permissions(&admin, ["one", "two"]).await;
    admin.patch(&path, give(&[&one, &two])).await;
    assert_eq!(admin.delete(&format!("/api/v1/permissions/{one}")).await.status, 200);
    assert_eq!(keys(&admin, &path).await, ["two"]);
    assert_eq!(admin.delete(&format!("{path}/{one}")).await.error(), "PERMISSION_NOT_FOUND");
    assert_eq!(admin.patch(&path, take(&one)).await.error(), "PERMISSION_UNKNOWN");

    // One of the same name is another permission, which nothing carries until it is asked for.
    admin.makes_permission("one", json!({})).await;
    assert_eq!(keys(&admin, &path).await, ["two"]);
}

#[tokio::test]
async fn one_bad_entry_refuses_them_all() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, [one]) = role_and_permissions(&admin, ["one"]).await;
    let before = app.revision().await;
    let many = |count: usize| json!({ "permissions": vec![json!({ "id": one }); count] });
    let unknown = "`permissions[1].id` is not the id of a permission";
    for (body, code, message) in [
        (json!({ "permissions": [{ "id": one }, { "id": "one" }] }), "PERMISSION_UNKNOWN", unknown),
        (json!({ "permissions": [{ "id": one }, { "id": "a b" }] }), "PERMISSION_UNKNOWN", unknown),
        (json!({}), "FIELD_MISSING", "`permissions` is missing"),
        (many(0), "FIELD_INVALID", "`permissions` must have 1 to 100 entries"),
        (many(101), "FIELD_INVALID", "`permissions` must have 1 to 100 entries"),
        (
            json!({ "permissions": [{ "id": one, "operation": "add" }] }),
            "FIELD_INVALID",
            "`permissions[0].operation` must be `delete`",
        ),
        (json!({ "permissions": [{ "id": one, "key": "one" }] }), "FIELD_UNKNOWN", ""),
    ] {
        let reply = admin.patch(&path, body.clone()).await;
        assert_eq!((reply.status, reply.error()), (400, code), "{body}: {reply}");
        assert!(message.is_empty() || reply.message() == message, "{body}: {reply}");
    }
    assert_eq!(app.revision().await, before);
    assert!(keys(&admin, &path).await.is_empty());
    let reply = admin.patch(&path, many(1)).await;
    assert_eq!((reply.status, &reply.body["permissions_added"]), (200, &json!([one])));
}

#[tokio::test]
async fn those_of_a_role_are_listed_a_page_at_a_time_in_every_order() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (path, [c, a, b, _]) = role_and_permissions(&admin, ["c", "a", "B", "other"]).await;
    admin.patch(&path, give(&[&a, &b, &c])).await;
    let mut by_id = [("c", &c), ("a", &a), ("B", &b)];
    by_id.sort_by_key(|(_, id)| id.as_str());
    let up = by_id.map(|(key, _)| key);
    let down = [up[2], up[1], up[0]];
    for (sort, expected) in
        [("name_asc", ["a", "B", "c"]), ("name_desc", ["c", "B", "a"]), ("id_asc", up), ("id_desc", down)]
    {
        let first = admin.get(&format!("{path}?sort={sort}&page_size=2")).await;
        let next = format!("{path}?page_size=2&next_token={}", first.text("/next_token"));
        let mut seen = keys(&admin, &format!("{path}?sort={sort}&page_size=2")).await;
        seen.extend(keys(&admin, &next).await);
        assert_eq!(seen, expected, "{sort}");
        assert_eq!(admin.get(&next).await.body["next_token"], json!(null));
    }
    let first = admin.get(&format!("{path}?page_size=1")).await;
    admin.delete(&format!("{path}/{a}")).await;
    let next = format!("{path}?next_token={}", first.text("/next_token"));
    assert_eq!(keys(&admin, &next).await, ["B", "c"], "the last one of the page before has been taken away since");
}

#[tokio::test]
async fn a_permission_that_is_named_twice_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (role, permission) =
        (admin.makes_role("editor", json!({})).await, admin.makes_permission("edit", json!({})).await);
    let before = app.revision().await;
    let twice = json!({ "permissions": [{ "id": permission, "operation": "delete" }, { "id": permission }] });
    let reply = admin.patch(&format!("/api/v1/roles/{role}/permissions"), twice).await;
    assert_eq!((reply.status, reply.message()), (400, "`permissions[1].id` is named twice"));
    let twice =
        json!({ "system_permissions": [{ "id": "read:org:authentication" }, { "id": "org:read:authentication" }] });
    let reply = admin.patch(&format!("/api/v1/roles/{role}/system_permissions"), twice).await;
    assert_eq!((reply.status, reply.message()), (400, "`system_permissions[1].id` is named twice"));
    assert_eq!(app.revision().await, before);
}
