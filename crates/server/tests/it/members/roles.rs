//! `/api/v1/organizations/{org_code}/users/{user_id}/roles`, and `/api/v1/organizations/{org_code}/roles/{role_id}/users`

use insta::assert_snapshot;
use serde_json::json;

use super::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn a_member_is_given_a_role_and_loses_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let role = shop.role("manager", json!({})).await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user })).await;
    let path = format!("{}/{user}/roles", shop.users);
    let given = shop.admin.post(&path, json!({ "role_id": role })).await;
    assert_snapshot!(given, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 9
    }
    "#);
    assert_snapshot!(shop.admin.get(&path).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "roles": [
        {
          "id": "01a20320-a200-7f13-84a3-06c41fc212d0",
          "key": "manager",
          "name": "manager"
        }
      ]
    }
    "#);
    let again = shop.admin.post(&path, json!({ "role_id": role })).await;
    assert_eq!(again.body["revision"], given.body["revision"], "it is there already");
    let taken = shop.admin.delete(&format!("{path}/{role}")).await;
    assert_eq!((taken.status, taken.text("/code")), (200, "OK".into()));
    assert_eq!(shop.admin.get(&path).await.body["roles"], json!([]));
    let gone = shop.admin.delete(&format!("{path}/{role}")).await;
    assert_eq!((gone.status, gone.error()), (404, "ROLE_NOT_FOUND"));
    assert_eq!(shop.admin.post(&path, json!({ "role_id": role })).await.status, 200, "it can be given again");
}

#[tokio::test]
async fn a_deleted_role_is_nobodys() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let role = shop.role("manager", json!({})).await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user, "roles": ["manager"] })).await;
    assert_eq!(shop.admin.delete(&format!("/api/v1/roles/{role}")).await.status, 200);
    assert_eq!(shop.members("").await, [("Kim".into(), vec![])]);
    assert_eq!(shop.admin.get(&format!("{}/{user}/roles", shop.users)).await.body["roles"], json!([]));
    let users = format!("/api/v1/organizations/{}/roles/{role}/users", shop.org);
    assert_eq!(shop.admin.get(&users).await.error(), "ROLE_NOT_FOUND");
}

#[tokio::test]
async fn who_has_a_role_is_listed_and_counted_in_one_organization() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let role = shop.role("manager", json!({})).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let id = shop.admin.makes_user(name).await;
        shop.adds(json!({ "id": id, "roles": ["manager"] })).await;
        ids.push(id);
    }
    ids.sort();
    let other = shop.admin.makes_organization("Globex").await;
    let elsewhere = json!({ "users": [{ "id": ids[0], "roles": ["manager"] }] });
    shop.admin.post(&format!("/api/v1/organizations/{other}/users"), elsewhere).await;
    let path = format!("/api/v1/organizations/{}/roles/{role}/users", shop.org);
    let first = shop.admin.get(&format!("{path}?page_size=2")).await;
    assert_eq!(first.body["users"], json!([{ "id": ids[0] }, { "id": ids[1] }]));
    let next = first.text("/next_token");
    let second = shop.admin.get(&format!("{path}?page_size=2&next_token={next}")).await;
    assert_eq!((&second.body["users"], &second.body["next_token"]), (&json!([{ "id": ids[2] }]), &json!(null)));
    assert_snapshot!(shop.admin.get(&format!("{path}/count")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "count": 3,
      "message": "Success"
    }
    "#);
    let anywhere = shop.admin.get(&format!("/api/v1/roles/{role}/users?page_size=1")).await;
    let mut codes = [shop.org.clone(), other.clone()];
    codes.sort();
    assert_eq!(anywhere.body["users"], json!([{ "id": ids[0], "org_codes": codes }]));
    let next = anywhere.text("/next_token");
    let rest = shop.admin.get(&format!("/api/v1/roles/{role}/users?next_token={next}")).await;
    assert_eq!(rest.body["users"][1], json!({ "id": ids[2], "org_codes": [shop.org] }));
    shop.admin.delete(&format!("{}/{}", shop.users, ids[2])).await;
    assert_eq!(shop.admin.get(&format!("{path}/count")).await.body["count"], 2);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let role = shop.role("manager", json!({})).await;
    let user = shop.admin.makes_user("Kim").await;
    let path = format!("{}/{user}/roles", shop.users);
    let before = app.revision().await;
    for reply in [shop.admin.get(&path).await, shop.admin.post(&path, json!({ "role_id": role })).await] {
        assert_eq!((reply.status, reply.error()), (404, "MEMBER_NOT_FOUND"));
    }
    assert_eq!(app.revision().await, before);
    shop.adds(json!({ "id": user })).await;
    let unknown = shop.admin.post(&path, json!({ "role_id": "0" })).await;
    assert_eq!((unknown.status, unknown.message()), (400, "`role_id` is not the id of a role"));
    let missing = shop.admin.post(&path, json!({})).await;
    assert_eq!((missing.status, missing.message()), (400, "`role_id` is missing"));
}
