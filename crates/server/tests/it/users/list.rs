//! `GET /api/v1/users`

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

/// A user with one identity of each type and an id of the platform's own, all made of the name.
fn known(name: &str) -> Value {
    json!({
        "profile": { "given_name": name },
        "provided_id": format!("ext-{name}"),
        "identities": [
            { "type": "email", "details": { "email": format!("{name}@example.com") } },
            { "type": "phone", "details": { "phone": format!("+44 {name}") } },
            { "type": "username", "details": { "username": name } },
        ],
    })
}

async fn makes(admin: &Actor<'_>, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(admin.post("/api/v1/user", known(name)).await.text("/id"));
    }
    ids
}

async fn names(admin: &Actor<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let reply = admin.get(&format!("/api/v1/users?{query}")).await;
    let listed = reply.body["users"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let names = listed.iter().map(|row| row["first_name"].as_str().unwrap().to_owned()).collect();
    (names, reply.body["next_token"].as_str().map(ToOwned::to_owned))
}

#[tokio::test]
async fn users_are_listed_by_name_with_what_is_asked_for() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    admin.post("/api/v1/user", json!({ "profile": { "given_name": "Kim" }, "organization_code": org })).await;
    makes(&admin, &["ada"]).await;
    assert_snapshot!(admin.get("/api/v1/users?expand=organizations,identities,billing").await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "next_token": null,
      "users": [
        {
          "created_on": "2026-11-22T12:00:00Z",
          "email": "ada@example.com",
          "failed_sign_ins": null,
          "first_name": "ada",
          "id": "kp_e9c7191857e774b84eead809af5b0cc3",
          "identities": [
            {
              "connection_id": null,
              "identity": "ada@example.com",
              "type": "email"
            },
            {
              "connection_id": null,
              "identity": "+44 ada",
              "type": "phone"
            },
            {
              "connection_id": null,
              "identity": "ada",
              "type": "username"
            }
          ],
          "is_suspended": false,
          "last_name": null,
          "last_organization_sign_ins": [],
          "last_signed_in": null,
          "organizations": [],
          "phone": "+44 ada",
          "picture": null,
          "provided_id": "ext-ada",
          "total_sign_ins": null,
          "username": "ada"
        },
        {
          "created_on": "2026-11-22T12:00:00Z",
          "email": null,
          "failed_sign_ins": null,
          "first_name": "Kim",
          "id": "kp_6f1384a306c41fc212d05c4045a39c19",
          "identities": [],
          "is_suspended": false,
          "last_name": null,
          "last_organization_sign_ins": [],
          "last_signed_in": null,
          "organizations": [
            "org_a192afe3157c"
          ],
          "phone": null,
          "picture": null,
          "provided_id": null,
          "total_sign_ins": null,
          "username": null
        }
      ]
    }
    "#);
    let plain = admin.get("/api/v1/users").await;
    let first = plain.body["users"][0].as_object().unwrap();
    assert!(!first.contains_key("organizations") && !first.contains_key("identities"), "{plain}");
}

#[tokio::test]
async fn pages_follow_each_other_even_if_the_last_one_is_deleted_meanwhile() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let ids = makes(&admin, &["b", "a", "d", "c"]).await;
    for filter in ["", "&username=a,b,c,d"] {
        let (first, next) = names(&admin, &format!("page_size=2{filter}")).await;
        assert_eq!(first, ["a", "b"]);
        let next = next.unwrap();
        let (second, last) = names(&admin, &format!("page_size=2&next_token={next}{filter}")).await;
        assert_eq!((second, last), (["c", "d"].map(Into::into).into(), None));
    }
    let (_, next) = names(&admin, "page_size=2").await;
    assert_eq!(admin.delete(&format!("/api/v1/user?id={}", ids[0])).await.status, 200);
    for filter in ["", "&username=a,b,c,d"] {
        let query = format!("page_size=2&next_token={}{filter}", next.as_ref().unwrap());
        assert_eq!(names(&admin, &query).await.0, ["c", "d"]);
    }
}

#[tokio::test]
async fn from_one_who_never_was_nobody_goes_on() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    makes(&admin, &["a"]).await;
    // As the list writes them: an id of nobody, and none at all.
    for id in ["kp_00000000000000000000000000000000", "neither"] {
        let token = URL_SAFE_NO_PAD.encode(format!("users.name_asc {id}"));
        for filter in ["", "&username=a"] {
            let reply = admin.get(&format!("/api/v1/users?next_token={token}{filter}")).await;
            let message = "`next_token` names a user who is unknown or was erased; begin with the first page";
            assert_eq!((reply.status, reply.message()), (400, message), "{id}{filter}");
        }
    }
}

#[tokio::test]
async fn filters_name_several_and_hold_together() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let ids = makes(&admin, &["a", "b", "c"]).await;
    let org = admin.makes_organization("Acme").await;
    let users = json!({ "users": [{ "id": ids[2] }] });
    assert_eq!(admin.post(&format!("/api/v1/organizations/{org}/users"), users).await.status, 200);
    for (query, expected) in [
        ("email=A@example.com", &["a"][..]),
        ("email=c@example.com,a@example.com,nobody", &["a", "c"]),
        ("phone=%2B44%20b", &["b"]),
        ("username=b,c", &["b", "c"]),
        ("username=B", &[]),
        ("provided_id=ext-a", &["a"]),
        ("username=b,c&email=c@example.com", &["c"]),
        ("username=b&email=c@example.com", &[]),
        ("has_organization=true", &["c"]),
        ("has_organization=false", &["a", "b"]),
        ("username=b,c&has_organization=false", &["b"]),
        ("", &["a", "b", "c"]),
        ("user_id=nope", &[]),
    ] {
        assert_eq!(names(&admin, query).await, (expected.iter().map(ToString::to_string).collect(), None), "{query}");
    }
    assert_eq!(names(&admin, &format!("user_id={},{}", ids[1], ids[0])).await.0, ["a", "b"]);
}

#[tokio::test]
async fn what_breaks_a_rule_or_cannot_be_known_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let many = (0..101).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for (query, message) in [
        ("page_size=501".to_owned(), "`page_size` must be 1 to 500"),
        (format!("email={many}"), "`email` must have 1 to 100 entries"),
        ("email=".to_owned(), "`email` must have 1 to 100 entries"),
        ("username=,".to_owned(), "`username` must have 1 to 100 entries"),
        ("phone=%00".to_owned(), "`phone` must be 1 to 254 characters, none of them a control character"),
        ("has_organization=maybe".to_owned(), "`has_organization` must be true or false"),
        ("active_since=2026-01-01".to_owned(), "`active_since` is not a field of this request"),
    ] {
        let reply = admin.get(&format!("/api/v1/users?{query}")).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{query}");
    }
    let hundred = many.trim_end_matches(",100");
    assert_eq!(admin.get(&format!("/api/v1/users?email={hundred}")).await.status, 200);
}

#[tokio::test]
async fn from_whoever_was_erased_nobody_goes_on() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let mut ids = Vec::new();
    for name in ["Ada", "Bob", "Kim"] {
        ids.push(admin.makes_user(name).await);
    }
    let members = format!("/api/v1/organizations/{org}/users");
    let listed: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    assert_eq!(admin.post(&members, json!({ "users": listed })).await.status, 200);
    let token = admin.get("/api/v1/users?page_size=2").await.text("/next_token");
    let of_members = admin.get(&format!("{members}?page_size=2&sort=email_asc")).await.text("/next_token");
    let lists = [format!("/api/v1/users?next_token={token}"), format!("{members}?next_token={of_members}")];
    let search = format!("/api/v1/search/users?starting_after={}", ids[1]);
    for list in lists.iter().chain([&search]) {
        assert_eq!(admin.get(list).await.status, 200, "{list}");
    }
    // Whom each page ends with.
    for id in &ids {
        admin.delete(&format!("/api/v1/user?id={id}&is_delete_profile=true")).await;
    }
    for list in lists.iter().chain([&search]) {
        let reply = admin.get(list).await;
        assert_eq!((reply.status, reply.error()), (400, "FIELD_INVALID"), "{list}");
        assert!(reply.message().ends_with("begin with the first page"), "{reply}");
    }
}

#[tokio::test]
async fn a_token_of_another_list_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for name in ["Ada", "Bob"] {
        admin.makes_user(name).await;
    }
    let token = admin.get("/api/v1/users?page_size=1").await.text("/next_token");
    for list in ["organizations", "applications", "roles", "permissions"] {
        let reply = admin.get(&format!("/api/v1/{list}?next_token={token}")).await;
        assert_eq!(reply.message(), "`next_token` must be one that this list has answered", "{list}");
    }
}
