//! `/api/v1/system_permissions` and `/api/v1/roles/{role_id}/system_permissions`

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

const READ: &str = "read:org:authentication";
const WRITE: &str = "write:org:authentication";

async fn path_of_role(admin: &Actor<'_>) -> String {
    format!("/api/v1/roles/{}/system_permissions", admin.makes_role("admin", json!({})).await)
}

async fn keys(admin: &Actor<'_>, path: &str) -> Vec<Value> {
    let reply = admin.get(path).await;
    let listed = reply.body["system_permissions"].as_array().unwrap_or_else(|| panic!("{reply}"));
    listed.iter().map(|row| row["key"].clone()).collect()
}

fn give(id: &str) -> Value {
    json!({ "system_permissions": [{ "id": id }] })
}

fn take(id: &str) -> Value {
    json!({ "system_permissions": [{ "id": id, "operation": "delete" }] })
}

#[tokio::test]
async fn every_system_permission_is_listed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_snapshot!(admin.get("/api/v1/system_permissions").await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "system_permissions": [
        {
          "description": "Create, rotate and revoke the API keys of the organization",
          "id": "perm_6b65797761726477726974656b657973",
          "key": "write:org:authentication",
          "name": "Manage API keys"
        },
        {
          "description": "See the API keys of the organization",
          "id": "perm_6b657977617264726561646b65797331",
          "key": "read:org:authentication",
          "name": "Read API keys"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_role_gains_and_loses_system_permissions_in_one_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = path_of_role(&admin).await;
    admin.patch(&path, give(READ)).await;
    let both = json!({ "system_permissions": [{ "id": WRITE }, { "id": READ, "operation": "delete" }] });
    assert_snapshot!(admin.patch(&path, both).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 7,
      "system_permissions_added": [
        "perm_6b65797761726477726974656b657973"
      ],
      "system_permissions_removed": [
        "perm_6b657977617264726561646b65797331"
      ]
    }
    "#);
    assert_snapshot!(admin.get(&path).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "system_permissions": [
        {
          "description": "Create, rotate and revoke the API keys of the organization",
          "id": "perm_6b65797761726477726974656b657973",
          "key": "write:org:authentication",
          "name": "Manage API keys"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn each_is_named_by_its_id_its_key_or_the_other_order_of_words() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = path_of_role(&admin).await;
    let known = admin.get("/api/v1/system_permissions?sort=name_desc").await;
    assert_eq!(known.text("/system_permissions/0/key"), READ);
    let id = known.text("/system_permissions/0/id");
    for name in [id.as_str(), READ, "org:read:authentication"] {
        assert_eq!(admin.patch(&path, give(name)).await.body["system_permissions_added"], json!([id]), "{name}");
        assert_eq!(admin.patch(&path, take(name)).await.body["system_permissions_removed"], json!([id]), "{name}");
    }
    admin.patch(&path, give("org:write:authentication")).await;
    assert_eq!(keys(&admin, &path).await, [WRITE]);
}

#[tokio::test]
async fn what_is_so_already_makes_no_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = path_of_role(&admin).await;
    let given = admin.patch(&path, give(READ)).await;
    let before = app.revision().await;
    for body in [give(READ), give("org:read:authentication"), take(WRITE)] {
        let reply = admin.patch(&path, body).await;
        assert_eq!((reply.status, &reply.body["revision"]), (200, &given.body["revision"]), "{reply}");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_role_that_is_changed_otherwise_keeps_them() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = path_of_role(&admin).await;
    admin.patch(&path, give(READ)).await;
    let role = path.trim_end_matches("/system_permissions");
    assert_eq!(admin.patch(role, json!({ "name": "Other", "key": "other" })).await.status, 201);
    assert_eq!(keys(&admin, &path).await, [READ]);
}

#[tokio::test]
async fn one_bad_entry_refuses_them_all() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = path_of_role(&admin).await;
    let own = admin.makes_permission("todos", json!({})).await;
    let before = app.revision().await;
    let many = |count: usize| json!({ "system_permissions": vec![json!({ "id": READ }); count] });
    let unknown = "`system_permissions[1].id` is neither the id nor the key of a system permission";
    let rule = "`system_permissions` must have 1 to 100 entries";
    for (body, code, message) in [
        (json!({ "system_permissions": [{ "id": READ }, { "id": own }] }), "PERMISSION_UNKNOWN", unknown),
        (
            json!({ "system_permissions": [{ "id": READ }, { "id": "org:read:billing" }] }),
            "PERMISSION_UNKNOWN",
            unknown,
        ),
        (json!({}), "FIELD_MISSING", "`system_permissions` is missing"),
        (many(0), "FIELD_INVALID", rule),
        (many(101), "FIELD_INVALID", rule),
    ] {
        let reply = admin.patch(&path, body.clone()).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{body}");
    }
    assert_eq!(app.revision().await, before);
    assert!(keys(&admin, &path).await.is_empty());
    assert_eq!(admin.patch(&path, many(1)).await.status, 200);
}

#[tokio::test]
async fn they_are_listed_a_page_at_a_time_in_every_order() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let of_role = path_of_role(&admin).await;
    admin.patch(&of_role, give(READ)).await;
    admin.patch(&of_role, give(WRITE)).await;
    for path in ["/api/v1/system_permissions", of_role.as_str()] {
        for (sort, expected) in [
            ("name_asc", [WRITE, READ]),
            ("name_desc", [READ, WRITE]),
            ("id_asc", [READ, WRITE]),
            ("id_desc", [WRITE, READ]),
        ] {
            let first = admin.get(&format!("{path}?sort={sort}&page_size=1")).await;
            let next = format!("{path}?page_size=1&next_token={}", first.text("/next_token"));
            assert_eq!(first.text("/system_permissions/0/key"), expected[0], "{sort}");
            assert_eq!(keys(&admin, &next).await, [expected[1]], "{sort}");
            assert_eq!(admin.get(&next).await.body["next_token"], json!(null));
        }
        for query in ["page_size=501", "sort=key_asc", "next_token=x", "page=2"] {
            assert_eq!(admin.get(&format!("{path}?{query}")).await.status, 400, "{query}");
        }
    }
    let first = admin.get(&format!("{of_role}?page_size=1")).await;
    admin.patch(&of_role, take(WRITE)).await;
    let next = format!("{of_role}?next_token={}", first.text("/next_token"));
    assert_eq!(keys(&admin, &next).await, [READ], "the last one of the page before has been taken away since");
}
