//! `GET /api/v1/organizations/{org_code}/users`

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::Shop;
use crate::support::TestApp;

fn person(given: &str, family: &str, email: Option<&str>) -> Value {
    let identities = email.map_or(json!([]), |email| json!([{ "type": "email", "details": { "email": email } }]));
    json!({ "profile": { "given_name": given, "family_name": family }, "identities": identities })
}

#[tokio::test]
async fn members_are_listed_with_their_roles() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.role("viewer", json!({})).await;
    shop.role("admin", json!({})).await;
    let ada = shop.admin.post("/api/v1/user", person("Ada", "Lovelace", Some("ada@example.com"))).await.text("/id");
    shop.adds(json!({ "id": ada, "roles": ["viewer", "admin"] })).await;
    shop.adds(json!({ "id": shop.admin.post("/api/v1/user", json!({})).await.text("/id") })).await;
    assert_snapshot!(shop.admin.get(&shop.users).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "organization_users": [
        {
          "email": null,
          "first_name": null,
          "full_name": "",
          "id": "kp_3884700f650d04e1bfe4b2ab46980cad",
          "is_suspended": false,
          "joined_on": "2026-11-22T12:00:00Z",
          "last_accessed_on": null,
          "last_name": null,
          "picture": null,
          "roles": []
        },
        {
          "email": "ada@example.com",
          "first_name": "Ada",
          "full_name": "Ada Lovelace",
          "id": "kp_4da1edaba1d0f7bd846eb9673349f8e4",
          "is_suspended": false,
          "joined_on": "2026-11-22T12:00:00Z",
          "last_accessed_on": null,
          "last_name": "Lovelace",
          "picture": null,
          "roles": [
            "admin",
            "viewer"
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn pages_follow_each_other_in_each_order() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for (given, email) in [("c", Some("1@x")), ("a", Some("3@x")), ("b", None), ("d", Some("2@x"))] {
        let id = shop.admin.post("/api/v1/user", person(given, "z", email)).await.text("/id");
        shop.adds(json!({ "id": id })).await;
    }
    for (sort, expected) in [
        ("name_asc", ["a z", "b z", "c z", "d z"]),
        ("name_desc", ["d z", "c z", "b z", "a z"]),
        ("email_asc", ["b z", "c z", "d z", "a z"]),
        ("email_desc", ["a z", "d z", "c z", "b z"]),
    ] {
        let (mut seen, mut query) = (Vec::new(), format!("sort={sort}&page_size=1"));
        loop {
            seen.extend(shop.members(&query).await.into_iter().map(|(name, _)| name));
            let reply = shop.admin.get(&format!("{}?{query}", shop.users)).await;
            let Some(next) = reply.body["next_token"].as_str() else { break };
            query = format!("page_size=1&next_token={next}");
        }
        assert_eq!(seen, expected, "{sort}");
    }
}

#[tokio::test]
async fn they_are_filtered_by_all_the_roles_and_permissions_that_are_named() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let editor = shop.role("editor", json!({})).await;
    shop.role("viewer", json!({})).await;
    let write = shop.permission("write:posts").await;
    shop.permission("read:posts").await;
    let given = json!({ "permissions": [{ "id": write }] });
    let path = format!("/api/v1/roles/{editor}/permissions");
    assert_eq!(shop.admin.patch(&path, given).await.status, 200);
    for (name, roles, permissions) in [
        ("a", json!(["editor", "viewer"]), json!([])),
        ("b", json!(["editor"]), json!(["read:posts"])),
        ("c", json!(["viewer"]), json!(["write:posts"])),
    ] {
        let id = shop.admin.makes_user(name).await;
        shop.adds(json!({ "id": id, "roles": roles, "permissions": permissions })).await;
    }
    for (query, expected) in [
        ("roles=editor", &["a", "b"][..]),
        ("roles=editor,viewer", &["a"]),
        ("roles=viewer,editor,viewer,", &["a"]),
        ("roles=edito_", &[]),
        ("roles=nobody,editor", &[]),
        ("permissions=write:posts", &["a", "b", "c"]),
        ("permissions=write:posts,read:posts", &["b"]),
        ("permissions=write:posts&roles=viewer", &["a", "c"]),
        ("", &["a", "b", "c"]),
    ] {
        let names: Vec<_> = shop.members(query).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{query}");
    }
    let many = vec!["x"; 100].iter().enumerate().map(|(n, x)| format!("{x}{n}")).collect::<Vec<_>>().join(",");
    assert_eq!(shop.admin.get(&format!("{}?roles={many}", shop.users)).await.status, 200);
    for query in [format!("roles={many},x"), "roles=".into(), "roles=,".into()] {
        let refused = shop.admin.get(&format!("{}?{query}", shop.users)).await;
        assert_eq!((refused.status, refused.message()), (400, "`roles` must have 1 to 100 entries"), "{query}");
    }
}

#[tokio::test]
async fn an_organizations_application_lists_its_own_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_organization("Globex").await;
    let user = shop.admin.makes_user("Kim").await;
    shop.adds(json!({ "id": user })).await;
    let scopes = ["read:organization_users", "delete:organization_users"];
    let application = shop.admin.makes_m2m(&scopes, json!({ "org_code": shop.org })).await;
    assert_eq!(application.get(&shop.users).await.body["organization_users"][0]["id"], json!(user));
    let foreign = application.get(&format!("/api/v1/organizations/{other}/users")).await;
    assert_eq!((foreign.status, foreign.error()), (404, "ORGANIZATION_NOT_FOUND"));
    assert_eq!(application.delete(&format!("{}/{user}", shop.users)).await.error(), "PLATFORM_ONLY");
}
