//! The power goes at random moments: what was not synced is lost, wholly or in part. On SQLite, which is ours to sync.

use std::time::Duration;

use super::calls::answered;
use super::counts::verify_until_gone;
use super::dice::Dice;
use super::disk::{Disk, Loss};
use super::shop::{Kind, Ready, Shop};
use super::{Checked, count, dice, ensure, tell};

/// Power cuts of one store, then there is a new one.
const CUTS_OF_A_STORE: u32 = 15;
/// More calls than a first start makes, and a later one: some of the cuts come in it, and some do not.
const CALLS_OF_A_FIRST_START: u64 = 400;
const CALLS_OF_A_START: u64 = 40;
/// More calls than some thirty changes make.
const CALLS_OF_WORK: u64 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_loses_nothing_that_was_acknowledged() {
    let mut dice = dice();
    let cuts = count("FAULT_POWER_CUTS", 120);
    let (mut left, mut tally) = (cuts, Tally::default());
    while left > 0 {
        let mut shop = Shop::found(Kind::Sqlite, &mut dice).await;
        let these = left.min(CUTS_OF_A_STORE);
        cut_store(&mut shop, these, &mut dice, &mut tally).await.unwrap();
        left -= these;
    }
    let Tally { acknowledged, lost_sectors, in_starts, slowest } = tally;
    tell(&format!(
        "{cuts} power cuts, {in_starts} of them in a start; {acknowledged} acknowledged changes and tokens, \
         {lost_sectors} unsynced sectors lost, slowest start {slowest:?}"
    ));
    assert!(acknowledged > cuts && lost_sectors > 0 && in_starts > 0, "the cuts have met nothing");
}

/// The journal is synced each second, and folded into a database that is synced at each commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_counted_some_seconds_before_a_power_cut_stays_counted() {
    count_and_cut().await.unwrap();
}

async fn count_and_cut() -> Checked {
    let (mut dice, disk) = (dice(), Disk::new());
    let mut shop = Shop::found(Kind::Sqlite, &mut dice).await;
    shop.environment.extend(disk.under(shop.place.root()));
    disk.renew();
    let ready = shop.start()?;
    shop.furnish(&ready, &mut dice).await?;
    let caller = shop.caller(&ready);
    let (_, secret) = shop.create_key(&caller, "counted").await?;
    for _ in 0..20 {
        answered(caller.verify(&secret).await, 200, "a verification")?;
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    disk.cut_after(1);
    let mut late = 0;
    while caller.verify(&secret).await.is_some() {
        late += 1;
    }
    let Ready { process, .. } = ready;
    process.wait();
    disk.lose_power(shop.place.root(), Loss::any(&mut dice), &mut dice);
    disk.renew();
    let ready = shop.start()?;
    let now = answered(shop.caller(&ready).verify(&secret).await, 200, "a verification")?;
    let counted = now.body["verification_count"].as_u64().unwrap_or_default();
    ensure!((21..=22 + late).contains(&counted), "{counted} are counted, and 20 were four seconds before the cut");
    Ok(())
}

/// What a key may be used for in all, in the tests of credits.
const CREDITS: u64 = 1_000_000;
/// More calls of the disk than a few hundred verifications make.
const CALLS_OF_SPENDING: u64 = 800;
/// How many spend at the same time.
const SPENDERS: usize = 4;

/// What was written down and not synced may be gone: then what seems to be left over is not given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_credit_is_spent_twice_whatever_a_power_cut_loses() {
    let cuts = count("FAULT_POWER_CUTS", 120).div_ceil(6);
    let (spent, left) = spend_and_cut(Disk::new(), cuts).await.unwrap();
    tell(&format!("{spent} valid verifications, {} credits lost", CREDITS - spent - left));
    assert!(spent > u64::from(cuts), "the cuts have met nothing");
}

/// The control: a start that takes the machine for one that has not failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credits_that_are_given_back_after_a_power_cut_are_found() {
    let outcome = spend_and_cut(Disk::new().whose_boots_look_alike(), 20).await;
    let found = outcome.expect_err("the mistake was not found");
    assert!(found.contains(" credits left of "), "something else was found: {found}");
}

/// Cuts the power under those who spend; answers how many valid answers there were, and how many credits are left.
async fn spend_and_cut(disk: Disk, cuts: u32) -> Checked<(u64, u64)> {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Sqlite, &mut dice).await;
    shop.environment.extend(disk.under(shop.place.root()));
    disk.renew();
    let ready = shop.start()?;
    shop.furnish(&ready, &mut dice).await?;
    let (id, secret) = shop.create_key_with(&shop.caller(&ready), CREDITS).await?;
    ready.process.stop();
    let (mut spent, mut left) = (0, 0);
    for cut in 0..=cuts {
        disk.renew();
        let ready = shop.start()?;
        let caller = shop.caller(&ready);
        let now = answered(caller.verify(&secret).await, 200, "a verification")?;
        ensure!(now.body["is_valid"] == true, "{}", now.body);
        spent += 1;
        left = now.body["credits"][0]["remaining"].as_u64().unwrap_or_default();
        ensure!(left + spent <= CREDITS, "{id} has {left} credits left of {CREDITS}, and spent {spent}");
        if cut < cuts {
            disk.cut_after(1 + dice.below(CALLS_OF_SPENDING));
            spent += verify_until_gone(caller, &secret, SPENDERS).await?;
            ready.process.wait();
            disk.lose_power(shop.place.root(), Loss::any(&mut dice), &mut dice);
        }
    }
    Ok((spent, left))
}

/// What the cuts have met.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    acknowledged: u32,
    lost_sectors: usize,
    in_starts: u32,
    slowest: Duration,
}

/// Cuts the power of one store so many times, and checks after each.
pub(crate) async fn cut_store(shop: &mut Shop, cuts: u32, dice: &mut Dice, tally: &mut Tally) -> Checked {
    let disk = Disk::new();
    shop.environment.extend(disk.under(shop.place.root()));
    for done in 0..cuts {
        disk.renew();
        // The first start of a store is cut, and now and then a later one.
        if done == 0 || dice.once_in(5) {
            let calls = if done == 0 { CALLS_OF_A_FIRST_START } else { CALLS_OF_A_START };
            disk.cut_after(1 + dice.below(calls));
        }
        let (mut process, address) = shop.launch()?;
        match address {
            Some(address) if !disk.was_cut() => {
                let ready = Ready { process, address };
                let outcome = work_until_cut(shop, &ready, &disk, dice).await;
                process = ready.process;
                outcome?;
            }
            _ => tally.in_starts += 1,
        }
        let ended = process.wait();
        ensure!(ended.code.is_none(), "the server ended by itself: {:?}\n{}", ended.code, ended.stderr);
        tally.lost_sectors += disk.lose_power(shop.place.root(), Loss::any(dice), dice);
    }
    disk.renew();
    let ready = shop.start()?;
    shop.furnish(&ready, dice).await?;
    shop.power_was_cut();
    shop.check_all(&ready).await?;
    tally.acknowledged += shop.acknowledged();
    tally.slowest = tally.slowest.max(shop.slowest_start);
    Ok(())
}

/// Checks what is left of the time before, and works until the power goes.
async fn work_until_cut(shop: &mut Shop, ready: &Ready, disk: &Disk, dice: &mut Dice) -> Checked {
    shop.furnish(ready, dice).await?;
    shop.power_was_cut();
    shop.check(ready).await?;
    disk.cut_after(1 + dice.below(CALLS_OF_WORK));
    shop.open(ready).await
}
