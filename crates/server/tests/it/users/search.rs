//! `GET /api/v1/search/users`

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

async fn shop(admin: &Actor<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    for (given, family, email, username, provided) in [
        ("Ada", "Lovelace", "ada@example.com", "countess", "ext-1"),
        ("Grace", "Hopper", "amazing@example.org", "grace", "ext-2"),
        ("100%", "Łoś", "los@example.org", "los", "ext-3"),
    ] {
        let body = json!({
            "profile": { "given_name": given, "family_name": family },
            "provided_id": provided,
            "identities": [
                { "type": "email", "details": { "email": email } },
                { "type": "username", "details": { "username": username } },
            ],
        });
        ids.push(admin.post("/api/v1/user", body).await.text("/id"));
    }
    ids
}

async fn found(admin: &Actor<'_>, query: &str) -> Vec<String> {
    let reply = admin.get(&format!("/api/v1/search/users?{query}")).await;
    let listed = reply.body["results"].as_array().unwrap_or_else(|| panic!("{reply}"));
    listed.iter().map(|row| row["first_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn users_are_found_by_any_part_of_a_name_or_an_address_and_by_a_whole_id() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let ids = shop(&admin).await;
    assert_snapshot!(admin.get("/api/v1/search/users?query=lovelace&expand=identities,properties").await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "results": [
        {
          "created_on": "2026-11-22T12:00:00Z",
          "email": "ada@example.com",
          "failed_sign_ins": null,
          "first_name": "Ada",
          "id": "kp_a192afe3157c85d0c847729f4e08f3a3",
          "identities": [
            {
              "connection_id": null,
              "identity": "ada@example.com",
              "type": "email"
            },
            {
              "connection_id": null,
              "identity": "countess",
              "type": "username"
            }
          ],
          "is_suspended": false,
          "last_name": "Lovelace",
          "last_organization_sign_ins": [],
          "last_signed_in": null,
          "phone": null,
          "picture": null,
          "provided_id": "ext-1",
          "total_sign_ins": null,
          "username": "countess"
        }
      ]
    }
    "#);
    for (query, expected) in [
        ("query=LOVE", &["Ada"][..]),
        ("query=ada%20love", &["Ada"]),
        ("query=@EXAMPLE.org", &["100%", "Grace"]),
        ("query=%C5%81O%C5%9A", &["100%"]),
        ("query=0%25", &["100%"]),
        ("query=_", &[]),
        ("query=countess", &["Ada"]),
        ("query=count", &[]),
        ("query=ext-2", &["Grace"]),
        ("query=*", &["100%", "Ada", "Grace"]),
        ("query=", &["100%", "Ada", "Grace"]),
        ("", &["100%", "Ada", "Grace"]),
    ] {
        assert_eq!(found(&admin, query).await, expected, "{query}");
    }
    assert_eq!(found(&admin, &format!("query={}", ids[1])).await, ["Grace"]);
}

#[tokio::test]
async fn pages_go_on_and_back() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let ids = shop(&admin).await;
    let (ada, grace) = (&ids[0], &ids[1]);
    assert_eq!(found(&admin, "page_size=2").await, ["100%", "Ada"]);
    assert_eq!(found(&admin, &format!("page_size=2&starting_after={ada}")).await, ["Grace"]);
    assert_eq!(found(&admin, &format!("page_size=1&ending_before={grace}")).await, ["Ada"]);
    assert_eq!(found(&admin, &format!("ending_before={grace}")).await, ["100%", "Ada"]);
    assert_eq!(found(&admin, &format!("starting_after={}&ending_before={grace}", ids[2])).await, ["Ada"]);
    assert_eq!(admin.delete(&format!("/api/v1/user?id={ada}")).await.status, 200);
    assert_eq!(found(&admin, &format!("starting_after={ada}")).await, ["Grace"], "a deleted one still has its place");
}

#[tokio::test]
async fn what_breaks_a_rule_or_is_not_kept_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let long = "x".repeat(255);
    for (query, message) in [
        (format!("query={long}"), "`query` must be 1 to 254 characters, none of them a control character"),
        (
            "starting_after=x".into(),
            "`starting_after` names a user who is unknown or was erased; begin with the first page",
        ),
        (
            "ending_before=x".into(),
            "`ending_before` names a user who is unknown or was erased; begin with the first page",
        ),
        ("page_size=0".into(), "`page_size` must be 1 to 500"),
        ("properties[kp_age]=7".into(), "`properties[kp_age]` is not a field of this request"),
        ("api_scopes=read:orders".into(), "`api_scopes` is not a field of this request"),
    ] {
        let reply = admin.get(&format!("/api/v1/search/users?{query}")).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{query}");
    }
    assert_eq!(found(&admin, "page_size=500").await, Vec::<String>::new());
    let application = {
        let org = admin.makes_organization("Acme").await;
        admin.makes_m2m(&["read:users"], json!({ "org_code": org })).await
    };
    let refused: Value = application.get("/api/v1/search/users").await.body;
    assert_eq!(refused["errors"][0]["code"], "PLATFORM_ONLY");
}
