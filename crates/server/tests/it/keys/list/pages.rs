//! Pages of keys.

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::keys::list::{list, makes, names};
use crate::support::TestApp;

#[tokio::test]
async fn the_newest_comes_first() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    assert_snapshot!(list(&shop.admin, "").await, @r#"
    200
    cache-control: no-store

    {
      "api_keys": [],
      "code": "OK",
      "has_more": false,
      "message": "Success"
    }
    "#);
    makes(&app, &shop, "first", json!({})).await;
    makes(&app, &shop, "second", json!({ "scope_ids": [] })).await;
    assert_snapshot!(list(&shop.admin, "").await, @r#"
    200
    cache-control: no-store

    {
      "api_keys": [
        {
          "allowed_cidrs": [],
          "api_ids": [
            "a192afe3157c85d0c847729f4e08f3a3"
          ],
          "bound_api_ids": null,
          "created_by": "First application",
          "created_on": "2026-11-22T12:00:00.002Z",
          "credits": null,
          "enabled": true,
          "expires_on": null,
          "id": "api_key_01a20320a202793f9c76776e37e11a75",
          "key_prefix": "k_live",
          "key_suffix": "KLR1",
          "last_verified_ip": null,
          "last_verified_on": null,
          "metadata": null,
          "name": "second",
          "organization_id": "org_846eb9673349",
          "owner_external_id": null,
          "rate_limits": [],
          "scopes": [],
          "status": "active",
          "type": "organization",
          "user_id": null,
          "verification_count": 0
        },
        {
          "allowed_cidrs": [],
          "api_ids": [
            "a192afe3157c85d0c847729f4e08f3a3"
          ],
          "bound_api_ids": null,
          "created_by": "First application",
          "created_on": "2026-11-22T12:00:00.001Z",
          "credits": null,
          "enabled": true,
          "expires_on": null,
          "id": "api_key_01a20320a2017884b00f650d04e1bfe4",
          "key_prefix": "k_live",
          "key_suffix": "EbfI",
          "last_verified_ip": null,
          "last_verified_on": null,
          "metadata": null,
          "name": "first",
          "organization_id": "org_846eb9673349",
          "owner_external_id": null,
          "rate_limits": [],
          "scopes": [
            "read:orders"
          ],
          "status": "active",
          "type": "organization",
          "user_id": null,
          "verification_count": 0
        }
      ],
      "code": "OK",
      "has_more": false,
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_overlap() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for name in ["a", "b", "c", "d", "e"] {
        makes(&app, &shop, name, json!({})).await;
    }
    let mut pages = Vec::new();
    let mut query = "page_size=2".to_owned();
    loop {
        let page = list(&shop.admin, &query).await;
        pages.push(names(&page).join(""));
        if page.body["has_more"] == false {
            break;
        }
        makes(&app, &shop, "newer", json!({})).await;
        let last = page.body["api_keys"].as_array().unwrap().last().unwrap();
        query = format!("page_size=2&starting_after={}", last["id"].as_str().unwrap());
    }
    assert_eq!(pages, ["ed", "cb", "a"]);
}

#[tokio::test]
async fn a_page_that_is_just_full_has_no_other_behind_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        ids.push(makes(&app, &shop, name, json!({})).await);
    }
    for (query, shown, has_more) in [
        ("page_size=1".to_owned(), 1, true),
        ("page_size=2".to_owned(), 2, false),
        ("page_size=500".to_owned(), 2, false),
        (format!("starting_after={}", ids[1]), 1, false),
        (format!("starting_after={}", ids[0]), 0, false),
        ("starting_after=api_key_zzz".to_owned(), 2, false),
    ] {
        let page = list(&shop.admin, &query).await;
        assert_eq!((names(&page).len(), &page.body["has_more"]), (shown, &json!(has_more)), "{query}");
    }
}

#[tokio::test]
async fn a_page_has_50_where_the_caller_does_not_say() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for _ in 0..51 {
        shop.makes_key(json!({})).await;
    }
    let page = list(&shop.admin, "").await;
    assert_eq!((names(&page).len(), &page.body["has_more"]), (50, &json!(true)));
}
