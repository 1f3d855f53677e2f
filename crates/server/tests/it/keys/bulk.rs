//! `POST /api/v1/api_keys/bulk`

use std::time::Duration;

use futures_util::future::join_all;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Actor, Reply, TestApp, with};

const PATH: &str = "/api/v1/api_keys/bulk";

fn revoke(filter: Value) -> Value {
    json!({ "action": "revoke", "filter": filter })
}

fn disable(filter: Value) -> Value {
    json!({ "action": "disable", "filter": filter })
}

/// The ids that a preview shows.
fn shown(reply: &Reply) -> Vec<String> {
    let keys = reply.body["api_keys"].as_array().unwrap_or_else(|| panic!("{reply}"));
    keys.iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

/// What a preview gives to confirm it.
async fn preview(actor: &Actor<'_>, body: &Value) -> String {
    actor.post(PATH, body.clone()).await.text("/confirm")
}

async fn confirm(actor: &Actor<'_>, body: &Value, token: &str) -> Reply {
    actor.post(PATH, with(body, json!({ "confirm": token }))).await
}

impl Shop<'_> {
    /// What a filter finds.
    async fn finds(&self, filter: Value) -> Vec<String> {
        let reply = self.admin.post(PATH, revoke(filter)).await;
        let ids = shown(&reply);
        assert_eq!(reply.body["count"], ids.len(), "{reply}");
        assert_eq!(reply.body["confirm"].is_null(), ids.is_empty(), "{reply}");
        ids
    }

    async fn codes(&self, secrets: &[&String]) -> Vec<String> {
        let mut codes = Vec::new();
        for secret in secrets {
            codes.push(self.admin.verify(secret, json!({})).await.text("/code"));
        }
        codes
    }
}

#[tokio::test]
async fn a_preview_tells_which_keys_and_changes_nothing_and_its_token_makes_the_change() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_organization("Other").await;
    let (_, one) = shop.makes_key(json!({ "expires_on": "2027-01-01T00:00:00Z" })).await;
    let (_, two) = shop.makes_key(json!({ "name": "Second" })).await;
    let (_, spared) = shop.makes_key(json!({ "org_code": other })).await;
    let body = revoke(json!({ "org_code": shop.org }));
    let before = app.database.db_rows().await;
    let previewed = shop.admin.post(PATH, body.clone()).await;
    assert_snapshot!(previewed);
    assert_eq!(app.database.db_rows().await, before, "a preview is no change");
    assert_eq!(shop.codes(&[&one, &two, &spared]).await, ["API_KEY_VERIFIED"; 3]);
    let revision = app.revision().await;
    let done = confirm(&shop.admin, &body, &previewed.text("/confirm")).await;
    assert_eq!(shop.codes(&[&one, &two]).await, ["API_KEY_REVOKED"; 2], "in force when it was answered");
    assert_eq!(shop.codes(&[&spared]).await, ["API_KEY_VERIFIED"]);
    assert_eq!((done.status, &done.body["count"], &done.body["revision"]), (200, &json!(2), &json!(revision + 1)));
    assert_eq!((&done.body["confirm"], &done.body["confirm_expires_on"]), (&Value::Null, &Value::Null));
    assert_eq!(shown(&done), shown(&previewed));
    assert_eq!(app.revision().await, revision + 1, "one change for all");
    let again = confirm(&shop.admin, &body, &previewed.text("/confirm")).await;
    assert_eq!((again.status, again.error()), (409, "PREVIEW_STALE"));
    assert_eq!(shop.finds(json!({ "org_code": shop.org })).await, [""; 0], "what is revoked is not touched again");
}

#[tokio::test]
async fn disabling_stops_keys_until_they_are_enabled_and_leaves_out_those_that_are_disabled() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, one) = shop.makes_key(json!({})).await;
    let (disabled, _) = shop.makes_key(json!({ "enabled": false })).await;
    let (revoked, _) = shop.makes_key(json!({})).await;
    assert_eq!(shop.admin.delete(&format!("/api/v1/api_keys/{revoked}")).await.status, 200);
    let untouched = (shop.get(&disabled).await.body, shop.get(&revoked).await.body);
    let body = disable(json!({ "api_id": shop.api }));
    let previewed = shop.admin.post(PATH, body.clone()).await;
    assert_eq!((shown(&previewed), &previewed.body["count"]), (vec![id.clone()], &json!(1)));
    let done = confirm(&shop.admin, &body, &previewed.text("/confirm")).await;
    assert_eq!((done.status, &done.body["count"]), (200, &json!(1)), "{done}");
    assert_eq!(shop.codes(&[&one]).await, ["API_KEY_DISABLED"]);
    assert_eq!((shop.get(&disabled).await.body, shop.get(&revoked).await.body), untouched);
    let patched = shop.admin.patch(&format!("/api/v1/api_keys/{id}"), json!({ "enabled": true })).await;
    assert_eq!(patched.status, 200, "{patched}");
    assert_eq!(shop.codes(&[&one]).await, ["API_KEY_VERIFIED"]);
}

#[tokio::test]
async fn each_member_of_the_filter_keeps_what_it_names_and_they_hold_together() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let admin = &shop.admin;
    let acme = json!({ "name": "Named", "external_id": "customer-42" });
    let named = admin.post("/api/v1/organization", acme).await.text("/organization/code");
    let user = admin.makes_user("Kim").await;
    let other_api = admin.makes_api("https://other.example.com", &["read:orders", "write:orders"]).await;
    let (of_org, used) = shop.makes_key(json!({})).await;
    let (of_named, _) = shop.makes_key(json!({ "org_code": named, "scope_ids": ["write:orders"] })).await;
    let (of_user, _) = shop.makes_key_of_user(&user).await;
    let (of_other_api, _) = shop.makes_key(json!({ "api_id": other_api, "scope_ids": ["write:orders"] })).await;
    app.advance(Duration::from_secs(60));
    let maker = admin.makes_m2m(&["create:api_keys"], json!({ "name": "Import job" })).await;
    let (by_maker, _) = maker.makes_key(shop.body()).await;
    let at_maker = "2026-11-22T12:01:00Z";
    let key = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>();

    let of = |filter: Value| shop.finds(filter);
    assert_eq!(of(json!({ "org_code": shop.org })).await, key(&[&by_maker, &of_other_api, &of_org]));
    assert_eq!(of(json!({ "org_external_id": "customer-42" })).await, key(&[&of_named]));
    assert_eq!(of(json!({ "org_external_id": "customer-42", "org_code": named })).await, key(&[&of_named]));
    assert_eq!(of(json!({ "org_external_id": "customer-42", "org_code": shop.org })).await, key(&[]));
    assert_eq!(of(json!({ "user_id": user })).await, key(&[&of_user]));
    assert_eq!(of(json!({ "user_id": user, "org_code": shop.org })).await, key(&[]), "a key has one owner");
    assert_eq!(of(json!({ "user_id": user, "api_id": other_api })).await, key(&[]));
    assert_eq!(of(json!({ "api_id": other_api })).await, key(&[&of_other_api]));
    assert_eq!(of(json!({ "api_id": other_api, "org_code": shop.org })).await, key(&[&of_other_api]));
    assert_eq!(of(json!({ "api_id": shop.api, "scope": "write:orders" })).await, key(&[&of_named]));
    assert_eq!(of(json!({ "api_id": shop.api, "scope": "delete:orders" })).await, key(&[]));
    assert_eq!(of(json!({ "created_by": "Import job" })).await, key(&[&by_maker]));
    assert_eq!(of(json!({ "created_by": "import job" })).await, key(&[]), "exact");
    assert_eq!(of(json!({ "created_after": "2026-11-22T12:00:59Z" })).await, key(&[&by_maker]));
    assert_eq!(of(json!({ "created_after": at_maker })).await, key(&[]));
    let all = key(&[&of_other_api, &of_user, &of_named, &of_org]);
    assert_eq!(of(json!({ "last_used_before": at_maker })).await, all, "made before and never used");
    shop.codes(&[&used]).await;
    app.fold().await;
    assert_eq!(of(json!({ "last_used_before": at_maker })).await, all[..3]);
    assert_eq!(of(json!({ "last_used_before": "2026-11-22T12:01:00.000001Z" })).await.len(), 5);
    for nobody in [json!({ "org_code": "org_0" }), json!({ "user_id": "?" }), json!({ "org_external_id": "nobody" })] {
        assert_eq!(of(nobody).await, key(&[]));
    }
}

#[tokio::test]
async fn a_token_is_good_for_what_was_shown_and_for_nothing_else() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_organization("Other").await;
    let (id, _) = shop.makes_key(json!({})).await;
    let (_, spared) = shop.makes_key(json!({ "org_code": other })).await;
    let scopes = ["delete:api_keys", "update:api_keys"];
    let colleague = shop.admin.makes_m2m(&scopes, json!({})).await;
    let body = revoke(json!({ "org_code": shop.org }));
    let token = preview(&shop.admin, &body).await;
    let before = app.database.db_rows().await;
    for (actor, body, token) in [
        (&colleague, body.clone(), token.clone()),
        (&shop.admin, disable(json!({ "org_code": shop.org })), token.clone()),
        (&shop.admin, revoke(json!({ "org_code": other })), token.clone()),
        (&shop.admin, revoke(json!({ "org_code": shop.org, "api_id": shop.api })), token.clone()),
        (&shop.admin, body.clone(), token.replace('.', "")),
        (&shop.admin, body.clone(), format!("{token}.")),
        (&shop.admin, body.clone(), "a".repeat(160)),
    ] {
        let refused = confirm(actor, &body, &token).await;
        assert_eq!((refused.status, refused.error()), (400, "CONFIRM_INVALID"), "{body}: {refused}");
        assert!(refused.message().contains("`confirm`"), "{refused}");
    }
    assert_eq!(app.database.db_rows().await, before);

    let stale = async |token: &str| {
        let before = app.revision().await;
        let refused = confirm(&shop.admin, &body, token).await;
        assert_eq!((refused.status, refused.error()), (409, "PREVIEW_STALE"), "{refused}");
        assert_eq!(app.revision().await, before);
    };
    let path = format!("/api/v1/api_keys/{id}");
    assert_eq!(shop.admin.patch(&path, json!({ "name": "Renamed" })).await.status, 200);
    stale(&token).await;
    let token = preview(&shop.admin, &body).await;
    let (added, _) = shop.makes_key(json!({})).await;
    stale(&token).await;
    let token = preview(&shop.admin, &body).await;
    assert_eq!(shop.admin.delete(&format!("/api/v1/api_keys/{added}")).await.status, 200);
    stale(&token).await;
    let token = preview(&shop.admin, &body).await;
    app.advance(Duration::from_secs(600));
    stale(&token).await;
    let token = preview(&shop.admin, &body).await;
    app.advance(Duration::from_secs(599));
    assert_eq!(confirm(&shop.admin, &body, &token).await.body["count"], 1);
    assert_eq!(shop.codes(&[&spared]).await, ["API_KEY_VERIFIED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_confirmations_at_once_one_makes_the_change() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let body = revoke(json!({ "org_code": shop.org }));
    let token = preview(&shop.admin, &body).await;
    let revision = app.revision().await;
    let replies = join_all((0..6).map(|_| confirm(&shop.admin, &body, &token))).await;
    let stale = replies.iter().filter(|reply| reply.error() == "PREVIEW_STALE").count();
    let done = replies.iter().filter(|reply| reply.status == 200 && reply.body["count"] == 1).count();
    assert_eq!((done, stale, app.revision().await), (1, 5, revision + 1));
    assert_eq!(shop.codes(&[&secret]).await, ["API_KEY_REVOKED"]);
}

#[tokio::test]
async fn a_key_that_is_used_after_the_preview_is_not_revoked_as_an_unused_one() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    app.advance(Duration::from_secs(60));
    let body = revoke(json!({ "last_used_before": "2026-11-22T12:01:00Z" }));
    let token = preview(&shop.admin, &body).await;
    shop.codes(&[&secret]).await;
    app.fold().await;
    assert_eq!(confirm(&shop.admin, &body, &token).await.error(), "PREVIEW_STALE");
    assert_eq!(shop.codes(&[&secret]).await, ["API_KEY_VERIFIED"]);
}

#[tokio::test]
async fn an_organizations_application_reaches_the_keys_of_its_organization_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_organization("Other").await;
    let user = shop.admin.makes_user("Kim").await;
    let (id, own_secret) = shop.makes_key(json!({})).await;
    let (_, of_other) = shop.makes_key(json!({ "org_code": other })).await;
    let (_, of_user) = shop.makes_key_of_user(&user).await;
    let machine = shop.admin.makes_environment_key(&["read:apis"], json!({})).await;
    let scopes = ["delete:api_keys", "update:api_keys", "read:api_keys"];
    let own = shop.admin.makes_m2m(&scopes, json!({ "org_code": shop.org })).await;
    for filter in [
        json!({ "created_after": "2020-01-01T00:00:00Z" }),
        json!({ "last_used_before": "2030-01-01T00:00:00Z" }),
        json!({ "api_id": shop.api }),
        json!({ "org_code": shop.org }),
    ] {
        let reply = own.post(PATH, revoke(filter.clone())).await;
        assert_eq!(shown(&reply), [id.as_str()], "{filter}");
    }
    for filter in [json!({ "org_code": other }), json!({ "user_id": user })] {
        assert_eq!(own.post(PATH, revoke(filter)).await.body["count"], 0);
    }
    let body = revoke(json!({ "created_after": "2020-01-01T00:00:00Z" }));
    // Whoever may reach more has a token for more, which is another one.
    let token = preview(&shop.admin, &body).await;
    assert_eq!(confirm(&own, &body, &token).await.error(), "CONFIRM_INVALID");
    let done = confirm(&own, &body, &preview(&own, &body).await).await;
    assert_eq!((done.status, &done.body["count"]), (200, &json!(1)), "{done}");
    assert_eq!(shop.codes(&[&own_secret]).await, ["API_KEY_REVOKED"]);
    assert_eq!(shop.codes(&[&of_other, &of_user]).await, ["API_KEY_VERIFIED"; 2]);
    assert_eq!(machine.get("/api/v1/apis").await.status, 200);
    let events = own_events(&shop, &shop.org).await;
    assert_eq!(events, 1, "it concerns the organization");
}

async fn own_events(shop: &Shop<'_>, org: &str) -> usize {
    let reader = shop.admin.makes_m2m(&["read:audit_events"], json!({ "org_code": org })).await;
    let listed = reader.get("/api/v1/audit_events?action=keys.revoked").await;
    listed.body["audit_events"].as_array().unwrap_or_else(|| panic!("{listed}")).len()
}

#[tokio::test]
async fn environment_keys_are_revoked_by_whoever_may_revoke_one() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let machine = shop.admin.makes_environment_key(&["read:apis"], json!({})).await;
    let poor = shop.admin.makes_m2m(&["delete:api_keys"], json!({})).await;
    let body = revoke(json!({ "api_id": management }));
    let done = confirm(&poor, &body, &preview(&poor, &body).await).await;
    assert_eq!((done.status, &done.body["count"]), (200, &json!(1)), "{done}");
    assert_eq!(machine.get("/api/v1/apis").await.status, 401);
}

#[tokio::test]
async fn disabling_needs_what_disabling_one_key_needs() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.makes_key(json!({})).await;
    let filter = json!({ "org_code": shop.org });
    for (scopes, status) in
        [(&["delete:api_keys"][..], 403), (&["update:api_keys"], 403), (&["delete:api_keys", "update:api_keys"], 200)]
    {
        let actor = shop.admin.makes_m2m(scopes, json!({})).await;
        let reply = actor.post(PATH, disable(filter.clone())).await;
        assert_eq!(reply.status, status, "{scopes:?}: {reply}");
        assert!(status == 200 || reply.error() == "SCOPE_MISSING", "{reply}");
    }
}

#[tokio::test]
async fn which_keys_they_are_is_shown_to_whoever_may_read_keys() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let body = revoke(json!({ "org_code": shop.org }));
    for (scopes, expected) in
        [(&["delete:api_keys"][..], vec![]), (&["delete:api_keys", "read:api_keys"], vec![id.clone()])]
    {
        let actor = shop.admin.makes_m2m(scopes, json!({})).await;
        let previewed = actor.post(PATH, body.clone()).await;
        assert_eq!((&previewed.body["count"], shown(&previewed)), (&json!(1), expected), "{previewed}");
        assert!(previewed.body["confirm"].is_string(), "{previewed}");
    }
}

#[tokio::test]
async fn a_token_that_was_never_given_tells_nothing_of_who_is_there() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let acme = json!({ "name": "Named", "external_id": "customer-42" });
    let named = shop.admin.post("/api/v1/organization", acme).await.text("/organization/code");
    let (_, secret) = shop.makes_key(json!({ "org_code": named })).await;
    let own = shop.admin.makes_m2m(&["delete:api_keys"], json!({ "org_code": shop.org })).await;
    for external_id in ["customer-42", "nobody"] {
        let body = revoke(json!({ "org_external_id": external_id }));
        assert_eq!(confirm(&own, &body, "made up").await.error(), "CONFIRM_INVALID", "{external_id}");
    }
    // One that was given for an organization that is deleted since is stale.
    let body = revoke(json!({ "org_external_id": "customer-42" }));
    let token = preview(&shop.admin, &body).await;
    assert_eq!(shop.admin.delete(&format!("/api/v1/organization/{named}")).await.status, 200);
    assert_eq!(confirm(&shop.admin, &body, &token).await.error(), "PREVIEW_STALE");
    assert_eq!(shop.codes(&[&secret]).await, ["API_KEY_REVOKED"], "with its owner");
}

#[tokio::test]
async fn a_right_that_was_taken_after_the_preview_confirms_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let body = revoke(json!({ "org_code": shop.org }));
    let (client, client_secret) = shop.admin.makes_application(&["delete:api_keys"], json!({})).await;
    let actor = app.sign_in(&client, &client_secret).await;
    let token = preview(&actor, &body).await;
    let path = format!("/api/v1/applications/{client}");
    assert_eq!(shop.admin.patch(&path, json!({ "is_enabled": false })).await.status, 200);
    assert_eq!(confirm(&actor, &body, &token).await.status, 401);
    assert_eq!(shop.codes(&[&secret]).await, ["API_KEY_VERIFIED"]);
}

#[tokio::test]
async fn what_is_asked_amiss_is_refused_by_name() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let before = app.revision().await;
    for (body, code, named) in [
        (json!({}), "FIELD_MISSING", "`action`"),
        (json!({ "action": "revoke" }), "FIELD_MISSING", "`filter`"),
        (json!({ "action": "delete", "filter": { "org_code": shop.org } }), "FIELD_INVALID", "`action`"),
        (revoke(json!({})), "FIELD_INVALID", "`filter` must have at least one member"),
        (revoke(json!({ "org_code": null })), "FIELD_INVALID", "`filter` must have at least one member"),
        (revoke(json!({ "scope": "read:orders" })), "FIELD_INVALID", "`filter.scope` must come with `filter.api_id`"),
        (revoke(json!({ "scope": "a b", "api_id": shop.api })), "FIELD_INVALID", "`filter.scope`"),
        (revoke(json!({ "created_by": "" })), "FIELD_INVALID", "`filter.created_by`"),
        (revoke(json!({ "created_by": "a\nb" })), "FIELD_INVALID", "`filter.created_by`"),
        (revoke(json!({ "org_external_id": "" })), "FIELD_INVALID", "`filter.org_external_id`"),
        (revoke(json!({ "created_after": "yesterday" })), "FIELD_INVALID", "`filter.created_after`"),
        (revoke(json!({ "name": "Production" })), "FIELD_UNKNOWN", "`filter.name`"),
        (with(&revoke(json!({ "org_code": shop.org })), json!({ "dry_run": true })), "FIELD_UNKNOWN", "`dry_run`"),
    ] {
        let reply = shop.admin.post(PATH, body.clone()).await;
        assert_eq!((reply.status, reply.error()), (400, code), "{body}: {reply}");
        assert!(reply.message().contains(named), "{body}: {reply}");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn the_event_tells_the_filter_the_number_and_the_ids_and_keeps_the_makers_name_beside() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let maker = shop.admin.makes_m2m(&["create:api_keys"], json!({ "name": "Kim's job" })).await;
    let (one, _) = maker.makes_key(shop.body()).await;
    let (two, _) = maker.makes_key(shop.body()).await;
    let filter = json!({
        "org_code": shop.org, "api_id": shop.api, "scope": "read:orders", "created_by": "Kim's job",
        "created_after": "2026-01-01T00:00:00Z",
    });
    let body = disable(filter);
    confirm(&shop.admin, &body, &preview(&shop.admin, &body).await).await;
    let event = shop.admin.get("/api/v1/audit_events?page_size=1").await.body["audit_events"][0].clone();
    assert_eq!((&event["action"], &event["target_id"]), (&json!("keys.disabled"), &json!(shop.org)));
    assert_eq!(event["org_code"], json!(shop.org));
    let told = json!({
        "org_code": shop.org, "api_id": shop.api, "scope": "read:orders", "created_after": "2026-01-01T00:00:00Z",
    });
    assert_eq!(event["details"]["filter"], told);
    assert_eq!((&event["details"]["count"], &event["details"]["key_ids"]), (&json!(2), &json!([two, one])));
    assert_eq!(
        event["personal"][0],
        json!({ "subject": shop.org, "values": { "after": { "created_by": "Kim's job" } } })
    );
    assert!(!event["details"].to_string().contains("Kim"));
}

#[tokio::test]
async fn ten_thousand_keys_are_one_change_and_not_one_more() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let (last, secret) = shop.makes_key(json!({})).await;
    app.database.db_copy_key(&id, 9_999).await;
    let body = revoke(json!({ "org_code": shop.org }));
    let refused = shop.admin.post(PATH, body.clone()).await;
    assert_eq!((refused.status, refused.error()), (400, "TOO_MANY_AT_ONCE"), "{refused}");
    assert_eq!(shop.admin.delete(&format!("/api/v1/api_keys/{id}")).await.status, 200);
    let previewed = shop.admin.post(PATH, body.clone()).await;
    assert_eq!((&previewed.body["count"], shown(&previewed).len()), (&json!(10_000), 20), "{previewed}");
    assert_eq!(shown(&previewed)[0], last);
    let revision = app.revision().await;
    let done = confirm(&shop.admin, &body, &previewed.text("/confirm")).await;
    assert_eq!((done.status, &done.body["count"]), (200, &json!(10_000)), "{done}");
    assert_eq!(app.revision().await, revision + 1);
    assert_eq!(shop.codes(&[&secret]).await, ["API_KEY_REVOKED"]);
    let left = "SELECT COUNT(*) FROM keys WHERE revoked_at IS NULL";
    assert_eq!(app.database.db_number(left).await, 0);
    let event = shop.admin.get("/api/v1/audit_events?page_size=1").await.body["audit_events"][0].clone();
    assert_eq!(event["details"]["key_ids"].as_array().map(Vec::len), Some(1_000));
}
