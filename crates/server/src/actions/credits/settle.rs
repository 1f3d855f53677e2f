//! What openings of the journal have taken and not spent: given back when all that they wrote down is folded.

use keyward_engine::journal::Ended;
use keyward_store::credits::{forget_worthless, give_back, list_holders, strand};

use crate::actions::usage;
use crate::app::App;
use crate::refusal::Refusal;

/// Rows that are looked for at a time.
const PORTION: u32 = 500;

/// Settles what openings before have left behind in this folder. All that they wrote down must be folded.
pub async fn settle_left(app: &App) -> Result<(), Refusal> {
    let Some(counting) = app.counting() else { return Ok(()) };
    for ended in counting.journal.left_behind() {
        settle(app, &ended).await?;
        usage::forget_opening(app, ended.id).await?;
    }
    Ok(())
}

/// Settles this opening, when nothing is verified any more and all that it wrote down is folded.
pub async fn settle_own(app: &App) -> Result<(), Refusal> {
    let Some(counting) = app.counting() else { return Ok(()) };
    let own = counting.journal.own();
    settle(app, &own).await?;
    usage::forget_opening(app, own.id).await
}

/// Where something that was written may be missing, what is left over may have been spent: it is lost.
async fn settle(app: &App, ended: &Ended) -> Result<(), Refusal> {
    loop {
        let holders = list_holders(&mut app.read().await?, &ended.id, PORTION).await?;
        if holders.is_empty() {
            return Ok(());
        }
        for row in holders {
            let mut tx = app.tally().await?;
            if ended.is_whole {
                give_back(&mut tx, &ended.id, &row.holder).await?;
            } else {
                strand(&mut tx, &ended.id, &row.holder).await?;
            }
            tx.commit().await?;
        }
        if !ended.is_whole {
            tracing::warn!(
                "credits that were taken before the machine failed are lost, since they may have been spent"
            );
        }
    }
}

/// Forgets a batch of what nodes took of balances and periods that are over; false when there was none.
pub async fn forget_blocks(app: &App) -> Result<bool, Refusal> {
    let mut tx = app.tally().await?;
    let forgotten = forget_worthless(&mut tx, PORTION).await?;
    tx.commit().await?;
    Ok(forgotten > 0)
}
