//! `PATCH /api/v1/organizations/{org_code}/users`, and `DELETE` of one of them.

use insta::assert_snapshot;
use serde_json::json;

use super::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn users_join_change_and_leave_by_one_change() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for key in ["a", "b"] {
        shop.role(key, json!({})).await;
        shop.permission(key).await;
    }
    let mut ids = Vec::new();
    for name in ["joins", "changes", "stays", "leaves", "never"] {
        ids.push(shop.admin.makes_user(name).await);
    }
    for id in &ids[1..4] {
        shop.adds(json!({ "id": id, "roles": ["a"], "permissions": ["a"] })).await;
    }
    let before = app.revision().await;
    let users = json!([
        { "id": ids[0], "roles": ["b"] },
        { "id": ids[1], "roles": ["b"], "permissions": ["b"] },
        { "id": ids[2], "roles": ["a"] },
        { "id": ids[3], "operation": "delete" },
        { "id": ids[4], "operation": "delete" },
    ]);
    assert_snapshot!(shop.admin.patch(&shop.users, json!({ "users": users })).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 18,
      "users_added": [
        "kp_c5fc89075299106c37b2fa361adea7cd"
      ],
      "users_removed": [
        "kp_093fdc76776e37e11a75e6f76ba7eee8"
      ],
      "users_updated": [
        "kp_702f5b393f62c0e00a3fc775f4ecf37f"
      ]
    }
    "#);
    assert_eq!(app.revision().await, before + 1);
    let of = |name: &str, role: &str| (name.to_owned(), vec![role.to_owned()]);
    assert_eq!(shop.members("").await, [of("changes", "b"), of("joins", "b"), of("stays", "a")]);
    assert_eq!(shop.permissions_of(&ids[1]).await, ["b"], "these and no others");
    assert_eq!(shop.permissions_of(&ids[2]).await, ["a"], "absent, they stay");
    let last = app.revision().await;
    let again = shop.admin.patch(&shop.users, json!({ "users": users })).await;
    assert_eq!((again.status, app.revision().await), (200, last), "nothing is new");
}

#[tokio::test]
async fn one_leaves_and_the_organizations_keys_stay() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let api = shop.admin.makes_api("https://api.example.com", &[]).await;
    let (_, key) = shop.admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": shop.org })).await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user })).await;
    let path = format!("{}/{user}", shop.users);
    assert_snapshot!(shop.admin.delete(&path).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 10
    }
    "#);
    assert_eq!(shop.members("").await, []);
    assert_eq!(shop.admin.verify(&key, json!({})).await.body["is_valid"], true);
    let again = shop.admin.delete(&path).await;
    assert_eq!((again.status, again.error()), (404, "MEMBER_NOT_FOUND"));
}

#[tokio::test]
async fn who_is_deleted_is_a_member_no_more() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let role = shop.role("admin", json!({})).await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user, "roles": ["admin"] })).await;
    assert_eq!(shop.admin.delete(&format!("/api/v1/user?id={user}")).await.status, 200);
    assert_eq!(shop.members("").await, []);
    let count = format!("/api/v1/organizations/{}/roles/{role}/users/count", shop.org);
    assert_eq!(shop.admin.get(&count).await.body["count"], 0);
    assert_eq!(shop.admin.delete(&format!("{}/{user}", shop.users)).await.error(), "MEMBER_NOT_FOUND");
}

#[tokio::test]
async fn an_operation_that_is_not_known_is_refused() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Kim").await;
    let reply = shop.admin.patch(&shop.users, json!({ "users": [{ "id": user, "operation": "ban" }] })).await;
    assert_eq!((reply.status, reply.message()), (400, "`users[0].operation` must be `delete`"));
}
