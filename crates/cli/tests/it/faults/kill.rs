//! The process is killed at random moments, while it starts and while it works.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::dice::Dice;
use super::shop::{Kind, Shop};
use super::{Checked, count, dice, tell};

/// Kills of one store, then there is a new one: so first starts are killed too.
const KILLS_OF_A_STORE: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_loses_nothing_that_was_acknowledged() {
    let mut dice = dice();
    kill_many(Kind::Sqlite, count("FAULT_KILLS_SQLITE", 200), &mut dice).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_that_was_acknowledged() {
    let mut dice = dice();
    kill_many(Kind::Postgres, count("FAULT_KILLS_POSTGRES", 60), &mut dice).await.unwrap();
}

async fn kill_many(kind: Kind, kills: u32, dice: &mut Dice) -> Checked {
    let (mut left, mut acknowledged, mut slowest) = (kills, 0, Duration::ZERO);
    while left > 0 {
        let mut shop = Shop::found(kind, dice).await;
        let these = left.min(KILLS_OF_A_STORE);
        kill_store(&mut shop, these, dice).await?;
        left -= these;
        acknowledged += shop.acknowledged();
        slowest = slowest.max(shop.slowest_start);
        shop.close().await;
    }
    tell(&format!("{kills} kills, {acknowledged} acknowledged changes and tokens, slowest start {slowest:?}"));
    // With fewer, the kills have met a server that did nothing.
    assert!(acknowledged > kills, "{acknowledged}");
    Ok(())
}

/// Kills the server of one store so many times, and checks after each.
pub(crate) async fn kill_store(shop: &mut Shop, kills: u32, dice: &mut Dice) -> Checked {
    let mut done = 0;
    while done < kills {
        // The first kills meet the first start, in which the schema and the first credentials are made.
        if done < 2 || dice.once_in(8) {
            let starting = crate::support::Running::start(&mut shop.command());
            wait_below(150, dice).await;
            drop(starting);
            done += 1;
            continue;
        }
        let ready = shop.start()?;
        shop.furnish(&ready, dice).await?;
        shop.check(&ready).await?;
        let process = ready.process.id();
        // So many answers later, and then at any moment of the next ones.
        let answers = Arc::clone(&shop.answers);
        let (awaited, moment) = (answers.load(Ordering::SeqCst) + dice.below(12), dice.below(30_000));
        let killer = tokio::spawn(async move {
            while answers.load(Ordering::SeqCst) < awaited {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_micros(moment)).await;
            crate::support::signal(process, "KILL");
        });
        let worked = shop.open(&ready).await;
        if worked.is_err() {
            killer.abort();
        }
        worked?;
        killer.await.unwrap();
        done += 1;
    }
    let ready = shop.start()?;
    shop.furnish(&ready, dice).await?;
    shop.check_all(&ready).await
}

async fn wait_below(milliseconds: u64, dice: &mut Dice) {
    tokio::time::sleep(Duration::from_micros(dice.below(milliseconds * 1000))).await;
}
