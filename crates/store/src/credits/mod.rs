//! Credits of keys and owners: what is agreed on, which changes with the holder's row, and what is left, which is no change and
//! takes no revision.

mod blocks;

use keyward_core::{CreditTerms, GrantedCredits, PlanId, Refill, RefillInterval, Timestamp};

use crate::change::Change;
use crate::db::{execute, fetch_all};
use crate::row::{hit_one, int, row};
use crate::{Revision, StoreError, Tx};

pub use blocks::{
    HolderRow, LeftRow, Wanted, add_spent, give_back, list_holders, look_left, strand, take_block, turn_period,
};

/// Credits as they stand in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What is agreed on.
    pub terms: CreditTerms,
    /// When the period began that they were filled up for last.
    pub period: Timestamp,
    /// What is left in that period: what no node has taken, and what nodes have taken and not spent as far as their journals are
    /// folded.
    pub remaining: u64,
}

impl Balance {
    /// What is left at this time: credits are filled up when they are next asked for.
    pub fn remaining_at(&self, now: Timestamp) -> u64 {
        match self.terms.refill() {
            Some(refill) if self.period < self.terms.period_at(now) => refill.amount(),
            _ => self.remaining,
        }
    }

    /// Reads what [`balance_of`] writes.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut number = || words.next()?.parse::<i64>().ok();
        let (cost, period, remaining) = (number()?, number()?, number()?);
        let refill = match (words.next().unwrap_or_default(), words.next()) {
            ("", None) => None,
            (amount, Some(interval)) => Some(Refill::new(amount.parse().ok()?, RefillInterval::parse(interval)?).ok()?),
            _ => return None,
        };
        Some(Self {
            terms: CreditTerms::new(refill, u32::try_from(cost).ok()?).ok()?,
            period: Timestamp::from_micros(period),
            remaining: u64::try_from(remaining).ok()?,
        })
    }
}

/// A column of a statement: the balance of the holder that a column names, in words; null if it has none.
macro_rules! balance_of {
    ($holder:literal) => {
        concat!(
            "(SELECT cr.cost || ' ' || cr.period || ' ' || (cr.remaining + COALESCE((SELECT \
             CAST(SUM(cb.taken - cb.spent) AS BIGINT) FROM credit_blocks cb WHERE cb.holder = cr.holder \
             AND cb.generation = cr.generation AND cb.period = cr.period), 0)) || ' ' || \
             COALESCE(cr.refill_amount || ' ' || cr.refill_interval, '') \
             FROM credits cr WHERE cr.holder = ",
            $holder,
            " AND cr.is_on) AS credits"
        )
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
         FROM organizations WHERE plan_id = $1 UNION ALL SELECT id FROM users WHERE plan_id = $1) AS owners WHERE TRUE \
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_is_read_from_words_and_anything_else_is_not() {
        let refilled = Balance::read("2 5000000 70 100 day").unwrap();
        assert_eq!((refilled.terms.cost(), refilled.remaining), (2, 70));
        let refill = refilled.terms.refill().unwrap();
        assert_eq!((refill.amount(), refill.interval()), (100, RefillInterval::Day));
        assert_eq!(Balance::read("1 0 5 ").unwrap().terms.refill(), None);
        for other in ["", "1", "1 0", "1 0 -5 ", "1 0 5 100", "1 0 5 100 year", "1 0 5 0 day", "x 0 5 "] {
            assert_eq!(Balance::read(other), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_left_is_filled_up_in_a_new_period() {
        let balance = Balance::read("1 86400000000 7 100 day").unwrap();
        let at = |days: i64| balance.remaining_at(Timestamp::from_seconds(days * 86_400));
        assert_eq!((at(0), at(1), at(2)), (7, 7, 100));
        let for_good = Balance::read("1 0 7 ").unwrap();
        assert_eq!(for_good.remaining_at(Timestamp::from_seconds(1_000_000_000)), 7);
    }
}
