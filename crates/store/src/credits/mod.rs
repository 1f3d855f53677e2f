//! Credits of keys and owners: what is agreed on, which changes with the holder's row, and what is left, which is no change and
//! takes no revision.

mod blocks;

use keyward_core::{CreditTerms, GrantedCredits, PlanId, Refill, RefillInterval, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_all};
use crate::row::{hit_one, int, row};
use crate::{Revision, StoreError, Tx};

pub use blocks::{
    HolderRow, LeftRow, Wanted, add_spent, forget_worthless, give_back, list_holders, look_left, strand, take_block,
    turn_period,
};

/// A column of a statement: the [`Balance`](keyward_core::Balance) of the holder that a column names; null if it has none.
macro_rules! balance_of {
    ($holder:literal) => {
        concat!("(SELECT cr.balance FROM credit_balances cr WHERE cr.holder = ", $holder, ") AS credits")
    };
}
pub(crate) use balance_of;

row! {
    /// What verifying needs of credits.
    pub struct CreditsFact {
        /// Whose: the id of a key, an organization or a user.
        pub holder: String,
        /// False when there are none any more.
        pub is_on: bool,
        /// How many there are after a refill.
        pub refill_amount: Option<u64>,
        /// How often they are filled up.
        pub refill_interval: Option<RefillInterval>,
        /// What a verification spends that does not say.
        pub cost: u32,
        /// The revision that set what is left.
        pub generation: Revision,
        /// When the period began that they were filled up for last.
        pub period: Timestamp,
        /// What no node has taken.
        pub remaining: u64,
        /// The revision of their last change.
        pub revision: Revision,
    }
}

impl CreditsFact {
    /// What is agreed on; none where there are no credits any more.
    pub fn terms(&self) -> Option<CreditTerms> {
        let refill = match (self.refill_amount, self.refill_interval) {
            (Some(amount), Some(interval)) => Some(Refill::new(amount, interval).ok()?),
            _ => None,
        };
        CreditTerms::new(refill, self.cost).ok().filter(|_| self.is_on)
    }
}

/// The credits that were changed above a revision, those that have ended included.
pub async fn list_credits(tx: &mut Tx, above: Revision) -> Result<Vec<CreditsFact>, StoreError> {
    const SQL: &str = "SELECT holder, is_on, refill_amount, refill_interval, cost, generation, period, remaining, \
         revision FROM credits WHERE revision > $1";
    Ok(fetch_all!(tx, SQL, int(above))?)
}

/// Gives a holder credits: so many from now on, whatever there were before. What nodes have taken of those counts no more.
pub async fn set_credits(
    change: &mut Change,
    holder: &str,
    terms: &CreditTerms,
    remaining: u64,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO credits (holder, is_on, refill_amount, refill_interval, cost, generation, period, \
         remaining, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6) ON CONFLICT (holder) DO UPDATE \
         SET is_on = excluded.is_on, refill_amount = excluded.refill_amount, \
         refill_interval = excluded.refill_interval, cost = excluded.cost, generation = excluded.generation, \
         period = excluded.period, remaining = excluded.remaining, revision = excluded.revision";
    let (amount, interval) = refill_columns(terms);
    let (period, stamp) = (terms.period_at(change.now()).as_micros(), change.stamp());
    execute!(change, SQL, holder, true, amount, interval, i64::from(terms.cost()), stamp, period, int(remaining))?;
    Ok(())
}

/// Changes what is agreed on about credits that a holder has; what is left stays.
pub async fn update_terms(change: &mut Change, holder: &str, terms: &CreditTerms) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE credits SET refill_amount = $2, refill_interval = $3, cost = $4, revision = $5 \
         WHERE holder = $1 AND is_on";
    let (amount, interval) = refill_columns(terms);
    let stamp = change.stamp();
    hit_one("credits", execute!(change, SQL, holder, amount, interval, i64::from(terms.cost()), stamp)?)
}

/// Ends the credits that a holder has: it may do without.
pub async fn end_credits(change: &mut Change, holder: &str) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE credits SET is_on = $2, remaining = 0, generation = $3, revision = $3 WHERE holder = $1 AND is_on";
    let stamp = change.stamp();
    hit_one("credits", execute!(change, SQL, holder, false, stamp)?)
}

/// Gives every owner of a plan credits, as [`set_credits`] does.
pub async fn set_credits_of_plan(
    change: &mut Change,
    plan_id: &PlanId,
    granted: &GrantedCredits,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO credits (holder, is_on, refill_amount, refill_interval, cost, generation, period, \
         remaining, revision) SELECT holder, $2, $3, $4, $5, $6, $7, $8, $6 FROM (SELECT code AS holder \
         FROM organizations WHERE plan_id = $1 UNION ALL SELECT id FROM users WHERE plan_id = $1) AS owners ORDER BY holder \
         ON CONFLICT (holder) DO UPDATE \
         SET is_on = excluded.is_on, refill_amount = excluded.refill_amount, \
         refill_interval = excluded.refill_interval, cost = excluded.cost, generation = excluded.generation, \
         period = excluded.period, remaining = excluded.remaining, revision = excluded.revision";
    let GrantedCredits { terms, remaining } = granted;
    let (amount, interval) = refill_columns(terms);
    let (period, stamp) = (terms.period_at(change.now()).as_micros(), change.stamp());
    let (id, cost) = (plan_id.as_str(), i64::from(terms.cost()));
    execute!(change, SQL, id, true, amount, interval, cost, stamp, period, int(*remaining))?;
    Ok(())
}

/// Changes what is agreed on about the credits of every owner of a plan; what is left stays.
pub async fn update_terms_of_plan(
    change: &mut Change,
    plan_id: &PlanId,
    terms: &CreditTerms,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE credits SET refill_amount = $2, refill_interval = $3, cost = $4, revision = $5 \
         WHERE is_on AND holder IN (SELECT code FROM organizations WHERE plan_id = $1 \
         UNION ALL SELECT id FROM users WHERE plan_id = $1)";
    let (amount, interval) = refill_columns(terms);
    let stamp = change.stamp();
    execute!(change, SQL, plan_id.as_str(), amount, interval, i64::from(terms.cost()), stamp)?;
    Ok(())
}

/// Ends the credits of every owner of a plan.
pub async fn end_credits_of_plan(change: &mut Change, plan_id: &PlanId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE credits SET is_on = $2, remaining = 0, generation = $3, revision = $3 \
         WHERE is_on AND holder IN (SELECT code FROM organizations WHERE plan_id = $1 \
         UNION ALL SELECT id FROM users WHERE plan_id = $1)";
    let stamp = change.stamp();
    execute!(change, SQL, plan_id.as_str(), false, stamp)?;
    Ok(())
}

fn refill_columns(terms: &CreditTerms) -> (Option<i64>, Option<&'static str>) {
    let refill = terms.refill();
    (refill.map(|refill| int(refill.amount())), refill.map(|refill| refill.interval().as_str()))
}
