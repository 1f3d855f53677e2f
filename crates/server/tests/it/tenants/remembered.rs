//! What a node remembers after random changes is what the store says: the same that a node reads which begins now.

use keyward_core::ClientId;
use keyward_engine::index::Index;
use keyward_store::feed;

use super::random::{Player, cases};
use super::world::World;
use crate::support::TestApp;

/// Changes of a run, after which memory and store are compared.
const REQUESTS: usize = 60;

/// Everything that a node may answer from, each thing by its name; what was used of limits apart, which is each node's own.
fn remembered(index: &Index, names: &Names) -> Vec<String> {
    let mut all = Vec::new();
    for selector in &names.selectors {
        all.push(index.look_up(*selector, |found| {
            let entry = found.unwrap_or_else(|| panic!("{selector:?} is not known"));
            let facts = (entry.state(), entry.scope_keys(), entry.secret.mac.as_bytes().to_vec());
            without_use(&format!("{} {facts:?} {entry:?}", selector.as_str()))
        }));
    }
    for id in &names.applications {
        all.push(index.look_up_application(id, |found| {
            let found = found.unwrap_or_else(|| panic!("{id} is not known"));
            without_use(&format!("{id} {} {found:?}", found.is_active()))
        }));
    }
    for kid in &names.signing_keys {
        all.push(index.look_up_signing_key(kid, |found| format!("{kid} {found:?}")));
    }
    for audience in &names.audiences {
        all.push(format!("{audience} {}", index.has_audience(audience)));
    }
    all
}

/// The text without what was used of limits and credits.
fn without_use(text: &str) -> String {
    let mut kept = String::new();
    for (at, part) in text.split("used: Used(").enumerate() {
        let mut open = usize::from(at > 0);
        for letter in part.chars() {
            if open == 0 {
                kept.push(letter);
            }
            match letter {
                '(' if open > 0 => open += 1,
                ')' if open > 0 => open -= 1,
                _ => {}
            }
        }
    }
    kept
}

/// The names of everything in the store, whatever became of it.
struct Names {
    selectors: Vec<keyward_core::Selector>,
    applications: Vec<ClientId>,
    signing_keys: Vec<String>,
    audiences: Vec<String>,
}

async fn names(app: &TestApp) -> Names {
    let mut tx = app.app.read().await.unwrap();
    let keys = feed::list_keys(&mut tx, (0, ""), 1_000_000).await.unwrap();
    let last = keys.last().unwrap();
    let secrets = feed::list_key_secrets(&mut tx, (0, ""), (last.revision, &last.id)).await.unwrap();
    let (applications, apis) =
        (feed::list_applications(&mut tx, 0).await.unwrap(), feed::list_apis(&mut tx, 0).await.unwrap());
    let signing_keys = feed::list_signing_keys(&mut tx, 0).await.unwrap();
    Names {
        selectors: secrets.into_iter().map(|secret| secret.selector).collect(),
        applications: applications.into_iter().map(|row| row.client_id).collect(),
        signing_keys: signing_keys.into_iter().map(|row| row.kid).collect(),
        audiences: apis.into_iter().filter_map(|api| api.audience).collect(),
    }
}

/// What differs between this node and one that reads everything now.
async fn differences(app: &TestApp) -> Vec<(String, String)> {
    // What is counted in memory alone would differ, and is no change.
    app.fold().await;
    let beside = app.beside().await;
    let names = names(app).await;
    let of = |app: &keyward_server::app::App| {
        let clock = || app.tick();
        app.engine.answer(clock, |index| remembered(index, &names)).unwrap().0
    };
    let (own, fresh) = (of(&app.app), of(&beside));
    assert_eq!((own.len(), app.app.engine.secrets()), (fresh.len(), beside.engine.secrets()));
    assert_eq!(app.app.engine.revision(), beside.engine.revision());
    own.into_iter().zip(fresh).filter(|(own, fresh)| own != fresh).collect()
}

#[tokio::test]
async fn after_random_changes_a_node_remembers_what_one_reads_that_begins_now() {
    let app = TestApp::start().await;
    let world = World::make(&app).await;
    let seed = Player::seed();
    let mut player = Player::new(&world, world.admin.clone(), seed);
    // A rotation at once would end its own token too.
    player.leave_out("/api/v1/signing_keys");
    // From the beginning on, so that what becomes of the plan becomes of owners.
    let plan = world.admin.get("/api/v1/plans").await.text("/plans/0/id");
    for org in [&world.own.org, &world.other.org] {
        let path = format!("/api/v1/organization/{org}");
        assert_eq!(world.admin.patch(&path, serde_json::json!({ "plan_id": plan })).await.status, 200);
    }
    for _ in 0..(cases() / 8).max(8) {
        player.play(&app, REQUESTS).await;
        let differences = differences(&app).await;
        assert!(differences.is_empty(), "TENANTS_SEED={seed}: {differences:#?}");
    }
    let made = player.succeeded();
    let changes = made.iter().filter(|name| !name.starts_with("GET") && name.contains("/api/v1/")).count();
    assert!(changes >= 10, "TENANTS_SEED={seed}: {made:?}");
}

/// The control: a row that changes without a revision, which no node hears of.
#[tokio::test]
async fn a_change_that_no_node_hears_of_is_caught() {
    let app = TestApp::start().await;
    let _world = World::make(&app).await;
    assert_eq!(differences(&app).await, []);
    app.database.db_run("UPDATE keys SET is_enabled = (1 = 0)").await;
    assert!(!differences(&app).await.is_empty());
}
