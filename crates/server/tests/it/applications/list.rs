//! `GET /api/v1/applications`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Actor, TestApp};

async fn makes(admin: &Actor<'_>, names: &[&str]) {
    for name in names {
        admin.post("/api/v1/applications", json!({ "name": name, "type": "m2m" })).await.text("/application/id");
    }
}

async fn names(admin: &Actor<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let reply = admin.get(&format!("/api/v1/applications?{query}")).await;
    let listed = reply.body["applications"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let names = listed.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    (names, reply.body["next_token"].as_str().map(ToOwned::to_owned))
}

#[tokio::test]
async fn applications_are_listed_by_name_without_their_secrets() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    admin.post("/api/v1/applications", json!({ "name": "Acme's", "type": "m2m", "org_code": org })).await;
    assert_snapshot!(admin.get("/api/v1/applications").await, @r#"
    200
    cache-control: no-store

    {
      "applications": [
        {
          "id": "6f1384a306c41fc212d05c4045a39c19",
          "is_enabled": true,
          "name": "Acme's",
          "org_code": "org_a192afe3157c",
          "type": "m2m"
        },
        {
          "id": "6a77afab0f7c9370179642d8cde95015",
          "is_enabled": true,
          "name": "First application",
          "org_code": null,
          "type": "m2m"
        }
      ],
      "code": "OK",
      "message": "Success",
      "next_token": null
    }
    "#);
}

#[tokio::test]
async fn pages_follow_each_other_in_either_order_even_if_the_last_one_is_deleted_meanwhile() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    makes(&admin, &["b", "Bb", "a", "c", "Łódź"]).await;
    let mut seen = Vec::new();
    let mut query = "sort=name_asc&page_size=2".to_owned();
    loop {
        let (page, next) = names(&admin, &query).await;
        assert!(page.len() <= 2);
        seen.extend(page);
        let Some(next) = next else { break };
        assert!(!next.contains('='));
        if seen == ["a", "b"] {
            app.database.db_run("UPDATE applications SET deleted_at = 1 WHERE name = 'b'").await;
        }
        query = format!("page_size=2&next_token={next}");
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
    assert_eq!((seen[0].as_str(), seen[5].as_str()), ("a", "Łódź"));
    let (down, next) = names(&admin, "sort=name_desc&page_size=500").await;
    assert_eq!((down, next), (["Łódź", "First application", "c", "Bb", "a"].map(Into::into).into(), None));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (query, message) in [
        ("page_size=0", "`page_size` must be 1 to 500"),
        ("page_size=501", "`page_size` must be 1 to 500"),
        ("page_size=x", "`page_size` must be a whole number from 0 to 4294967295"),
        ("sort=name", "`sort` must be one of `name_asc`, `name_desc`"),
        ("next_token=x", "`next_token` must be one that this list has answered"),
        ("page=2", "`page` is not a field of this request"),
    ] {
        let reply = admin.get(&format!("/api/v1/applications?{query}")).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{query}");
    }
}
