//! `/api/v1/organizations/{org_code}/users/{user_id}/permissions`

use insta::assert_snapshot;
use serde_json::json;

use super::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn permissions_come_by_roles_and_without() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let role = shop.role("cashier", json!({})).await;
    let (pay, refund) = (shop.permission("pay").await, shop.permission("refund").await);
    let path = format!("/api/v1/roles/{role}/permissions");
    let given = json!({ "permissions": [{ "id": pay }, { "id": refund }] });
    assert_eq!(shop.admin.patch(&path, given).await.status, 200);
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user, "roles": ["cashier"], "permissions": ["pay"] })).await;
    let path = format!("{}/{user}/permissions", shop.users);
    assert_eq!(shop.permissions_of(&user).await, ["pay", "refund"], "each once");
    assert_snapshot!(shop.admin.get(&format!("{path}?expand=roles")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "permissions": [
        {
          "description": null,
          "id": "01a20320-a200-79c7-9918-57e774b84eea",
          "key": "pay",
          "name": "pay",
          "roles": [
            {
              "id": "01a20320-a200-7f13-84a3-06c41fc212d0",
              "key": "cashier"
            }
          ]
        },
        {
          "description": null,
          "id": "01a20320-a200-7da1-adab-a1d0f7bd846e",
          "key": "refund",
          "name": "refund",
          "roles": [
            {
              "id": "01a20320-a200-7f13-84a3-06c41fc212d0",
              "key": "cashier"
            }
          ]
        }
      ]
    }
    "#);
    assert_eq!(shop.admin.get(&path).await.body["permissions"][0].get("roles"), None);

    let of_role = shop.admin.delete(&format!("{path}/{refund}")).await;
    assert_eq!((of_role.status, of_role.error()), (404, "PERMISSION_NOT_FOUND"), "the role has it, not the member");
    assert_eq!(shop.admin.delete(&format!("{path}/{pay}")).await.status, 200);
    assert_eq!(shop.permissions_of(&user).await, ["pay", "refund"], "by the role still");
    shop.admin.delete(&format!("{}/{user}/roles/{role}", shop.users)).await;
    assert_eq!(shop.permissions_of(&user).await, [""; 0]);
}

#[tokio::test]
async fn a_member_is_given_one_once() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let pay = shop.permission("pay").await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user })).await;
    let path = format!("{}/{user}/permissions", shop.users);
    let given = shop.admin.post(&path, json!({ "permission_id": pay })).await;
    assert_snapshot!(given, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 9
    }
    "#);
    let again = shop.admin.post(&path, json!({ "permission_id": pay })).await;
    assert_eq!(again.body["revision"], given.body["revision"]);
    let unknown = shop.admin.post(&path, json!({ "permission_id": "0" })).await;
    assert_eq!((unknown.status, unknown.message()), (400, "`permission_id` is not the id of a permission"));
    assert_eq!(shop.admin.delete(&format!("/api/v1/permissions/{pay}")).await.status, 200);
    assert_eq!(shop.permissions_of(&user).await, [""; 0], "a deleted permission is nobody's");
}
