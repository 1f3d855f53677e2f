//! Credits of a key or an owner: what a verification spends of them, and when they are filled up again.

use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::limits::MAX_COST;
use crate::{Broken, Timestamp};

/// The most credits that there can be at a time. Exact in every language that reads JSON.
pub const MAX_CREDITS: u64 = 1_000_000_000_000;

/// How often credits are filled up again, at the beginning of each by UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefillInterval {
    /// Each day.
    Day,
    /// Each calendar month.
    Month,
}

impl RefillInterval {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Day, Self::Month].into_iter().find(|interval| interval.as_str() == text)
    }
}

/// That there are so many credits again at the beginning of each interval, whatever was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refill {
    amount: u64,
    interval: RefillInterval,
}

impl Refill {
    /// So many, 1 to [`MAX_CREDITS`], each day or month.
    pub fn new(amount: u64, interval: RefillInterval) -> Result<Self, Broken> {
        if !(1..=MAX_CREDITS).contains(&amount) {
            return Err(Broken("must be 1 to 1000000000000".into()));
        }
        Ok(Self { amount, interval })
    }

    /// How many there are then.
    pub fn amount(&self) -> u64 {
        self.amount
    }

    /// How often.
    pub fn interval(&self) -> RefillInterval {
        self.interval
    }
}

/// What is agreed on about credits. How many are left is no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditTerms {
    refill: Option<Refill>,
    cost: u32,
}

impl CreditTerms {
    /// A verification that does not say what it costs spends `cost` credits, 0 to [`MAX_COST`].
    pub fn new(refill: Option<Refill>, cost: u32) -> Result<Self, Broken> {
        if cost > MAX_COST {
            return Err(Broken("must be 0 to 1000000".into()));
        }
        Ok(Self { refill, cost })
    }

    /// How they are filled up; none if they are used up for good.
    pub fn refill(&self) -> Option<Refill> {
        self.refill
    }

    /// What a verification spends that does not say.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// When the interval began that an instant lies in; the epoch where nothing is filled up.
    pub fn period_at(&self, now: Timestamp) -> Timestamp {
        let Some(refill) = self.refill else { return Timestamp::from_micros(0) };
        let day = day_of(now);
        first_moment_of(match refill.interval {
            RefillInterval::Day => day,
            RefillInterval::Month => day.first_of_month(),
        })
    }

    /// When they are filled up next: at the end of the interval that an instant lies in.
    pub fn refills_after(&self, now: Timestamp) -> Option<Timestamp> {
        let day = day_of(now);
        let next = match self.refill?.interval {
            RefillInterval::Day => day.tomorrow(),
            RefillInterval::Month => day.last_of_month().tomorrow(),
        };
        next.ok().map(first_moment_of)
    }
}

/// Credits that somebody begins with: so many, on these terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedCredits {
    /// What is agreed on.
    pub terms: CreditTerms,
    /// How many there are at first, at most [`MAX_CREDITS`].
    pub remaining: u64,
}

/// Credits as they stand at the end of a period, or in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What is agreed on.
    pub terms: CreditTerms,
    /// When the period began that they were filled up for last.
    pub period: Timestamp,
    /// What is left in that period.
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
}

/// Credits that a node takes at once at most, unless one verification needs more.
const MAX_BLOCK: u64 = 1_000;

/// How many a node takes of what no node has taken, for a verification that needs so many: an eighth, so that others find some
/// and little is lost with the machine. None if there are too few.
pub fn block_of(left: u64, needed: u32) -> Option<u64> {
    let needed = u64::from(needed);
    (needed <= left).then(|| needed.max((left / 8).min(MAX_BLOCK)))
}

fn day_of(at: Timestamp) -> Date {
    // Every instant that we know lies in the years that jiff knows.
    let instant = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Offset::UTC.to_datetime(instant).date()
}

fn first_moment_of(day: Date) -> Timestamp {
    let instant = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_or(i64::MAX, jiff::Timestamp::as_microsecond);
    Timestamp::from_micros(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(interval: RefillInterval) -> CreditTerms {
        CreditTerms::new(Some(Refill::new(100, interval).unwrap()), 1).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn they_are_filled_up_at_the_beginning_of_days_and_months_by_utc() {
        let (day, month) = (terms(RefillInterval::Day), terms(RefillInterval::Month));
        for (now, of_day, next_day, of_month, next_month) in [
            ("2026-11-28T00:00:00Z", "2026-11-28", "2026-11-29", "2026-11-01", "2026-12-01"),
            ("2026-11-30T23:59:59.999999Z", "2026-11-30", "2026-12-01", "2026-11-01", "2026-12-01"),
            ("2026-12-31T12:00:00Z", "2026-12-31", "2027-01-01", "2026-12-01", "2027-01-01"),
            ("2028-02-29T00:30:00+01:00", "2028-02-28", "2028-02-29", "2028-02-01", "2028-03-01"),
            ("1970-01-01T00:00:00Z", "1970-01-01", "1970-01-02", "1970-01-01", "1970-02-01"),
        ] {
            let (now, midnight) = (at(now), |day: &str| at(&format!("{day}T00:00:00Z")));
            assert_eq!(day.period_at(now), midnight(of_day), "{now}");
            assert_eq!(day.refills_after(now), Some(midnight(next_day)), "{now}");
            assert_eq!(month.period_at(now), midnight(of_month), "{now}");
            assert_eq!(month.refills_after(now), Some(midnight(next_month)), "{now}");
        }
    }

    #[test]
    fn at_the_end_of_time_there_is_no_next_period_that_begins_before_it() {
        let last = Timestamp::from_micros(i64::MAX);
        for terms in [terms(RefillInterval::Day), terms(RefillInterval::Month)] {
            assert!(terms.period_at(last) <= last);
            assert!(terms.refills_after(last).is_none_or(|next| next >= last));
        }
    }

    #[test]
    fn what_is_not_filled_up_has_one_period() {
        let terms = CreditTerms::new(None, 1).unwrap();
        for now in ["1999-01-01T00:00:00Z", "2026-11-28T10:00:00Z"] {
            assert_eq!((terms.period_at(at(now)), terms.refills_after(at(now))), (Timestamp::from_micros(0), None));
        }
    }

    #[test]
    fn what_is_left_is_filled_up_in_a_new_period() {
        let balance =
            Balance { terms: terms(RefillInterval::Day), period: Timestamp::from_seconds(86_400), remaining: 7 };
        let at = |days: i64| balance.remaining_at(Timestamp::from_seconds(days * 86_400));
        assert_eq!((at(0), at(1), at(2)), (7, 7, 100));
        let for_good =
            Balance { terms: CreditTerms::new(None, 1).unwrap(), period: Timestamp::from_micros(0), ..balance };
        assert_eq!(for_good.remaining_at(Timestamp::from_seconds(1_000_000_000)), 7);
    }

    #[test]
    fn amounts_and_costs_have_limits() {
        let terms = CreditTerms::new(Some(Refill::new(7, RefillInterval::Month).unwrap()), 3).unwrap();
        let refill = terms.refill().unwrap();
        assert_eq!((refill.amount(), refill.interval(), terms.cost()), (7, RefillInterval::Month, 3));
        for (amount, is_good) in [(0, false), (1, true), (MAX_CREDITS, true), (MAX_CREDITS + 1, false)] {
            assert_eq!(Refill::new(amount, RefillInterval::Day).is_ok(), is_good, "{amount}");
        }
        assert!(CreditTerms::new(None, 0).is_ok() && CreditTerms::new(None, MAX_COST).is_ok());
        assert!(CreditTerms::new(None, MAX_COST + 1).is_err());
    }

    #[test]
    fn a_block_is_enough_and_not_all() {
        let blocks =
            [(100, 1, 12), (8_000_000, 1, 1_000), (80, 40, 40), (3, 1, 1), (5, 5, 5), (900_000, 20_000, 20_000)];
        for (left, needed, block) in blocks {
            assert_eq!(block_of(left, needed), Some(block), "{needed} of {left}");
        }
        assert_eq!((block_of(4, 5), block_of(0, 1)), (None, None));
    }

    #[test]
    fn an_interval_is_read_as_it_is_written() {
        for interval in [RefillInterval::Day, RefillInterval::Month] {
            assert_eq!(RefillInterval::parse(interval.as_str()), Some(interval));
            assert_eq!(serde_json::to_value(interval).unwrap(), interval.as_str());
        }
        assert_eq!(RefillInterval::parse("Day"), None);
    }
}
