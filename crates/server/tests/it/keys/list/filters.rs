//! Which keys are listed.

use std::time::Duration;

use serde_json::json;

use crate::keys::Shop;
use crate::keys::list::{list, makes, names};
use crate::support::TestApp;

#[tokio::test]
async fn each_filter_keeps_what_it_names() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let (ada, bob) = (shop.admin.makes_user("Ada").await, shop.admin.makes_user("Bob").await);
    let globex = shop.admin.makes_organization("Globex").await;
    makes(&app, &shop, "acme", json!({})).await;
    makes(&app, &shop, "globex", json!({ "org_code": globex })).await;
    makes(&app, &shop, "ada", json!({ "org_code": null, "user_id": ada })).await;
    makes(&app, &shop, "short", json!({ "expires_on": "2026-11-22T12:01:00Z" })).await;
    let dead = makes(&app, &shop, "dead", json!({})).await;
    let machine = json!({ "org_code": null, "type": "environment", "api_id": management, "scope_ids": [] });
    makes(&app, &shop, "machine", machine).await;
    shop.admin.delete(&format!("/api/v1/api_keys/{dead}")).await;
    app.advance(Duration::from_secs(60));

    let org = &shop.org;
    for (query, kept) in [
        (String::new(), &["machine", "dead", "short", "ada", "globex", "acme"][..]),
        ("key_type=organization".into(), &["dead", "short", "globex", "acme"]),
        ("key_type=user".into(), &["ada"]),
        ("key_type=environment".into(), &["machine"]),
        ("status=active".into(), &["machine", "ada", "globex", "acme"]),
        ("status=inactive".into(), &["short"]),
        ("status=revoked".into(), &["dead"]),
        (format!("org_code={org}"), &["dead", "short", "acme"]),
        (format!("org_code={globex}"), &["globex"]),
        (format!("user_id={ada}"), &["ada"]),
        (format!("user_id={bob}"), &[]),
        (format!("user_id={ada}&org_code={org}"), &[]),
        (format!("org_code={org}&status=active&key_type=organization"), &["acme"]),
        (format!("api_id={}", shop.api), &["dead", "short", "ada", "globex", "acme"]),
        (format!("api_id={management}"), &["machine"]),
        ("api_id=nothing".into(), &[]),
        ("api_id=%20".into(), &[]),
        ("name=A".into(), &["machine", "dead", "ada", "acme"]),
        ("name=c".into(), &["machine", "acme"]),
        ("name=%25".into(), &[]),
        ("expires_before=2026-11-22T12:01:00Z".into(), &["short"]),
        ("expires_before=2026-11-22T12:00:59Z".into(), &[]),
        ("expires_before=2099-01-01T00:00:00Z&status=active".into(), &[]),
        ("unused_since=2026-11-22T12:00:00Z".into(), &[]),
        ("unused_since=2026-11-22T12:00:01Z&status=active".into(), &["machine", "ada", "globex", "acme"]),
        ("user_external_id=user-7".into(), &[]),
        ("org_external_id=user-7".into(), &[]),
        ("user_id=kp_nobody".into(), &[]),
        ("user_id=nobody".into(), &[]),
        ("org_code=nobody".into(), &[]),
    ] {
        assert_eq!(names(&list(&shop.admin, &query).await), kept, "{query}");
    }
}

#[tokio::test]
async fn a_status_follows_what_happened_to_the_owner_and_the_api() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    makes(&app, &shop, "key", json!({})).await;
    app.database.db_run("UPDATE keys SET is_enabled = (1 = 0)").await;
    assert_eq!(names(&list(&shop.admin, "status=inactive").await), ["key"]);
    app.database.db_run("UPDATE keys SET is_enabled = (1 = 1)").await;
    app.database.db_run("UPDATE organizations SET suspended_at = 1").await;
    assert_eq!(names(&list(&shop.admin, "status=inactive").await), ["key"]);
    app.database.db_run("UPDATE organizations SET suspended_at = NULL").await;
    assert_eq!(names(&list(&shop.admin, "status=active").await), ["key"]);
    app.database.db_run("UPDATE organizations SET deleted_at = 1").await;
    assert_eq!(names(&list(&shop.admin, "status=revoked").await), ["key"]);
    app.database.db_run("UPDATE organizations SET deleted_at = NULL").await;
    app.database.db_run("UPDATE apis SET deleted_at = 1 WHERE NOT is_management_api").await;
    let revoked = list(&shop.admin, "status=revoked").await;
    assert_eq!((names(&revoked), revoked.text("/api_keys/0/status")), (vec!["key"], "revoked".into()));
}

#[tokio::test]
async fn an_organizations_application_sees_its_own_keys_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let ada = shop.admin.makes_user("Ada").await;
    let globex = shop.admin.makes_organization("Globex").await;
    makes(&app, &shop, "acme", json!({})).await;
    makes(&app, &shop, "globex", json!({ "org_code": globex })).await;
    makes(&app, &shop, "ada", json!({ "org_code": null, "user_id": ada })).await;
    shop.admin.makes_environment_key(&[], json!({})).await;
    let application = shop.admin.makes_m2m(&["read:api_keys"], json!({ "org_code": globex })).await;
    for (query, kept) in [
        (String::new(), &["globex"][..]),
        (format!("org_code={globex}"), &["globex"]),
        (format!("org_code={}", shop.org), &[]),
        (format!("user_id={ada}"), &[]),
        ("key_type=environment".into(), &[]),
    ] {
        assert_eq!(names(&list(&application, &query).await), kept, "{query}");
    }
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_by_name() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for (query, code, message) in [
        ("page_size=0", "FIELD_INVALID", "`page_size` must be 1 to 500"),
        ("page_size=501", "FIELD_INVALID", "`page_size` must be 1 to 500"),
        ("page_size=-1", "FIELD_INVALID", "`page_size` must be a whole number from 0 to 4294967295"),
        ("page_size=", "FIELD_INVALID", "`page_size` must be a whole number from 0 to 4294967295"),
        ("page_size=2&page_size=3", "FIELD_DUPLICATE", "`page_size` stands more than once"),
        ("starting_after=7", "FIELD_INVALID", "`starting_after` must be the id of a key"),
        ("key_type=robot", "FIELD_INVALID", "`key_type` must be one of `user`, `organization`, `environment`"),
        ("status=gone", "FIELD_INVALID", "`status` must be one of `active`, `inactive`, `revoked`"),
        ("ending_before=api_key_1", "FIELD_UNKNOWN", "`ending_before` is not a field of this request"),
    ] {
        let reply = list(&shop.admin, query).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{query}");
    }
}

#[tokio::test]
async fn an_external_id_names_whoever_has_it_now() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let of = |external_id: &str| json!({ "org_code": null, "user_external_id": external_id, "create_owner": true });
    makes(&app, &shop, "before", of("user-7")).await;
    let before = shop.admin.get("/api/v1/users?provided_id=user-7").await.text("/users/0/id");
    assert_eq!(shop.admin.delete(&format!("/api/v1/user?id={before}")).await.status, 200);
    assert_eq!(names(&list(&shop.admin, "user_external_id=user-7").await), [""; 0]);
    makes(&app, &shop, "after", of("user-7")).await;
    let after = shop.admin.get("/api/v1/users?provided_id=user-7").await.text("/users/0/id");
    for (query, kept) in [
        ("user_external_id=user-7".to_owned(), &["after"][..]),
        (format!("user_external_id=user-7&user_id={after}"), &["after"]),
        (format!("user_external_id=user-7&user_id={before}"), &[]),
        (format!("user_id={before}"), &["before"]),
        (format!("user_external_id=user-7&org_code={}", shop.org), &[]),
    ] {
        assert_eq!(names(&list(&shop.admin, &query).await), kept, "{query}");
    }
}

#[tokio::test]
async fn an_organizations_application_learns_nothing_by_anothers_external_id() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let of = |external_id: &str| json!({ "org_code": null, "org_external_id": external_id, "create_owner": true });
    makes(&app, &shop, "acme", of("acme")).await;
    makes(&app, &shop, "globex", of("globex")).await;
    let globex = shop.admin.get("/api/v1/organizations?external_id=globex").await.text("/organizations/0/code");
    let application = shop.admin.makes_m2m(&["read:api_keys"], json!({ "org_code": globex })).await;
    assert_eq!(names(&list(&application, "org_external_id=globex").await), ["globex"]);
    let (foreign, unknown) =
        (list(&application, "org_external_id=acme").await, list(&application, "org_external_id=nobody").await);
    assert_eq!((foreign.status, &foreign.bytes), (200, &unknown.bytes));
    assert_eq!(names(&foreign), [""; 0]);
}

#[tokio::test]
async fn keys_that_nobody_uses_and_keys_that_end_soon_are_found() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, used) = shop.makes_key(json!({ "name": "used" })).await;
    shop.makes_key(json!({ "name": "idle" })).await;
    shop.makes_key(json!({ "name": "ending", "expires_on": "2026-11-22T13:00:00Z" })).await;
    app.advance(Duration::from_secs(600));
    assert_eq!(shop.admin.verify(&used, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    app.fold().await;
    for (query, kept) in [
        ("unused_since=2026-11-22T12:05:00Z", &["ending", "idle"][..]),
        ("unused_since=2026-11-22T12:10:00Z", &["ending", "idle"]),
        ("unused_since=2026-11-22T12:10:01Z", &["ending", "idle", "used"]),
        ("expires_before=2026-11-22T13:00:00Z&status=active", &["ending"]),
        ("expires_before=2026-11-22T13:00:00Z&unused_since=2026-11-22T12:05:00Z", &["ending"]),
    ] {
        let listed = list(&shop.admin, query).await;
        let mut found = names(&listed);
        // Those of one millisecond come in any order.
        found.sort_unstable();
        assert_eq!(found, kept, "{query}");
    }
    let bad = shop.admin.get("/api/v1/api_keys?expires_before=soon").await;
    assert!(bad.status == 400 && bad.message().contains("expires_before"), "{bad}");
}
