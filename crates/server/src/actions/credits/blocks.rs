//! Blocks of credits, taken from the store: committed before anything of them is spent.

use keyward_core::credits::block_of;
use keyward_engine::index::{Block, BlockAsk};
use keyward_store::credits::{Wanted, look_left, take_block, turn_period};
use keyward_wire::ErrorCode;

use crate::actions::{follow, usage};
use crate::app::App;
use crate::counting::Counting;
use crate::refusal::Refusal;

/// Asks the store for what a verification needs, so that it can be decided. Whatever keeps it from being known is 503: a
/// credit that may have been spent elsewhere is not given away.
pub(in crate::actions) async fn take_blocks(app: &App, asks: &[(String, BlockAsk)]) -> Result<(), Refusal> {
    for (holder, ask) in asks {
        take(app, holder, ask).await.map_err(|mut refusal| {
            let cause = refusal.cause.take().unwrap_or_else(|| refusal.message.into());
            Refusal::caused_by(ErrorCode::Unavailable, cause)
        })?;
    }
    Ok(())
}

async fn take(app: &App, holder: &str, ask: &BlockAsk) -> Result<(), Refusal> {
    let counting = app.counting().ok_or_else(|| Refusal::new(ErrorCode::Unavailable))?;
    // One asks for all that wait for the same purse.
    let _turn = counting.purses.turn(holder).await;
    let Some(needed) = ask.needed(app.now()) else { return Ok(()) };
    let wanted = Wanted { holder, generation: ask.generation, period: ask.period };
    match find(app, counting, &wanted, (ask, needed)).await? {
        Some(block) => ask.put_in(block, app.now()),
        // The balance was set anew, and this node has not heard of it.
        None => {
            follow::renew(app).await.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
        }
    }
    Ok(())
}

/// A block, as large as the store has it; none if the balance is another than this node knows.
async fn find(
    app: &App,
    counting: &Counting,
    wanted: &Wanted<'_>,
    (ask, needed): (&BlockAsk, u32),
) -> Result<Option<Block>, Refusal> {
    let number = ask.number().unwrap_or_else(|| counting.purses.next_number());
    if ask.is_doubtful
        && let Some(left) = look_left(&mut app.read().await?, wanted).await?
        && left.remaining < u64::from(needed)
    {
        return Ok(Some(Block { period: left.period, number, units: 0, beyond: left.remaining }));
    }
    usage::vouch(app).await?;
    let mut tx = app.tally().await?;
    let Some(left) = turn_period(&mut tx, wanted).await? else { return Ok(None) };
    // What is of another period stands under a number of its own.
    let number = if left.period == wanted.period { number } else { counting.purses.next_number() };
    let units = block_of(left.remaining, needed).unwrap_or(0);
    if units > 0 {
        let purse = (counting.journal.opening(), number.get());
        take_block(&mut tx, wanted, left.period, purse, units).await?;
    }
    tx.commit().await?;
    Ok(Some(Block { period: left.period, number, units, beyond: left.remaining - units }))
}
