//! Blocks of credits: taken by a node before it spends them, and given back when its journal is folded to its end.

use keyward_core::Timestamp;

use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{int, row};
use crate::{Revision, StoreError, Tx};

row! {
    /// What no node has taken of some credits.
    pub struct LeftRow {
        /// When the period began that they are of.
        pub period: Timestamp,
        /// How many.
        pub remaining: u64,
    }
}

row! {
    /// A holder of credits.
    pub struct HolderRow {
        /// The id of a key, an organization or a user.
        pub holder: String,
    }
}

/// Credits that a node wants some of.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Whose.
    pub holder: &'a str,
    /// The revision that set what is left, as the node knows.
    pub generation: Revision,
    /// When the period began that the node is in.
    pub period: Timestamp,
}

/// What no node has taken, if it is of the generation that the node knows and no refill is due. Nothing is changed.
pub async fn look_left(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Option<LeftRow>, StoreError> {
    const SQL: &str = "SELECT period, remaining FROM credits WHERE holder = $1 AND generation = $2 AND is_on \
         AND (refill_amount IS NULL OR period >= $3)";
    Ok(fetch_optional!(tx, SQL, wanted.holder, int(wanted.generation), wanted.period.as_micros())?)
}

/// Goes on to the period that the node is in, if no node was there before: then there are as many as after a refill. Answers
/// what no node has taken; none if the generation is another, so that the node has something to learn. Whoever takes of it
/// does so in the same transaction.
pub async fn turn_period(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Option<LeftRow>, StoreError> {
    const SQL: &str = "UPDATE credits \
         SET remaining = CASE WHEN refill_amount IS NOT NULL AND period < $3 THEN refill_amount ELSE remaining END, \
         period = CASE WHEN refill_amount IS NOT NULL AND period < $3 THEN $3 ELSE period END \
         WHERE holder = $1 AND generation = $2 AND is_on RETURNING period, remaining";
    Ok(fetch_optional!(tx, SQL, wanted.holder, int(wanted.generation), wanted.period.as_micros())?)
}

/// Takes so many credits into a purse of an opening. The caller has seen by [`turn_period`] that they are there.
pub async fn take_block(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    period: Timestamp,
    (opening, purse): (&str, u32),
    units: u64,
) -> Result<(), StoreError> {
    const TAKE: &str = "UPDATE credits SET remaining = remaining - $2 WHERE holder = $1";
    const NOTE: &str = "INSERT INTO credit_blocks (opening, purse, holder, generation, period, taken, spent) \
         VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (opening, purse) DO UPDATE \
         SET taken = credit_blocks.taken + excluded.taken";
    #[cfg(feature = "faults")]
    if crate::faults::takes_nothing() {
        return Ok(());
    }
    execute!(tx, TAKE, wanted.holder, int(units))?;
    let (generation, period) = (int(wanted.generation), period.as_micros());
    execute!(tx, NOTE, opening, i64::from(purse), wanted.holder, generation, period, int(units))?;
    Ok(())
}

/// Adds to what was spent out of a purse, as its journal tells.
pub async fn add_spent(tx: &mut Tx, (opening, purse): (&str, u32), units: u64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE credit_blocks SET spent = spent + $3 WHERE opening = $1 AND purse = $2";
    execute!(tx, SQL, opening, i64::from(purse), int(units))?;
    Ok(())
}

/// Some of the holders of whose credits an opening has taken, in their order.
pub async fn list_holders(tx: &mut Tx, opening: &str, limit: u32) -> Result<Vec<HolderRow>, StoreError> {
    const SQL: &str = "SELECT DISTINCT holder FROM credit_blocks WHERE opening = $1 ORDER BY holder LIMIT $2";
    Ok(fetch_all!(tx, SQL, opening, i64::from(limit))?)
}

/// Gives back what an opening has taken of a holder's credits and not spent, and forgets what it took. What was taken of
/// another balance, or in another period, is worth nothing.
pub async fn give_back(tx: &mut Tx, opening: &str, holder: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE credits SET remaining = remaining + COALESCE((SELECT \
         CAST(SUM(b.taken - b.spent) AS BIGINT) FROM credit_blocks b WHERE b.opening = $2 AND b.holder = $1 \
         AND b.generation = credits.generation AND b.period = credits.period), 0) WHERE holder = $1";
    execute!(tx, SQL, holder, opening)?;
    strand(tx, opening, holder).await
}

/// Forgets what an opening took of a holder's credits: what of it was not spent is lost.
pub async fn strand(tx: &mut Tx, opening: &str, holder: &str) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM credit_blocks WHERE opening = $1 AND holder = $2";
    execute!(tx, SQL, opening, holder)?;
    Ok(())
}

/// Forgets some of the blocks that are worth nothing any more, since the balance was set anew or filled up again; how many there
/// were.
pub async fn forget_worthless(tx: &mut Tx, limit: u32) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM credit_blocks WHERE (opening, purse) IN (SELECT b.opening, b.purse \
         FROM credit_blocks b JOIN credits c ON c.holder = b.holder \
         WHERE b.generation <> c.generation OR b.period <> c.period LIMIT $1)";
    Ok(execute!(tx, SQL, i64::from(limit))?)
}
