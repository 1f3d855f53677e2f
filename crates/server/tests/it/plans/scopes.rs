//! The scopes that a plan allows the keys of its owners.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Shop, limit};
use crate::support::TestApp;

impl Shop<'_> {
    /// A plan that allows these scopes of the API.
    async fn makes_plan_with(&self, name: &str, scopes: &[&str]) -> String {
        let allowed = json!([{ "api_id": self.api, "scopes": scopes }]);
        self.makes_plan(name, json!({ "allowed_scopes": allowed })).await
    }

    /// The scopes of a key, by whoever tells them.
    async fn carried(&self, id: &str, secret: &str) -> Value {
        let verified = self.admin.verify(secret, json!({})).await.body["scopes"].clone();
        let batch = json!({ "keys": [{ "api_key": secret }] });
        let batch = self.admin.post("/api/v1/api_keys/verify_batch", batch).await.body["results"][0]["scopes"].clone();
        let own = self.app.bearer(secret).get("/api/v1/api_keys/self").await.body["api_key"]["scopes"].clone();
        let told = self.admin.form("/oauth2/introspect", &format!("token={secret}")).await.body["scope"].clone();
        let told: Vec<&str> = told.as_str().unwrap_or_default().split_whitespace().collect();
        assert_eq!([&batch, &own, &json!(told)], [&verified; 3]);
        let explained = self.explained(id, json!({})).await;
        for scope in ["read:orders", "write:orders"] {
            let is_carried = verified.as_array().unwrap().contains(&json!(scope));
            assert_eq!(explained.split(", and none").next().unwrap().contains(scope), is_carried, "{explained}");
            let asked = self.admin.verify(secret, json!({ "scopes": [scope] })).await;
            let code = if is_carried { "API_KEY_VERIFIED" } else { "API_KEY_INSUFFICIENT_SCOPE" };
            assert_eq!(asked.text("/code"), code, "{scope}");
        }
        verified
    }

    /// What `explain` says of the scopes.
    async fn explained(&self, id: &str, asked: Value) -> String {
        let body = crate::support::with(&json!({ "key_id": id }), asked);
        let body = self.admin.post("/api/v1/api_keys/explain", body).await.body;
        let step = body["steps"].as_array().unwrap().iter().find(|step| step["step"] == "scopes");
        step.unwrap_or_else(|| panic!("{body}"))["reason"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_key_is_given_no_scope_that_the_plan_does_not_allow_and_the_scope_is_named() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &["read:other"]).await;
    let plan = shop.makes_plan_with("Pro", &["read:orders"]).await;
    shop.gives(json!(plan)).await;
    for (_, _, owner) in shop.owners() {
        let (id, _) = shop.makes_key(&owner, &["read:orders"]).await;
        let before = app.revision().await;
        let path = format!("/api/v1/api_keys/{id}");
        let of_other = crate::support::with(&shop.key(&owner, &["read:other"]), json!({ "api_id": other }));
        for (reply, scope) in [
            (shop.admin.post("/api/v1/api_keys", shop.key(&owner, &["write:orders"])).await, "write:orders"),
            (
                shop.admin.post("/api/v1/api_keys", shop.key(&owner, &["read:orders", "write:orders"])).await,
                "write:orders",
            ),
            (shop.admin.post("/api/v1/api_keys", of_other).await, "read:other"),
            (shop.admin.patch(&path, json!({ "scope_ids": ["read:orders", "write:orders"] })).await, "write:orders"),
        ] {
            assert_eq!((reply.status, reply.error()), (400, "SCOPE_NOT_IN_PLAN"), "{reply}");
            let rule = format!("`scope_ids` must not have {scope}: the plan of the owner does not allow it");
            assert_eq!(reply.message(), rule);
        }
        assert_eq!(app.revision().await, before);
        let bare = crate::support::with(&shop.key(&owner, &[]), json!({ "api_id": other }));
        assert_eq!(shop.admin.post("/api/v1/api_keys", bare).await.status, 201, "without a scope it is a key");
    }
    let own = shop.admin.makes_m2m(&["create:api_keys"], json!({ "org_code": shop.org })).await;
    shop.admin.authorizes(&shop.api, &own).await;
    let reply = own.post("/api/v1/api_keys", shop.key(&json!({ "org_code": shop.org }), &["write:orders"])).await;
    assert_eq!((reply.status, reply.error()), (400, "SCOPE_NOT_IN_PLAN"), "{reply}");
}

#[tokio::test]
async fn a_smaller_plan_narrows_the_keys_of_its_owner_at_once_and_a_larger_one_gives_it_back() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let small = shop.makes_plan_with("Small", &["read:orders"]).await;
    let none = shop.makes_plan("None", json!({ "allowed_scopes": [] })).await;
    let open = shop.makes_plan("Open", json!({ "rate_limits": [limit("a", 1_000)] })).await;
    for (_, path, owner) in shop.owners() {
        let (id, secret) = shop.makes_key(&owner, &["read:orders", "write:orders"]).await;
        let all = json!(["read:orders", "write:orders"]);
        assert_eq!(shop.carried(&id, &secret).await, all);
        for (plan, expected) in [
            (json!(small), json!(["read:orders"])),
            (json!(none), json!([])),
            (json!(open), all.clone()),
            (json!(small), json!(["read:orders"])),
            (json!(null), all.clone()),
        ] {
            assert_eq!(shop.admin.patch(&path, json!({ "plan_id": plan })).await.status, 200);
            assert_eq!(shop.carried(&id, &secret).await, expected, "{plan}");
            let shown = shop.admin.get(&format!("/api/v1/api_keys/{id}")).await.body;
            assert_eq!(shown["api_key"]["scopes"], all, "what it was given is shown");
        }
    }
}

#[tokio::test]
async fn a_change_of_what_a_plan_allows_is_in_force_when_it_is_answered() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({})).await;
    shop.gives(json!(plan)).await;
    let mut keys = Vec::new();
    for (_, _, owner) in shop.owners() {
        keys.push(shop.makes_key(&owner, &["read:orders", "write:orders"]).await);
    }
    let all = json!(["read:orders", "write:orders"]);
    for (allowed, expected) in [
        (json!([{ "api_id": shop.api, "scopes": ["write:orders"] }]), json!(["write:orders"])),
        (json!([{ "api_id": shop.api, "scopes": [] }]), json!([])),
        (json!(null), all),
    ] {
        shop.changes_plan(&plan, json!({ "allowed_scopes": allowed })).await;
        for (id, secret) in &keys {
            assert_eq!(shop.carried(id, secret).await, expected, "{allowed}");
        }
    }
}

#[tokio::test]
async fn a_new_secret_and_other_changes_of_a_narrowed_key_are_no_way_around() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan_with("Small", &["read:orders"]).await;
    let owner = json!({ "org_code": shop.org });
    let (id, _) = shop.makes_key(&owner, &["read:orders", "write:orders"]).await;
    shop.gives(json!(plan)).await;
    let path = format!("/api/v1/api_keys/{id}");
    let secret = shop.admin.put(&path).await.text("/api_key/key");
    let kept = json!(["read:orders", "write:orders"]);
    assert_eq!(shop.admin.patch(&path, json!({ "name": "New", "scope_ids": kept })).await.status, 200);
    assert_eq!(shop.carried(&id, &secret).await, json!(["read:orders"]));
    assert_eq!(shop.admin.patch(&path, json!({ "scope_ids": ["write:orders"] })).await.status, 200, "it has less now");
    assert_eq!(shop.carried(&id, &secret).await, json!([]));
    let told = shop.explained(&id, json!({ "scopes": ["write:orders"] })).await;
    let expected = "It carries no scope, and lacks write:orders. Its owner's plan does not allow write:orders.";
    assert_eq!(told, expected);
    let refused = shop.admin.patch(&path, json!({ "scope_ids": kept })).await;
    assert_eq!(refused.status, 200, "one that it has stays, and one that is allowed comes: {refused}");
}

#[tokio::test]
async fn what_is_deleted_falls_out_of_a_plan_and_comes_back_as_something_else() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &["read:other"]).await;
    let allowed = json!([
        { "api_id": shop.api, "scopes": ["read:orders", "write:orders"] },
        { "api_id": other, "scopes": ["read:other"] },
    ]);
    let plan = shop.makes_plan("Pro", json!({ "allowed_scopes": allowed })).await;
    shop.gives(json!(plan)).await;
    let owner = json!({ "org_code": shop.org });
    assert_eq!(shop.admin.delete(&format!("/api/v1/apis/{other}")).await.status, 200);
    let scopes = format!("/api/v1/apis/{}/scopes", shop.api);
    let listed = shop.admin.get(&scopes).await;
    let write = listed.body["scopes"].as_array().unwrap().iter().find(|scope| scope["key"] == "write:orders").unwrap();
    let path = format!("{scopes}/{}", write["id"].as_str().unwrap());
    assert_eq!(shop.admin.call(Method::DELETE, &path, None).await.status, 200);
    let shown = shop.get(&plan).await.body["plan"]["allowed_scopes"].clone();
    assert_eq!(shown, json!([{ "api_id": shop.api, "scopes": ["read:orders"] }]));
    assert_eq!(shop.admin.post(&scopes, json!({ "key": "write:orders" })).await.status, 200);
    let reply = shop.admin.post("/api/v1/api_keys", shop.key(&owner, &["write:orders"])).await;
    assert_eq!(reply.error(), "SCOPE_NOT_IN_PLAN", "a new scope of the same key is another one");
}
