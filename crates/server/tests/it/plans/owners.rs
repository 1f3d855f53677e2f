//! Owners with a plan: its limits of rate stand in the place of theirs.

use serde_json::{Value, json};

use super::{PATH, Shop, limit};
use crate::support::{TestApp, with};

impl Shop<'_> {
    /// What is left of each limit, by holder and name.
    async fn left(&self, secret: &str) -> Value {
        let body = self.admin.verify(secret, json!({ "cost": 0 })).await.body;
        let limits = body["rate_limits"].as_array().into_iter().flatten();
        limits.map(|limit| json!([limit["holder"], limit["name"], limit["remaining"]])).collect()
    }

    async fn spends(&self, secret: &str, cost: u32) -> String {
        self.admin.verify(secret, json!({ "cost": cost })).await.text("/code")
    }
}

#[tokio::test]
async fn an_owner_takes_a_plan_from_its_making_on_or_later_and_is_shown_with_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({ "rate_limits": [limit("shared", 5)] })).await;
    let body = json!({ "name": "New", "plan_id": plan });
    let org = shop.admin.post("/api/v1/organization", body).await.text("/organization/code");
    let user = shop.admin.post("/api/v1/user", json!({ "plan_id": plan })).await.text("/id");
    shop.gives(json!(plan)).await;
    let mut owners = vec![
        (format!("/api/v1/organization?code={org}"), json!({ "org_code": org })),
        (format!("/api/v1/user?id={user}"), json!({ "user_id": user })),
    ];
    owners.extend(shop.owners().map(|(read, _, owner)| (read, owner)));
    for (read, owner) in owners {
        let shown = shop.admin.get(&read).await.body;
        assert_eq!(shown["plan_id"], json!(plan), "{read}");
        assert_eq!(shown["rate_limits"], json!([with(&limit("shared", 5), json!({ "cost": 1 }))]), "{read}");
        let (_, secret) = shop.makes_key(&owner, &[]).await;
        assert_eq!(shop.spends(&secret, 2).await, "API_KEY_VERIFIED");
        assert_eq!(shop.left(&secret).await, json!([["owner", "shared", 3]]), "each owner has limits of its own");
    }
}

#[tokio::test]
async fn a_plan_ends_the_limits_of_the_owners_own_and_what_was_used_counts_on() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({ "rate_limits": [limit("a", 9)] })).await;
    for (read, path, owner) in shop.owners() {
        let (_, secret) = shop.makes_key(&owner, &[]).await;
        let change = async |body: Value| {
            let reply = shop.admin.patch(&path, body).await;
            assert_eq!(reply.status, 200, "{reply}");
            shop.left(&secret).await
        };
        let own = json!([limit("a", 4), limit("b", 4)]);
        assert_eq!(change(json!({ "rate_limits": own })).await, json!([["owner", "a", 4], ["owner", "b", 4]]));
        assert_eq!(shop.spends(&secret, 3).await, "API_KEY_VERIFIED");
        assert_eq!(change(json!({ "plan_id": plan })).await, json!([["owner", "a", 6]]), "3 of 9 are used");
        assert_eq!(change(json!({ "plan_id": null })).await, json!([]), "its own have ended");
        assert_eq!(shop.admin.get(&read).await.body["plan_id"], json!(null));
        assert_eq!(change(json!({ "plan_id": plan, "rate_limits": null })).await, json!([["owner", "a", 9]]));
        let moved = change(json!({ "plan_id": null, "rate_limits": [limit("c", 2)] })).await;
        assert_eq!(moved, json!([["owner", "c", 2]]), "from a plan to its own in one change");
    }
}

#[tokio::test]
async fn a_change_of_a_plan_is_in_force_for_all_its_owners_when_it_is_answered() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({ "rate_limits": [limit("a", 2)] })).await;
    let other = shop.makes_plan("Other", json!({ "rate_limits": [limit("a", 7)] })).await;
    let bystander = shop.admin.post("/api/v1/user", json!({ "plan_id": other })).await.text("/id");
    shop.gives(json!(plan)).await;
    let mut secrets = Vec::new();
    for owner in shop.owners().map(|(.., owner)| owner).into_iter().chain([json!({ "user_id": bystander })]) {
        secrets.push(shop.makes_key(&owner, &[]).await.1);
    }
    for secret in &secrets {
        assert_eq!(shop.spends(secret, 2).await, "API_KEY_VERIFIED");
    }
    for secret in &secrets[..2] {
        assert_eq!(shop.spends(secret, 1).await, "API_KEY_RATE_LIMITED");
    }
    shop.changes_plan(&plan, json!({ "rate_limits": [limit("a", 3), limit("b", 1)] })).await;
    for secret in &secrets[..2] {
        assert_eq!(shop.left(secret).await, json!([["owner", "a", 1], ["owner", "b", 1]]));
    }
    shop.changes_plan(&plan, json!({ "name": "Max" })).await;
    shop.changes_plan(&plan, json!({ "rate_limits": null })).await;
    for secret in &secrets[..2] {
        assert_eq!(shop.left(secret).await, json!([]));
    }
    assert_eq!(shop.left(&secrets[2]).await, json!([["owner", "a", 5]]), "who has another plan is untouched");
    let fresh = app.beside().await;
    let clock = || fresh.tick();
    assert_eq!(fresh.engine.answer(clock, |_| ()).unwrap().1, app.app.engine.revision(), "all of it is stored");
}

#[tokio::test]
async fn a_plan_and_limits_are_not_given_together_and_an_unknown_plan_is_refused_by_name() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({})).await;
    let both = json!({ "plan_id": plan, "rate_limits": [limit("a", 1)] });
    let none = json!({ "plan_id": plan, "rate_limits": [] });
    let before = app.revision().await;
    let post = async |path: &str, body: &Value| shop.admin.post(path, with(&json!({}), body.clone())).await;
    for body in [&both, &none] {
        let mut replies = vec![
            post("/api/v1/organization", &with(&json!({ "name": "New" }), body.clone())).await,
            post("/api/v1/user", body).await,
        ];
        for (_, path, _) in shop.owners() {
            replies.push(shop.admin.patch(&path, body.clone()).await);
        }
        for reply in replies {
            let rule = "`rate_limits` must not be given beside a plan, whose limits stand in their place";
            assert_eq!((reply.status, reply.error(), reply.message()), (400, "FIELD_INVALID", rule));
        }
    }
    for unknown in ["plan_0", "pro", "", &"plan_".repeat(20)] {
        let body = json!({ "plan_id": unknown });
        let mut replies = vec![
            post("/api/v1/organization", &with(&json!({ "name": "New" }), body.clone())).await,
            post("/api/v1/user", &body).await,
        ];
        for (_, path, _) in shop.owners() {
            replies.push(shop.admin.patch(&path, body.clone()).await);
        }
        for reply in replies {
            assert_eq!((reply.status, reply.error()), (400, "PLAN_UNKNOWN"), "{unknown}");
            assert_eq!(reply.message(), "`plan_id` is not the id of a plan");
        }
    }
    assert_eq!(app.revision().await, before);
    shop.gives(json!(plan)).await;
    for (read, path, _) in shop.owners() {
        let later = shop.admin.patch(&path, json!({ "rate_limits": [limit("a", 1)] })).await;
        assert!(later.status == 400 && later.message().contains("beside a plan"), "{later}");
        let again = app.revision().await;
        assert_eq!(shop.admin.patch(&path, json!({ "plan_id": plan })).await.status, 200);
        assert_eq!(shop.admin.patch(&path, json!({ "rate_limits": null })).await.status, 200);
        assert_eq!((app.revision().await, &shop.admin.get(&read).await.body["plan_id"]), (again, &json!(plan)));
    }
}

#[tokio::test]
async fn an_organizations_application_sees_its_plans_id_and_nothing_of_plans() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({ "rate_limits": [limit("a", 1)] })).await;
    shop.gives(json!(plan)).await;
    let scopes =
        ["read:plans", "create:plans", "update:plans", "delete:plans", "read:organizations", "update:organizations"];
    let own = shop.admin.makes_m2m(&scopes, json!({ "org_code": shop.org })).await;
    let (path, org) = (format!("{PATH}/{plan}"), format!("/api/v1/organization/{}", shop.org));
    for reply in [
        own.get(PATH).await,
        own.get(&path).await,
        own.post(PATH, json!({ "name": "Mine" })).await,
        own.patch(&path, json!({ "rate_limits": null })).await,
        own.delete(&path).await,
        own.patch(&org, json!({ "plan_id": null })).await,
    ] {
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{reply}");
    }
    let shown = own.get(&format!("/api/v1/organization?code={}", shop.org)).await.body;
    assert_eq!((&shown["plan_id"], &shown["rate_limits"][0]["name"]), (&json!(plan), &json!("a")));
}
