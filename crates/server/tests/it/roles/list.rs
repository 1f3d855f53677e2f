//! `GET /api/v1/roles`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Actor, TestApp};

async fn keys(admin: &Actor<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let reply = admin.get(&format!("/api/v1/roles?{query}")).await;
    let listed = reply.body["roles"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let keys = listed.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
    (keys, reply.body["next_token"].as_str().map(ToOwned::to_owned))
}

#[tokio::test]
async fn roles_are_listed_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.makes_role("viewer", json!({ "name": "Viewer", "is_default_role": true })).await;
    admin.makes_role("admin", json!({ "name": "administrator", "description": "Manages the account" })).await;
    assert_snapshot!(admin.get("/api/v1/roles").await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "roles": [
        {
          "description": "Manages the account",
          "id": "01a20320-a200-72d0-9c40-45a39c199899",
          "is_default_role": false,
          "key": "admin",
          "name": "administrator"
        },
        {
          "description": null,
          "id": "01a20320-a200-7192-afe3-157c85d0c847",
          "is_default_role": true,
          "key": "viewer",
          "name": "Viewer"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn pages_follow_each_other_in_every_order_even_if_the_last_one_is_deleted_meanwhile() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (key, name) in [("a", "y"), ("b", "Z"), ("c", "v"), ("d", "X"), ("e", "w")] {
        admin.makes_role(key, json!({ "name": name })).await;
    }
    for (sort, expected) in [
        ("name_asc", ["c", "e", "d", "a", "b"]),
        ("name_desc", ["b", "a", "d", "e", "c"]),
        ("key_asc", ["a", "b", "c", "d", "e"]),
        ("key_desc", ["e", "d", "c", "b", "a"]),
    ] {
        let (mut seen, mut query) = (Vec::new(), format!("sort={sort}&page_size=2"));
        loop {
            let (page, next) = keys(&admin, &query).await;
            assert!(page.len() <= 2, "{page:?}");
            seen.extend(page);
            let Some(next) = next else { break };
            query = format!("page_size=2&next_token={next}");
        }
        assert_eq!(seen, expected, "{sort}");
    }
    let (page, next) = keys(&admin, "sort=key_asc&page_size=2").await;
    assert_eq!(page, ["a", "b"]);
    app.database.db_run("UPDATE roles SET deleted_at = 1 WHERE key = 'b'").await;
    assert_eq!(
        keys(&admin, &format!("next_token={}", next.unwrap())).await,
        (["c", "d", "e"].map(Into::into).into(), None)
    );
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_eq!(admin.get("/api/v1/roles?page_size=500").await.status, 200);
    for (query, message) in [
        ("page_size=0", "`page_size` must be 1 to 500"),
        ("page_size=501", "`page_size` must be 1 to 500"),
        ("sort=id_asc", "`sort` must be one of `name_asc`, `name_desc`, `key_asc`, `key_desc`"),
        ("next_token=x", "`next_token` must be one that this list has answered"),
        ("page=2", "`page` is not a field of this request"),
    ] {
        let reply = admin.get(&format!("/api/v1/roles?{query}")).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{query}");
    }
}
