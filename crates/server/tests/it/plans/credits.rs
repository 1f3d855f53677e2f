//! Owners with a plan: its credits stand in the place of theirs.

use serde_json::{Value, json};

use super::{PATH, Shop};
use crate::support::{TestApp, with};

impl Shop<'_> {
    /// What a verification of this cost comes to, with what is left of the owner's credits.
    async fn pays(&self, secret: &str, cost: u32) -> Value {
        let body = self.admin.verify(secret, json!({ "cost": cost })).await.body;
        json!([body["code"], body["credits"][0]["remaining"]])
    }
}

#[tokio::test]
async fn each_owner_begins_with_the_credits_of_the_plan_and_has_its_own() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let credits = json!({ "remaining": 5, "refill": { "amount": 9, "interval": "month" }, "cost": 2 });
    let plan = shop.makes_plan("Pro", json!({ "credits": credits })).await;
    assert_eq!(shop.get(&plan).await.body["plan"]["credits"], credits);
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
        let shown = shop.admin.get(&read).await.body["credits"].clone();
        let refills = json!({ "refills_on": "2026-12-01T00:00:00Z" });
        assert_eq!(shown, with(&credits, refills), "{read}");
        let (_, secret) = shop.makes_key(&owner, &[]).await;
        assert_eq!(shop.admin.verify(&secret, json!({})).await.body["credits"][0]["remaining"], 3);
        assert_eq!(shop.pays(&secret, 4).await, json!(["API_KEY_CREDITS_EXHAUSTED", 3]));
    }
}

#[tokio::test]
async fn an_owner_is_made_with_credits_of_its_own_and_they_end_with_a_plan() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (bare, plan) = (
        shop.makes_plan("Bare", json!({})).await,
        shop.makes_plan("Pro", json!({ "credits": { "remaining": 4 } })).await,
    );
    let body = json!({ "name": "New", "credits": { "remaining": 3 } });
    let org = shop.admin.post("/api/v1/organization", body).await.text("/organization/code");
    let user = shop.admin.post("/api/v1/user", json!({ "credits": { "remaining": 3 } })).await.text("/id");
    let owners = [
        (format!("/api/v1/organization/{org}"), json!({ "org_code": org })),
        (format!("/api/v1/user?id={user}"), json!({ "user_id": user })),
    ];
    for (path, owner) in owners {
        let (_, secret) = shop.makes_key(&owner, &[]).await;
        assert_eq!(shop.pays(&secret, 1).await, json!(["API_KEY_VERIFIED", 2]));
        let change = async |body: Value| {
            let reply = shop.admin.patch(&path, body).await;
            assert_eq!(reply.status, 200, "{reply}");
            shop.pays(&secret, 1).await
        };
        assert_eq!(change(json!({ "plan_id": plan })).await, json!(["API_KEY_VERIFIED", 3]));
        let refused = shop.admin.patch(&path, json!({ "credits": { "remaining": 9 } })).await;
        assert!(refused.status == 400 && refused.message().contains("`credits`"), "{refused}");
        assert_eq!(change(json!({ "plan_id": plan })).await, json!(["API_KEY_VERIFIED", 2]), "it has the plan already");
        assert_eq!(change(json!({ "plan_id": bare })).await, json!(["API_KEY_VERIFIED", null]));
        assert_eq!(change(json!({ "plan_id": plan })).await, json!(["API_KEY_VERIFIED", 3]));
        assert_eq!(change(json!({ "plan_id": null })).await, json!(["API_KEY_VERIFIED", null]), "they end with it");
        let own = json!({ "credits": { "remaining": 8 } });
        assert_eq!(change(own).await, json!(["API_KEY_VERIFIED", 7]));
        assert_eq!(change(json!({ "plan_id": bare })).await, json!(["API_KEY_VERIFIED", null]), "its own have ended");
    }
    let beside = json!({ "name": "Both", "plan_id": plan, "credits": { "remaining": 1 } });
    let refused = shop.admin.post("/api/v1/organization", beside).await;
    assert!(refused.status == 400 && refused.message().contains("`credits`"), "{refused}");
    let refused = shop.admin.post("/api/v1/user", json!({ "plan_id": plan, "credits": { "remaining": 1 } })).await;
    assert!(refused.status == 400 && refused.message().contains("`credits`"), "{refused}");
}

#[tokio::test]
async fn a_change_of_a_plans_credits_is_in_force_for_all_its_owners_and_what_is_left_stays() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let plan = shop.makes_plan("Pro", json!({})).await;
    shop.gives(json!(plan)).await;
    let mut secrets = Vec::new();
    for (_, _, owner) in shop.owners() {
        secrets.push(shop.makes_key(&owner, &[]).await.1);
    }
    let change = async |credits: Value| {
        shop.changes_plan(&plan, json!({ "credits": credits })).await;
        let mut left = Vec::new();
        for secret in &secrets {
            left.push(shop.admin.verify(secret, json!({})).await.body["credits"][0]["remaining"].clone());
        }
        assert_eq!(left[0], left[1]);
        left[0].clone()
    };
    assert_eq!(change(json!({ "remaining": 10 })).await, 9);
    assert_eq!(change(json!({ "cost": 3 })).await, 6, "what is left stays");
    assert_eq!(shop.get(&plan).await.body["plan"]["credits"], json!({ "remaining": 10, "refill": null, "cost": 3 }));
    assert_eq!(change(json!({ "remaining": 50, "cost": 3 })).await, 3, "those who come begin with more");
    assert_eq!(change(json!(null)).await, json!(null));
    assert_eq!(change(json!({ "remaining": 2 })).await, 1);
    shop.changes_plan(&plan, json!({ "name": "Renamed" })).await;
    assert_eq!(shop.pays(&secrets[0], 1).await, json!(["API_KEY_VERIFIED", 0]));
    let refused = shop.admin.post(PATH, json!({ "name": "Other", "credits": {} })).await;
    assert!(refused.error() == "FIELD_MISSING" && refused.message().contains("`credits.remaining`"), "{refused}");
}
