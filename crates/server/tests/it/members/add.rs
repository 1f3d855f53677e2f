//! `POST /api/v1/organizations/{org_code}/users`

use insta::assert_snapshot;
use serde_json::json;

use super::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn users_become_members_by_one_change() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.role("manager", json!({})).await;
    shop.permission("pay").await;
    let (ada, kim) = (shop.admin.makes_user("Ada").await, shop.admin.makes_user("Kim").await);
    let before = app.revision().await;
    let users = json!([{ "id": ada, "roles": ["manager"], "permissions": ["pay"] }, { "id": kim }]);
    assert_snapshot!(shop.admin.post(&shop.users, json!({ "users": users })).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 10,
      "users_added": [
        "kp_4da1edaba1d0f7bd846eb9673349f8e4",
        "kp_7f367b8bd953eff23884700f650d04e1"
      ]
    }
    "#);
    assert_eq!(app.revision().await, before + 1);
    assert_eq!(shop.members("").await, [("Ada".into(), vec!["manager".into()]), ("Kim".into(), vec![])]);
    assert_eq!(shop.permissions_of(&ada).await, ["pay"]);
}

#[tokio::test]
async fn who_is_one_already_is_given_more_and_not_counted_as_added() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.role("a", json!({})).await;
    shop.role("b", json!({})).await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user, "roles": ["a"] })).await;
    let again = shop.admin.post(&shop.users, json!({ "users": [{ "id": user, "roles": ["b"] }] })).await;
    assert_eq!((again.status, &again.body["users_added"]), (200, &json!([])));
    assert_eq!(shop.members("").await, [("Kim".into(), vec!["a".into(), "b".into()])]);
    let before = app.revision().await;
    let third = shop.admin.post(&shop.users, json!({ "users": [{ "id": user, "roles": ["b"] }] })).await;
    assert_eq!((third.status, app.revision().await), (200, before), "nothing is new");
}

#[tokio::test]
async fn default_roles_are_given_where_none_are_named() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.role("basic", json!({ "is_default_role": true })).await;
    shop.role("other", json!({})).await;
    let (a, b, c) =
        (shop.admin.makes_user("a").await, shop.admin.makes_user("b").await, shop.admin.makes_user("c").await);
    shop.adds(json!({ "id": a })).await;
    shop.adds(json!({ "id": b, "roles": ["other"] })).await;
    shop.adds(json!({ "id": c, "roles": [] })).await;
    let with_code = json!({ "profile": { "given_name": "d" }, "organization_code": shop.org });
    assert_eq!(shop.admin.post("/api/v1/user", with_code).await.status, 200);
    let of = |name: &str, roles: &[&str]| (name.to_owned(), roles.iter().map(ToString::to_string).collect::<Vec<_>>());
    let expected = [of("a", &["basic"]), of("b", &["other"]), of("c", &[]), of("d", &["basic"])];
    assert_eq!(shop.members("").await, expected);
}

#[tokio::test]
async fn who_comes_back_begins_anew() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.role("admin", json!({})).await;
    shop.permission("pay").await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user, "roles": ["admin"], "permissions": ["pay"] })).await;
    assert_eq!(shop.admin.delete(&format!("{}/{user}", shop.users)).await.status, 200);
    shop.adds(json!({ "id": user })).await;
    assert_eq!(shop.members("").await, [("Kim".into(), vec![])]);
    assert_eq!(shop.permissions_of(&user).await, [""; 0]);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Kim").await;
    let gone = shop.admin.makes_user("Gone").await;
    assert_eq!(shop.admin.delete(&format!("/api/v1/user?id={gone}")).await.status, 200);
    let good = json!({ "id": user });
    let before = app.revision().await;
    for (users, code, message) in [
        (json!([]), "FIELD_INVALID", "`users` must have 1 to 100 entries"),
        (json!(vec![good.clone(); 101]), "FIELD_INVALID", "`users` must have 1 to 100 entries"),
        (json!([good, good]), "FIELD_INVALID", "`users[1].id` is named twice"),
        (json!([good, { "id": "kp_0" }]), "USER_UNKNOWN", "`users[1].id` is not the id of a user"),
        (json!([good, { "id": gone }]), "USER_UNKNOWN", "`users[1].id` is not the id of a user"),
        (json!([{ "id": user, "roles": ["x\u{0}"] }]), "ROLE_UNKNOWN", "`users[0].roles[0]` is not the key of a role"),
        (
            json!([{ "id": user, "permissions": ["x"] }]),
            "PERMISSION_UNKNOWN",
            "`users[0].permissions[0]` is not the key of a permission",
        ),
        (
            json!([{ "id": user, "roles": vec!["x"; 101] }]),
            "FIELD_INVALID",
            "`users[0].roles` must have at most 100 entries",
        ),
        (
            json!([{ "id": user, "operation": "delete" }]),
            "FIELD_UNKNOWN",
            "`users[0].operation` is not a field of this request",
        ),
    ] {
        let reply = shop.admin.post(&shop.users, json!({ "users": users })).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{users}");
    }
    let nowhere = "/api/v1/organizations/org_000000000000/users";
    let reply = shop.admin.post(nowhere, json!({ "users": [good] })).await;
    assert_eq!((reply.status, reply.error()), (404, "ORGANIZATION_NOT_FOUND"));
    assert_eq!(app.revision().await, before);
}
