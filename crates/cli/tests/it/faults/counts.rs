//! The process is killed under many who verify one key: what was answered as valid is counted, once.

use std::time::Duration;

use super::calls::{Caller, answered};
use super::dice::Dice;
use super::shop::{Kind, Shop};
use super::{Checked, count, dice, ensure, tell};
use crate::support::signal;

/// What the key may be used for in all: each valid verification spends one.
const CREDITS: u64 = 1_000_000_000;
/// How many verify at the same time.
const VERIFIERS: usize = 8;
/// Kills come within this time: some before the journal is folded for the first time, some after.
const WITHIN: u64 = 1_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_counts_each_valid_answer_once() {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Sqlite, &mut dice).await;
    let counted = kill_while_counting(&mut shop, count("FAULT_COUNT_KILLS", 40), &mut dice).await.unwrap();
    tell(&format!("{counted} valid verifications"));
    assert!(counted > 1000, "the kills have met a server that did nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_counts_each_valid_answer_once() {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Postgres, &mut dice).await;
    kill_while_counting(&mut shop, count("FAULT_COUNT_KILLS", 40).div_ceil(2), &mut dice).await.unwrap();
    shop.close().await;
}

/// The control: what the journal holds is counted, and up to where it was read is forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_counted_twice_is_found() {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Sqlite, &mut dice).await.mistaken("position-not-kept");
    let found = kill_while_counting(&mut shop, 20, &mut dice).await.expect_err("the mistake was not found");
    assert!(found.contains(" counts "), "something else was found: {found}");
}

/// Another: credits are spent that were never taken from the store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credits_that_were_not_taken_before_they_were_spent_are_found() {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Sqlite, &mut dice).await.mistaken("block-not-taken");
    let found = kill_while_counting(&mut shop, 20, &mut dice).await.expect_err("the mistake was not found");
    assert!(found.contains(" credits left of "), "something else was found: {found}");
}

/// Kills the server so many times; answers how many valid verifications there were.
async fn kill_while_counting(shop: &mut Shop, kills: u32, dice: &mut Dice) -> Checked<u64> {
    let ready = shop.start()?;
    shop.furnish(&ready, dice).await?;
    let (id, secret) = shop.create_key_with(&shop.caller(&ready), CREDITS).await?;
    ready.process.stop();
    let mut counted = 0;
    for _ in 0..kills {
        let ready = shop.start()?;
        let (process, moment) = (ready.process.id(), Duration::from_micros(dice.below(WITHIN)));
        let killer = tokio::spawn(async move {
            tokio::time::sleep(moment).await;
            signal(process, "KILL");
        });
        let valid = verify_until_gone(shop.caller(&ready), &secret, VERIFIERS).await?;
        killer.await.unwrap();
        drop(ready);

        let ready = shop.start()?;
        let now = answered(shop.caller(&ready).verify(&secret).await, 200, "a verification")?;
        let told = now.body["verification_count"].as_u64().unwrap_or_default();
        let (least, most) = (counted + valid + 1, counted + valid + 1 + VERIFIERS as u64);
        ensure!((least..=most).contains(&told), "{id} counts {told}, not {least} to {most}");
        let left = now.body["credits"][0]["remaining"].as_u64().unwrap_or_default();
        ensure!(left + told == CREDITS, "{id} has {left} credits left of {CREDITS}, and spent {told}");
        counted = told;
        // One start ends as it should, and leaves nothing to fold.
        ready.process.stop();
    }
    Ok(counted)
}

/// So many verify at the same time until the server answers no more: how many valid answers there were. Each of those who
/// verify may have had one more on its way.
pub(super) async fn verify_until_gone(caller: Caller, secret: &str, verifiers: usize) -> Checked<u64> {
    let verifiers = (0..verifiers).map(|_| {
        let (caller, secret) = (caller.clone(), secret.to_owned());
        tokio::spawn(async move {
            let mut valid = 0_u64;
            while let Some(reply) = caller.verify(&secret).await {
                ensure!(reply.status == 200 && reply.body["is_valid"] == true, "{} {}", reply.status, reply.body);
                valid += 1;
            }
            Ok(valid)
        })
    });
    let mut all = 0;
    for verifier in verifiers.collect::<Vec<_>>() {
        all += verifier.await.unwrap()?;
    }
    Ok(all)
}
