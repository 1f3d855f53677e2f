//! `/api/v1/permissions`

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

const PATH: &str = "/api/v1/permissions";

async fn keys(admin: &Actor<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let reply = admin.get(&format!("{PATH}?{query}")).await;
    let listed = reply.body["permissions"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let keys = listed.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
    (keys, reply.body["next_token"].as_str().map(ToOwned::to_owned))
}

async fn only(admin: &Actor<'_>) -> Value {
    admin.get(PATH).await.body["permissions"][0].clone()
}

#[tokio::test]
async fn a_permission_is_created_and_listed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Create to-dos", "description": "For everybody", "key": "create:todos" });
    assert_snapshot!(admin.post(PATH, body).await, @r#"
    201
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "permission": {
        "id": "01a20320-a200-7192-afe3-157c85d0c847"
      },
      "revision": 5
    }
    "#);
    assert_snapshot!(admin.get(PATH).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "permissions": [
        {
          "description": "For everybody",
          "id": "01a20320-a200-7192-afe3-157c85d0c847",
          "key": "create:todos",
          "name": "Create to-dos"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_key_is_that_of_one_permission_until_it_is_deleted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let id = admin.makes_permission("todos", json!({})).await;
    let body = json!({ "name": "Other", "key": "todos" });
    let before = app.revision().await;
    assert_snapshot!(admin.post(PATH, body.clone()).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "PERMISSION_TAKEN",
          "message": "`key` is that of another permission"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
    assert_eq!(admin.delete(&format!("{PATH}/{id}")).await.status, 200);
    assert_eq!(admin.post(PATH, body).await.status, 201);
}

#[tokio::test]
async fn a_permission_is_changed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("{PATH}/{}", admin.makes_permission("todos", json!({})).await);
    let body = json!({ "name": "Lists", "description": "All of them", "key": "lists" });
    let changed = admin.patch(&path, body.clone()).await;
    assert_snapshot!(changed, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 6
    }
    "#);
    let after = only(&admin).await;
    for member in ["name", "description", "key"] {
        assert_eq!(after[member], body[member], "{member}");
    }
    admin.makes_role("other", json!({})).await;
    let before = app.revision().await;
    for nothing in [json!({}), body] {
        assert_eq!(admin.patch(&path, nothing).await.body["revision"], changed.body["revision"]);
    }
    assert_eq!(app.revision().await, before);
    admin.patch(&path, json!({ "description": null })).await;
    assert_eq!((&only(&admin).await["description"], &only(&admin).await["name"]), (&json!(null), &json!("Lists")));
}

#[tokio::test]
async fn a_permission_is_deleted_for_good() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("{PATH}/{}", admin.makes_permission("todos", json!({})).await);
    assert_snapshot!(admin.delete(&path).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 6
    }
    "#);
    assert_eq!(admin.get(PATH).await.body["permissions"], json!([]));
    assert_snapshot!(admin.delete(&path).await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "PERMISSION_NOT_FOUND",
        "message": "There is no such permission here."
      }
    }
    "#);
    assert_eq!(admin.patch(&path, json!({ "name": "A" })).await.error(), "PERMISSION_NOT_FOUND");
    assert_eq!(admin.patch(&format!("{PATH}/todos"), json!({ "name": "A" })).await.error(), "PERMISSION_NOT_FOUND");
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.makes_permission("taken", json!({})).await;
    let path = format!("{PATH}/{}", admin.makes_permission("todos", json!({})).await);
    let before = app.revision().await;
    let name = "`name` must be 1 to 128 characters";
    let description = "`description` must be 1 to 512 characters";
    for (body, code, message) in [
        (json!({ "name": "é".repeat(129), "key": "a" }), "FIELD_INVALID", name),
        (json!({ "name": "A", "key": "" }), "FIELD_INVALID", "`key` must be 1 to 64 characters"),
        (json!({ "name": "A", "key": "x".repeat(65) }), "FIELD_INVALID", "`key` must be 1 to 64 characters"),
        (json!({ "name": "A", "key": "a,b" }), "FIELD_INVALID", "`key` must not contain commas"),
        (json!({ "name": "A", "key": "a", "description": "é".repeat(513) }), "FIELD_INVALID", description),
        (json!({ "name": "A", "key": "a", "id": "b" }), "FIELD_UNKNOWN", "`id` is not a field of this request"),
        (json!({ "name": "A", "key": "taken" }), "PERMISSION_TAKEN", "`key` is that of another permission"),
    ] {
        for reply in [admin.post(PATH, body.clone()).await, admin.patch(&path, body.clone()).await] {
            assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{body}");
        }
    }
    for (body, message) in [(json!({ "key": "a" }), "`name` is missing"), (json!({ "name": "A" }), "`key` is missing")]
    {
        assert_eq!(admin.post(PATH, body).await.message(), message);
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn pages_follow_each_other_in_every_order_even_if_the_last_one_is_deleted_meanwhile() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut by_id = Vec::new();
    for key in ["c", "B", "a"] {
        by_id.push((admin.makes_permission(key, json!({ "name": key })).await, key));
    }
    by_id.sort();
    let up = [by_id[0].1, by_id[1].1, by_id[2].1];
    let down = [up[2], up[1], up[0]];
    for (sort, expected) in
        [("name_asc", ["a", "B", "c"]), ("name_desc", ["c", "B", "a"]), ("id_asc", up), ("id_desc", down)]
    {
        let (mut seen, next) = keys(&admin, &format!("sort={sort}&page_size=2")).await;
        let (rest, last) = keys(&admin, &format!("page_size=2&next_token={}", next.unwrap())).await;
        seen.extend(rest);
        assert_eq!((seen, last), (expected.map(Into::into).into(), None), "{sort}");
    }
    let (_, next) = keys(&admin, "page_size=1").await;
    app.database.db_run("UPDATE permissions SET deleted_at = 1 WHERE key = 'a'").await;
    assert_eq!(keys(&admin, &format!("next_token={}", next.unwrap())).await.0, ["B", "c"]);
    for (query, message) in [
        ("page_size=501", "`page_size` must be 1 to 500"),
        ("sort=key_asc", "`sort` must be one of `name_asc`, `name_desc`, `id_asc`, `id_desc`"),
        ("next_token=x", "`next_token` must be one that this list has answered"),
    ] {
        let reply = admin.get(&format!("{PATH}?{query}")).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{query}");
    }
}
