//! Disks that fill up or break under a running server: a clear refusal, reads go on, nothing is torn, and with the disk
//! the server recovers by itself.

use reqwest::Method;

use super::calls::{Caller, Reply, answered};
use super::dice::Dice;
use super::disk::{Disk, Does, Failure, On, Sites};
use super::shop::{Kind, Ready, Shop};
use super::{Checked, count, dice, ensure, tell};
use crate::support::Running;

/// A shop on a disk of its own, its server and somebody who calls it.
struct Scene {
    shop: Shop,
    disk: Disk,
    ready: Ready,
    caller: Caller,
}

impl Scene {
    async fn set() -> Checked<Self> {
        let (mut dice, disk) = (dice(), Disk::new());
        let mut shop = Shop::found(Kind::Sqlite, &mut dice).await;
        shop.environment.extend(disk.under(shop.place.root()));
        disk.renew();
        let ready = shop.start()?;
        shop.furnish(&ready, &mut dice).await?;
        let caller = shop.caller(&ready);
        Ok(Self { shop, disk, ready, caller })
    }

    /// Kills the server, starts it on a disk that is whole, and checks all.
    async fn end(mut self) -> Checked {
        self.ready.process.signal("KILL");
        self.ready.process.wait();
        self.disk.renew();
        let ready = self.shop.start()?;
        self.shop.check_all(&ready).await
    }
}

/// A walk of changes is made again and again, and each time another call of it fails, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_is_a_clear_refusal_and_the_next_request_is_served() {
    fail_each_call().await.unwrap();
}

async fn fail_each_call() -> Checked {
    let mut scene = Scene::set().await?;
    let (mut failed, mut refused) = (0, 0);
    for (failure, sites) in [(Failure::Full, Sites::that_need_room()), (Failure::Broken, Sites::ALL)] {
        for nth in 1.. {
            scene.disk.fail(failure, sites, nth, nth);
            let account = &mut scene.shop.accounts[0];
            account.refusals = Some(Vec::new());
            account.walk(&scene.caller).await?;
            let has_failed = scene.disk.heal() > 0;
            let account = &mut scene.shop.accounts[0];
            for refusal in account.refusals.take().unwrap_or_default() {
                ensure!(has_failed, "nothing has failed, and yet: {} {}", refusal.status, refusal.body);
                check_refusal(&refusal, failure)?;
                refused += 1;
            }
            // Whatever became of it, all or nothing, and all is served again without a restart.
            until_tended(&scene.caller).await?;
            account.check(scene.caller.clone()).await?;
            account.walk(&scene.caller).await?;
            if !has_failed {
                break;
            }
            failed += 1;
        }
    }
    tell(&format!(
        "{failed} calls failed, {refused} requests were refused, {} kinds of calls",
        scene.disk.kinds_seen()
    ));
    // A walk has some four commits, each with a write for every page and one that syncs.
    ensure!(
        failed > 40 && refused > 20,
        "{failed} calls failed, {refused} were refused: the disk is not under the store"
    );
    scene.end().await
}

fn check_refusal(refusal: &Reply, failure: Failure) -> Checked {
    let wanted = match failure {
        Failure::Full => (507, "STORAGE_FULL", false),
        Failure::Broken => (503, "UNAVAILABLE", true),
    };
    let got = (refusal.status, refusal.error(), refusal.has_retry_after);
    ensure!(got == wanted, "{failure:?}: {got:?} {}", refusal.body);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_changes_and_not_verifications() {
    fill_up().await.unwrap();
}

async fn fill_up() -> Checked {
    let scene = Scene::set().await?;
    let caller = &scene.caller;
    let (_, secret) = scene.shop.create_key(caller, "kept").await?;
    let (id, revoked) = scene.shop.create_key(caller, "revoked").await?;
    answered(caller.send(Method::DELETE, &format!("/api/v1/api_keys/{id}"), None, None).await, 200, "a revocation")?;
    let before = answered(caller.verify(&secret).await, 200, "a verification")?;
    ensure!(before.body["verification_count"] == 1, "{}", before.body);

    scene.disk.fill();
    for name in ["no room", "still none"] {
        let reply = caller.post("/api/v1/api_keys", &scene.shop.new_key(name)).await;
        let refusal = answered(reply, 507, "a creation without room")?;
        check_refusal(&refusal, Failure::Full)?;
    }
    // It is counted for as long as there is room that was made before.
    for count in 2..=4 {
        let valid = answered(caller.verify(&secret).await, 200, "a verification without room")?;
        ensure!(valid.body["is_valid"] == true && valid.body["verification_count"] == count, "{}", valid.body);
    }
    check_reads(&scene.shop, caller, &revoked, &id).await?;

    scene.disk.heal();
    scene.shop.create_key(caller, "room again").await?;
    let counted = answered(caller.verify(&secret).await, 200, "a verification")?;
    ensure!(counted.body["verification_count"] == 5, "{}", counted.body);
    scene.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_disk_ends_what_must_be_written_and_not_what_is_read() {
    break_down().await.unwrap();
}

async fn break_down() -> Checked {
    let scene = Scene::set().await?;
    let caller = &scene.caller;
    let (_, secret) = scene.shop.create_key(caller, "kept").await?;
    let (id, revoked) = scene.shop.create_key(caller, "revoked").await?;
    answered(caller.send(Method::DELETE, &format!("/api/v1/api_keys/{id}"), None, None).await, 200, "a revocation")?;

    let (_, paying) = scene.shop.create_key_with(caller, 100).await?;
    answered(caller.verify(&paying).await, 200, "a verification that pays")?;

    scene.disk.fail(Failure::Broken, Sites::ALL, 1, u64::MAX);
    for name in ["broken", "still broken"] {
        let reply = caller.post("/api/v1/api_keys", &scene.shop.new_key(name)).await;
        check_refusal(&answered(reply, 503, "a creation on a broken disk")?, Failure::Broken)?;
    }
    // What cannot be written down is not counted, and known all the same.
    for _ in 0..3 {
        let valid = answered(caller.verify(&secret).await, 200, "a verification on a broken disk")?;
        ensure!(valid.body["is_valid"] == true && valid.body["verification_count"] == 0, "{}", valid.body);
    }
    // What was spent and cannot be written down could be spent again after a crash.
    for _ in 0..3 {
        check_refusal(&answered(caller.verify(&paying).await, 503, "a payment on a broken disk")?, Failure::Broken)?;
    }
    let warning = caller.header("/readyz", "keyward-warning").await.unwrap_or_default();
    ensure!(warning.starts_with("verifications are not counted: "), "it does not tell: {warning}");
    check_reads(&scene.shop, caller, &revoked, &id).await?;

    scene.disk.heal();
    scene.shop.create_key(caller, "whole again").await?;
    let valid = answered(caller.verify(&secret).await, 200, "a verification")?;
    ensure!(valid.body["is_valid"] == true, "{}", valid.body);
    until_counted(caller, &secret).await?;
    let valid = answered(caller.verify(&paying).await, 200, "a verification that pays")?;
    ensure!(valid.body["credits"][0]["remaining"] == 98, "what was refused has spent something: {}", valid.body);
    scene.end().await
}

/// The journal is looked after each second: a call that failed there is made up for then, and until then verifications may
/// go uncounted.
async fn until_tended(caller: &Caller) -> Checked {
    for _ in 0..200 {
        if caller.header("/readyz", "keyward-warning").await.is_none() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Err("the trouble with the journal does not end".into())
}

/// The same, as a verification shows it.
async fn until_counted(caller: &Caller, secret: &str) -> Checked {
    for _ in 0..100 {
        let valid = answered(caller.verify(secret).await, 200, "a verification")?;
        if valid.body["verification_count"] != 0 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err("it does not count again".into())
}

/// What needs no writing: it goes on, and says what it said before.
async fn check_reads(shop: &Shop, caller: &Caller, revoked: &str, id: &str) -> Checked {
    let (client_id, client_secret) = shop.credentials();
    answered(caller.ask_token(client_id, client_secret).await, 200, "a token")?;
    for path in ["/api/v1/api_keys", &format!("/api/v1/api_keys/{id}"), "/api/v1/apis", "/.well-known/jwks"] {
        answered(caller.get(path).await, 200, path)?;
    }
    answered(caller.get("/readyz").await, 204, "/readyz")?;
    for (secret, code) in [(revoked, "API_KEY_REVOKED"), ("k_live_garbage", "API_KEY_INVALID")] {
        let reply = answered(caller.verify(secret).await, 200, "a verification")?;
        ensure!(reply.body["code"] == code, "{code}: {}", reply.body);
    }
    Ok(())
}

/// The log of SQLite is copied into the database now and then, behind a commit. If that fails, the log grows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_fails_costs_nothing() {
    for (failure, does) in [(Failure::Full, Does::Write), (Failure::Broken, Does::Write), (Failure::Broken, Does::Sync)]
    {
        fail_checkpoints(failure, does).await.unwrap();
    }
}

async fn fail_checkpoints(failure: Failure, does: Does) -> Checked {
    let mut scene = Scene::set().await?;
    let site = Sites::one(On::Database, does);
    scene.disk.fail(failure, site, 1, u64::MAX);
    // A checkpoint comes after a thousand pages, and a walk writes some fifty.
    for _ in 0..60 {
        scene.shop.accounts[0].walk(&scene.caller).await?;
    }
    let failed = scene.disk.heal();
    ensure!(failed > 0, "there was no checkpoint");
    for _ in 0..30 {
        scene.shop.accounts[0].walk(&scene.caller).await?;
    }
    scene.end().await
}

/// Every call of a first start fails, in the full run; here, some of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_fails_says_why_and_the_next_one_succeeds() {
    let (mut dice, disk) = (dice(), Disk::new());
    let mut shop = Shop::found(Kind::Sqlite, &mut dice).await;
    shop.environment.extend(disk.under(shop.place.root()));
    disk.renew();
    let ready = shop.start().unwrap();
    let calls = disk.calls();
    drop(ready);
    let starts = u64::from(count("FAULT_STARTS", 40));
    // Evenly over all calls, from anywhere.
    let stride = (calls / starts).max(1);
    let mut refused = 0;
    for nth in (1 + dice.below(stride)..=calls).step_by(usize::try_from(stride).unwrap()) {
        for (failure, sites) in [(Failure::Full, Sites::that_need_room()), (Failure::Broken, Sites::ALL)] {
            refused += fail_start(&disk, failure, sites, nth, &mut dice).await.unwrap();
        }
    }
    tell(&format!("{refused} starts were refused, of {calls} calls every {stride}th failed"));
    assert!(refused > 4, "{refused}");
}

/// Lets one call of a first start fail, and those after it; answers 1 if the start was refused.
async fn fail_start(disk: &Disk, failure: Failure, sites: Sites, nth: u64, dice: &mut Dice) -> Checked<u32> {
    let mut shop = Shop::found(Kind::Sqlite, dice).await;
    shop.environment.extend(disk.under(shop.place.root()));
    disk.renew();
    disk.fail(failure, sites, nth, u64::MAX);
    let mut process = Running::start(&mut shop.command());
    let is_refused = process.address_if_ready().is_none();
    if is_refused {
        let ended = process.wait();
        let says_why = ended.stderr.contains("keyward: ") && !ended.stderr.contains("panicked");
        ensure!(ended.code == Some(1) && says_why, "{failure:?} at {nth}: {:?} {}", ended.code, ended.stderr);
    } else {
        process.signal("KILL");
        process.wait();
    }
    disk.renew();
    let ready = shop.start().map_err(|why| format!("{failure:?} at {nth}: {why}"))?;
    shop.furnish(&ready, dice).await?;
    ensure!(!shop.accounts.is_empty(), "{failure:?} at {nth}: no account");
    shop.check(&ready).await?;
    Ok(u32::from(is_refused))
}
