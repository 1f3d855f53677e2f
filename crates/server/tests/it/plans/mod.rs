//! `/api/v1/plans`

mod credits;
mod owners;
mod scopes;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp, with};

const PATH: &str = "/api/v1/plans";

fn limit(name: &str, limit: u32) -> Value {
    json!({ "name": name, "limit": limit, "window_seconds": 600 })
}

/// What these tests begin with: an API with two scopes, an organization and a user.
struct Shop<'a> {
    app: &'a TestApp,
    admin: Actor<'a>,
    api: String,
    org: String,
    user: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://api.example.com", &["read:orders", "write:orders"]).await;
        let (org, user) = (admin.makes_organization("Acme").await, admin.makes_user("Ada").await);
        Self { app, admin, api, org, user }
    }

    /// Makes a plan, and answers its id. `more` are further members.
    async fn makes_plan(&self, name: &str, more: Value) -> String {
        self.admin.post(PATH, with(&json!({ "name": name }), more)).await.text("/plan/id")
    }

    async fn changes_plan(&self, plan: &str, body: Value) {
        let reply = self.admin.patch(&format!("{PATH}/{plan}"), body).await;
        assert_eq!(reply.status, 200, "{reply}");
    }

    /// Where each kind of owner is read, where it is changed, and the member that names it.
    fn owners(&self) -> [(String, String, Value); 2] {
        let (org, user) = (&self.org, &self.user);
        let of_user = format!("/api/v1/user?id={user}");
        [
            (
                format!("/api/v1/organization?code={org}"),
                format!("/api/v1/organization/{org}"),
                json!({ "org_code": org }),
            ),
            (of_user.clone(), of_user, json!({ "user_id": user })),
        ]
    }

    /// Gives both owners a plan, or takes it.
    async fn gives(&self, plan: Value) {
        for (_, path, _) in self.owners() {
            let reply = self.admin.patch(&path, json!({ "plan_id": plan })).await;
            assert_eq!(reply.status, 200, "{reply}");
        }
    }

    /// Makes a key of an owner with these scopes, and answers its id and its secret.
    async fn makes_key(&self, owner: &Value, scopes: &[&str]) -> (String, String) {
        self.admin.makes_key(self.key(owner, scopes)).await
    }

    fn key(&self, owner: &Value, scopes: &[&str]) -> Value {
        with(&json!({ "name": "Key", "api_id": self.api, "scope_ids": scopes }), owner.clone())
    }

    async fn get(&self, plan: &str) -> Reply {
        self.admin.get(&format!("{PATH}/{plan}")).await
    }
}

#[tokio::test]
async fn a_plan_is_made_and_read() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let body = json!({
        "name": "Pro", "rate_limits": [limit("per-hour", 1000)],
        "allowed_scopes": [{ "api_id": shop.api, "scopes": ["write:orders", "read:orders"] }],
    });
    let made = shop.admin.post(PATH, body).await;
    assert_snapshot!(made, @r#"
    201
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "plan": {
        "id": "plan_c5fc89075299106c37b2fa361adea7cd"
      },
      "revision": 10
    }
    "#);
    assert_snapshot!(shop.get(&made.text("/plan/id")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "plan": {
        "allowed_scopes": [
          {
            "api_id": "a192afe3157c85d0c847729f4e08f3a3",
            "scopes": [
              "read:orders",
              "write:orders"
            ]
          }
        ],
        "credits": null,
        "id": "plan_c5fc89075299106c37b2fa361adea7cd",
        "name": "Pro",
        "rate_limits": [
          {
            "cost": 1,
            "limit": 1000,
            "name": "per-hour",
            "window_seconds": 600
          }
        ]
      }
    }
    "#);
    let bare = shop.makes_plan("Bare", json!({})).await;
    let read = shop.get(&bare).await.body["plan"].clone();
    assert_eq!((&read["rate_limits"], &read["allowed_scopes"]), (&json!([]), &json!(null)));
}

#[tokio::test]
async fn a_plan_is_changed_by_what_is_given_and_what_changes_nothing_makes_no_revision() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let scopes = json!([{ "api_id": shop.api, "scopes": ["read:orders"] }]);
    let plan = shop.makes_plan("Pro", json!({ "rate_limits": [limit("a", 1)], "allowed_scopes": scopes })).await;
    let read = async || shop.get(&plan).await.body["plan"].clone();
    let mut expected = read().await;
    let listed = json!([{ "name": "b", "limit": 2, "window_seconds": 600, "cost": 1 }]);
    for (body, member, value) in [
        (json!({ "name": "PRO" }), "name", json!("PRO")),
        (json!({ "rate_limits": [limit("b", 2)] }), "rate_limits", listed),
        (json!({ "allowed_scopes": [] }), "allowed_scopes", json!([])),
        (json!({ "allowed_scopes": null }), "allowed_scopes", json!(null)),
        (json!({ "allowed_scopes": scopes }), "allowed_scopes", scopes.clone()),
        (json!({ "rate_limits": null }), "rate_limits", json!([])),
    ] {
        shop.changes_plan(&plan, body.clone()).await;
        expected[member] = value;
        assert_eq!(read().await, expected, "{body}");
        let before = app.revision().await;
        shop.changes_plan(&plan, body).await;
        shop.changes_plan(&plan, json!({})).await;
        assert_eq!(app.revision().await, before);
    }
    let missing = shop.admin.patch(&format!("{PATH}/plan_0"), json!({ "name": "A" })).await;
    assert_eq!((missing.status, missing.error()), (404, "PLAN_NOT_FOUND"));
}

#[tokio::test]
async fn a_name_is_one_plans_alone_in_any_letters_until_that_is_deleted() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (pro, other) = (shop.makes_plan("Pro", json!({})).await, shop.makes_plan("Other", json!({})).await);
    let before = app.revision().await;
    for reply in [
        shop.admin.post(PATH, json!({ "name": "PRO" })).await,
        shop.admin.patch(&format!("{PATH}/{other}"), json!({ "name": "pro" })).await,
    ] {
        assert_eq!((reply.status, reply.error()), (400, "PLAN_TAKEN"));
        assert_eq!(reply.message(), "`name` is that of another plan");
    }
    assert_eq!(app.revision().await, before);
    assert_eq!(shop.admin.delete(&format!("{PATH}/{pro}")).await.status, 200);
    shop.changes_plan(&other, json!({ "name": "pro" })).await;
}

#[tokio::test]
async fn plans_are_listed_by_name_a_page_at_a_time_even_if_the_last_one_is_deleted_meanwhile() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let scopes = json!([{ "api_id": shop.api, "scopes": ["read:orders"] }]);
    for name in ["Zero", "alpha", "Pro"] {
        shop.makes_plan(name, json!({ "allowed_scopes": scopes })).await;
    }
    let list = async |query: &str| {
        let body = shop.admin.get(&format!("{PATH}?{query}")).await.body;
        let names: Vec<String> =
            body["plans"].as_array().unwrap().iter().map(|plan| plan["name"].as_str().unwrap().to_owned()).collect();
        let next = body["next_token"].as_str().unwrap_or_default().to_owned();
        (names, next, body["plans"][0].clone())
    };
    let (names, next, _) = list("").await;
    assert_eq!((names, next), (vec!["alpha".to_owned(), "Pro".to_owned(), "Zero".to_owned()], String::new()));
    let (names, next, first) = list("page_size=2&sort=name_desc").await;
    assert_eq!((names, &first["allowed_scopes"]), (vec!["Zero".to_owned(), "Pro".to_owned()], &scopes));
    let (names, after, alpha) = list(&format!("page_size=2&next_token={next}")).await;
    assert_eq!((names, after), (vec!["alpha".to_owned()], String::new()));
    let pro = list("page_size=2").await;
    let last = shop.admin.get(&format!("{PATH}?page_size=2")).await.text("/plans/1/id");
    assert_eq!(shop.admin.delete(&format!("{PATH}/{last}")).await.status, 200);
    assert_eq!(list(&format!("next_token={}", pro.1)).await.0, ["Zero"]);
    assert_eq!(shop.get(alpha["id"].as_str().unwrap()).await.body["plan"], alpha);
    let unknown = shop.admin.get(&format!("{PATH}?next_token=x")).await;
    assert!(unknown.status == 400 && unknown.message().contains("next_token"), "{unknown}");
}

#[tokio::test]
async fn a_plan_that_owners_have_is_not_deleted_and_says_how_many_have_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({})).await;
    let path = format!("{PATH}/{plan}");
    shop.gives(json!(plan)).await;
    assert_snapshot!(shop.admin.delete(&path).await, @r#"
    409
    cache-control: no-store

    {
      "errors": [
        {
          "code": "PLAN_IN_USE",
          "message": "The plan is that of 2 owners"
        }
      ]
    }
    "#);
    assert_eq!(shop.admin.delete(&format!("/api/v1/organization/{}", shop.org)).await.status, 200);
    let refused = shop.admin.delete(&path).await;
    assert_eq!((refused.status, refused.message()), (409, "The plan is that of 1 owner"));
    let of_user = format!("/api/v1/user?id={}", shop.user);
    assert_eq!(shop.admin.patch(&of_user, json!({ "plan_id": null })).await.status, 200);
    assert_eq!(shop.admin.delete(&path).await.status, 200);
    for reply in [shop.get(&plan).await, shop.admin.delete(&path).await] {
        assert_eq!((reply.status, reply.error()), (404, "PLAN_NOT_FOUND"));
    }
    let taken = shop.admin.patch(&of_user, json!({ "plan_id": plan })).await;
    assert_eq!((taken.status, taken.error()), (400, "PLAN_UNKNOWN"), "it is gone");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({})).await;
    let before = app.revision().await;
    let nine: Value = (0..9).map(|at| limit(&format!("l{at}"), 1)).collect();
    let of_api = |scopes: Value| json!([{ "api_id": shop.api, "scopes": scopes }]);
    let many: Value = (0..101).map(|_| json!({ "api_id": shop.api, "scopes": [] })).collect();
    for (body, code, field) in [
        (json!({ "name": "" }), "FIELD_INVALID", "`name`"),
        (json!({ "rate_limits": nine }), "FIELD_INVALID", "`rate_limits`"),
        (json!({ "rate_limits": [limit("A", 1)] }), "FIELD_INVALID", "`rate_limits[0].name`"),
        (json!({ "allowed_scopes": [{ "api_id": "0", "scopes": [] }] }), "API_UNKNOWN", "`allowed_scopes[0].api_id`"),
        (json!({ "allowed_scopes": of_api(json!(["x"])) }), "SCOPE_UNKNOWN", "`allowed_scopes[0].scopes[0]`"),
        (json!({ "allowed_scopes": of_api(json!(vec!["x"; 101])) }), "FIELD_INVALID", "`allowed_scopes[0].scopes`"),
        (json!({ "allowed_scopes": [{ "api_id": shop.api }] }), "FIELD_MISSING", "`allowed_scopes[0].scopes`"),
        (
            json!({ "allowed_scopes": [of_api(json!([]))[0], of_api(json!([]))[0]] }),
            "FIELD_INVALID",
            "`allowed_scopes[1].api_id`",
        ),
        (json!({ "allowed_scopes": many }), "FIELD_INVALID", "`allowed_scopes`"),
        (json!({ "price": 1 }), "FIELD_UNKNOWN", "`price`"),
    ] {
        for reply in [
            shop.admin.post(PATH, with(&json!({ "name": "Other" }), body.clone())).await,
            shop.admin.patch(&format!("{PATH}/{plan}"), body.clone()).await,
        ] {
            assert_eq!((reply.status, reply.error()), (400, code), "{body}: {reply}");
            assert!(reply.message().starts_with(field), "{body}: {reply}");
        }
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn what_was_changed_of_a_plan_is_told_before_and_after() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({ "rate_limits": [limit("a", 1)] })).await;
    let scopes = json!([{ "api_id": shop.api, "scopes": ["write:orders"] }]);
    shop.changes_plan(&plan, json!({ "name": "Max", "rate_limits": null, "allowed_scopes": scopes })).await;
    let org = format!("/api/v1/organization/{}", shop.org);
    assert_eq!(shop.admin.patch(&org, json!({ "plan_id": plan })).await.status, 200);
    assert_eq!(shop.admin.patch(&org, json!({ "plan_id": null })).await.status, 200);
    assert_eq!(shop.admin.delete(&format!("{PATH}/{plan}")).await.status, 200);
    let events = shop.admin.get("/api/v1/audit_events?page_size=5").await.body["audit_events"].clone();
    let told: Vec<Value> = events
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|event| {
            json!([event["action"], event["target_id"], event["details"]["before"], event["details"]["after"]])
        })
        .collect();
    let a = json!([{ "name": "a", "limit": 1, "window_seconds": 600, "cost": 1 }]);
    let allowed = json!([{ "api_id": shop.api, "scopes": [2] }]);
    let none = Value::Null;
    assert_eq!(
        told,
        [
            json!(["plan.created", plan, none, { "rate_limits": a }]),
            json!(["plan.updated", plan, { "rate_limits": a }, { "rate_limits": [], "allowed_scopes": allowed }]),
            json!(["organization.updated", shop.org, none, { "plan_id": plan }]),
            json!(["organization.updated", shop.org, { "plan_id": plan }, none]),
            json!(["plan.deleted", plan, none, none]),
        ]
    );
}
