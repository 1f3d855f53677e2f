use std::num::NonZeroU32;
use std::time::Duration;

use keyward_core::{CreditTerms, Timestamp};

use crate::facts;
use crate::payment::Payment;

/// How long a purse believes that the store has too little, before it asks again: another node may have given some back.
const BELIEVES_FOR: Duration = Duration::from_secs(1);

/// What this node has taken of a holder's credits and not spent. The rest is in the store.
///
/// It is taken in blocks, of one balance and one period: when the balance is set anew, or filled up again, what was taken
/// before counts no more.
#[derive(Debug, Default)]
pub(super) struct Purse {
    /// The revision that set the balance.
    generation: u64,
    /// When the period began that the credits are of.
    period: Option<Timestamp>,
    /// Under what number the store knows what was taken; none before the first block.
    number: Option<NonZeroU32>,
    units: u64,
    /// What the store had left when it was heard of last.
    beyond: u64,
    /// When it was asked last.
    asked_at: Option<Timestamp>,
}

/// A block, as it was taken from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// When the period began that it is of.
    pub period: Timestamp,
    /// The number that it was taken under.
    pub number: NonZeroU32,
    /// How much it is; 0 if the store had too little.
    pub units: u64,
    /// What the store has left.
    pub beyond: u64,
}

/// Whether a purse has enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Funds {
    Enough,
    /// There is too little, here and in the store.
    Short,
    /// The store is to be asked for more first.
    Unasked,
}

impl Purse {
    /// Learns of a balance. One that was set since replaces what was taken before; else the purse knows better.
    pub(super) fn set(&mut self, fact: &facts::Credits) {
        if self.generation < fact.generation {
            let (generation, period) = (fact.generation, Some(fact.period));
            *self = Self { generation, period, beyond: fact.left, ..Self::default() };
        }
    }

    /// Goes on to the period that an instant lies in; never back. What was left of the one before is gone.
    pub(super) fn turn(&mut self, terms: &CreditTerms, now: Timestamp) {
        let period = terms.period_at(now);
        if let Some(refill) = terms.refill()
            && self.period < Some(period)
        {
            let generation = self.generation;
            *self = Self { generation, period: Some(period), beyond: refill.amount(), ..Self::default() };
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn number(&self) -> Option<NonZeroU32> {
        self.number
    }

    /// When the period began that it is in.
    pub(super) fn period(&self) -> Timestamp {
        self.period.unwrap_or(Timestamp::from_micros(0))
    }

    /// All that is left, as far as is known here.
    pub(super) fn left(&self) -> u64 {
        self.units.saturating_add(self.beyond)
    }

    /// Whether it has enough at this time.
    pub(super) fn funds(&self, cost: u32, now: Timestamp) -> Funds {
        if self.units >= u64::from(cost) {
            return Funds::Enough;
        }
        let believes = |asked_at: Timestamp| asked_at <= now && now < asked_at.after(BELIEVES_FOR);
        let is_short = self.left() < u64::from(cost);
        if is_short && self.asked_at.is_some_and(believes) { Funds::Short } else { Funds::Unasked }
    }

    /// How many it lacks.
    pub(super) fn lacks(&self, cost: u32) -> u32 {
        u32::try_from(u64::from(cost).saturating_sub(self.units)).unwrap_or(cost)
    }

    /// Pays what [`Self::funds`] found enough; answers what is to be written down, nothing if nothing is paid.
    pub(super) fn pay(&mut self, cost: u32) -> Option<Payment> {
        self.units = self.units.saturating_sub(cost.into());
        Some(Payment { purse: self.number?, units: NonZeroU32::new(cost)? })
    }

    /// Takes back what could not be written down.
    pub(super) fn take_back(&mut self, payment: Payment) {
        if self.number == Some(payment.purse) {
            self.units = self.units.saturating_add(payment.units.get().into());
        }
    }

    /// Puts a block in that was taken of the balance of this generation. One that came too late is lost to this node, and
    /// whoever folds the journal gives it back.
    pub(super) fn put_in(&mut self, generation: u64, block: Block, now: Timestamp) {
        if self.generation != generation || self.period > Some(block.period) {
            return;
        }
        if self.period < Some(block.period) || self.number != Some(block.number) {
            (self.units, self.number) = (0, (block.units > 0).then_some(block.number));
        }
        self.period = Some(block.period);
        self.units = self.units.saturating_add(block.units);
        (self.beyond, self.asked_at) = (block.beyond, Some(now));
    }
}

#[cfg(test)]
mod tests {
    use keyward_core::{Refill, RefillInterval};

    use super::*;

    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn terms() -> CreditTerms {
        CreditTerms::new(Some(Refill::new(50, RefillInterval::Day).unwrap()), 1).unwrap()
    }

    fn balance(generation: u64, left: u64) -> facts::Credits {
        facts::Credits {
            holder: "h".into(),
            terms: Some(terms()),
            generation,
            period: at(0),
            left,
            revision: generation,
        }
    }

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    fn block(number_of: u32, units: u64, beyond: u64) -> Block {
        Block { period: at(0), number: number(number_of), units, beyond }
    }

    /// A purse with 10 taken, and 90 in the store.
    fn purse() -> Purse {
        let mut purse = Purse::default();
        purse.set(&balance(1, 100));
        assert_eq!((purse.funds(1, at(0)), purse.funds(0, at(0))), (Funds::Unasked, Funds::Enough));
        purse.put_in(1, block(7, 10, 90), at(0));
        purse
    }

    #[test]
    fn it_pays_what_was_taken_and_asks_for_more() {
        let mut purse = purse();
        assert_eq!(
            (purse.left(), purse.funds(10, at(1)), purse.funds(11, at(1))),
            (100, Funds::Enough, Funds::Unasked)
        );
        assert_eq!((purse.lacks(11), purse.lacks(9)), (1, 0));
        assert_eq!(purse.pay(4), Some(Payment { purse: number(7), units: number(4) }));
        assert_eq!(purse.pay(0), None);
        assert_eq!((purse.left(), purse.funds(7, at(1))), (96, Funds::Unasked));
        purse.take_back(Payment { purse: number(7), units: number(4) });
        purse.take_back(Payment { purse: number(8), units: number(4) });
        assert_eq!((purse.left(), purse.funds(10, at(1))), (100, Funds::Enough));
        purse.put_in(1, block(7, 5, 85), at(1));
        assert_eq!((purse.left(), purse.funds(15, at(1))), (100, Funds::Enough));
    }

    #[test]
    fn it_is_short_when_the_store_is_and_believes_that_for_a_second() {
        let mut purse = purse();
        purse.put_in(1, block(7, 0, 3), at(5));
        let funds = |micros| purse.funds(14, Timestamp::from_micros(micros));
        assert_eq!((purse.left(), funds(5_000_000), funds(5_999_999)), (13, Funds::Short, Funds::Short));
        assert_eq!((funds(6_000_000), funds(4_999_999)), (Funds::Unasked, Funds::Unasked), "or the clock jumped back");
        assert_eq!(purse.funds(13, at(5)), Funds::Unasked, "what is there can be had");
    }

    #[test]
    fn a_balance_that_is_set_anew_replaces_what_was_taken_and_an_old_one_does_not() {
        let mut purse = purse();
        purse.set(&balance(1, 500));
        assert_eq!(purse.left(), 100);
        purse.set(&balance(2, 20));
        assert_eq!((purse.left(), purse.number(), purse.generation()), (20, None, 2));
        purse.put_in(1, block(7, 10, 80), at(1));
        assert_eq!(purse.left(), 20, "a block of the balance before");
    }

    #[test]
    fn it_is_filled_up_once_in_a_period_whatever_the_clock_does() {
        let mut purse = purse();
        purse.turn(&terms(), at(DAY - 1));
        assert_eq!(purse.left(), 100);
        purse.turn(&terms(), at(DAY));
        assert_eq!((purse.left(), purse.period(), purse.number()), (50, at(DAY), None));
        purse.put_in(1, Block { period: at(DAY), ..block(8, 10, 40) }, at(DAY));
        purse.put_in(1, block(7, 10, 80), at(DAY));
        assert_eq!((purse.left(), purse.number()), (50, Some(number(8))), "a block of the period before");
        assert!(purse.pay(10).is_some());
        for now in [DAY, DAY - 1, 0, DAY + 5] {
            purse.turn(&terms(), at(now));
            assert_eq!((purse.left(), purse.period()), (40, at(DAY)), "{now}");
        }
        // Another node was there before.
        purse.put_in(1, Block { period: at(2 * DAY), ..block(9, 5, 45) }, at(DAY + 6));
        assert_eq!((purse.left(), purse.period(), purse.number()), (50, at(2 * DAY), Some(number(9))));
    }

    #[test]
    fn what_is_not_filled_up_stays() {
        let mut purse = purse();
        purse.turn(&CreditTerms::new(None, 1).unwrap(), at(400 * DAY));
        assert_eq!((purse.left(), purse.period()), (100, at(0)));
    }
}
