//! `GET /api/v1/organizations`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Actor, TestApp};

async fn names(admin: &Actor<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let reply = admin.get(&format!("/api/v1/organizations?{query}")).await;
    let listed = reply.body["organizations"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let names = listed.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    (names, reply.body["next_token"].as_str().map(ToOwned::to_owned))
}

#[tokio::test]
async fn organizations_are_listed_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.makes_organization("Globex").await;
    admin.post("/api/v1/organization", json!({ "name": "Acme", "external_id": "customer-42" })).await;
    assert_snapshot!(admin.get("/api/v1/organizations").await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "organizations": [
        {
          "code": "org_6f1384a306c4",
          "external_id": "customer-42",
          "handle": null,
          "is_auto_membership_enabled": false,
          "is_default": false,
          "is_suspended": false,
          "name": "Acme"
        },
        {
          "code": "org_a192afe3157c",
          "external_id": null,
          "handle": null,
          "is_auto_membership_enabled": false,
          "is_default": false,
          "is_suspended": false,
          "name": "Globex"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn pages_follow_each_other_in_either_order_even_if_the_last_one_is_deleted_meanwhile() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut codes = Vec::new();
    for name in ["b", "B", "a", "c", "Łódź"] {
        codes.push(admin.makes_organization(name).await);
    }
    let (first, next) = names(&admin, "sort=email_asc&page_size=1").await;
    assert_eq!(first, ["a"], "by name, since they have no e-mail address");
    admin.delete(&format!("/api/v1/organization/{}", codes[2])).await;
    let (second, next) = names(&admin, &format!("page_size=2&next_token={}", next.unwrap())).await;
    assert_eq!(
        {
            let mut sorted = second;
            sorted.sort();
            sorted
        },
        ["B", "b"]
    );
    let (third, next) = names(&admin, &format!("page_size=2&next_token={}", next.unwrap())).await;
    assert_eq!((third, next), (["c", "Łódź"].map(Into::into).into(), None));
    let (down, _) = names(&admin, "sort=name_desc&page_size=2").await;
    assert_eq!(down, ["Łódź", "c"]);
}

#[tokio::test]
async fn one_is_found_by_its_external_id() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (name, id) in [("Acme", "42"), ("Globex", "43")] {
        admin.post("/api/v1/organization", json!({ "name": name, "external_id": id })).await;
    }
    assert_eq!(names(&admin, "external_id=43").await.0, ["Globex"]);
    assert_eq!(names(&admin, "external_id=4").await.0, [""; 0]);
    let reply = admin.get("/api/v1/organizations?external_id=").await;
    assert_eq!(reply.message(), "`external_id` must be 1 to 128 characters, none of them a control character");
}

#[tokio::test]
async fn an_organizations_application_sees_its_own_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (own, foreign) = (admin.makes_organization("Acme").await, admin.makes_organization("Globex").await);
    let external = json!({ "external_id": "43" });
    assert_eq!(admin.patch(&format!("/api/v1/organization/{foreign}"), external).await.status, 200);
    let application = admin.makes_m2m(&["read:organizations"], json!({ "org_code": own })).await;
    assert_eq!(names(&application, "").await, (vec!["Acme".to_owned()], None));
    assert_eq!(names(&application, "external_id=43").await.0, [""; 0]);
}
