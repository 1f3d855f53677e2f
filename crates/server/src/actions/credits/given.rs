//! Credits, as people give them and as they are shown.

use keyward_core::credits::MAX_CREDITS;
use keyward_core::{CreditTerms, OrgScope, Refill, Timestamp};
use keyward_store::credits::{self, Balance};
use keyward_store::{Change, NewEvent};
use keyward_wire::ErrorCode;
use keyward_wire::credits as wire;

use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Credits that a holder is to have.
#[derive(Clone, Debug)]
pub(in crate::actions) struct GivenBalance {
    terms: CreditTerms,
    /// How many; none if what is left stays.
    remaining: Option<u64>,
}

/// What becomes of a holder's credits.
#[derive(Clone, Debug)]
pub(in crate::actions) enum Next {
    /// They stay as they are.
    Kept,
    /// There are none any more.
    Ended,
    /// What is agreed on changes, and what is left stays.
    Terms(CreditTerms),
    /// There are so many from now on.
    Set(CreditTerms, u64),
}

/// Reads credits. An organization's application sets none and takes none away: they are what the platform allows its
/// organization.
pub(in crate::actions) fn read_credits(
    caller: &Caller,
    given: Option<&wire::GivenCredits>,
) -> Result<Option<GivenBalance>, Refusal> {
    if caller.org_scope != OrgScope::All {
        return Err(Refusal::about(ErrorCode::PlatformOnly, "credits", "are set by the platform alone"));
    }
    let Some(wire::GivenCredits { remaining, refill, cost }) = given else { return Ok(None) };
    if remaining.is_some_and(|remaining| remaining > MAX_CREDITS) {
        return Err(Refusal::field("credits.remaining", "must be at most 1000000000000"));
    }
    let refill = refill.as_ref().map(|refill| Refill::new(refill.amount, refill.interval));
    let refill = refill.transpose().in_field("credits.refill.amount")?;
    let terms = CreditTerms::new(refill, cost.unwrap_or(1)).in_field("credits.cost")?;
    Ok(Some(GivenBalance { terms, remaining: *remaining }))
}

impl Next {
    /// From what a holder has to what a request gives it; `given` is none where it does not speak of credits.
    pub(in crate::actions) fn of(
        before: Option<&Balance>,
        given: Option<Option<GivenBalance>>,
    ) -> Result<Self, Refusal> {
        let Some(given) = given else { return Ok(Self::Kept) };
        let Some(GivenBalance { terms, remaining }) = given else {
            return Ok(if before.is_some() { Self::Ended } else { Self::Kept });
        };
        match (before, remaining, terms.refill()) {
            (_, Some(remaining), _) => Ok(Self::Set(terms, remaining)),
            (Some(before), None, _) if before.terms == terms => Ok(Self::Kept),
            (Some(_), None, _) => Ok(Self::Terms(terms)),
            (None, None, Some(refill)) => Ok(Self::Set(terms, refill.amount())),
            (None, None, None) => {
                Err(Refusal::about(ErrorCode::FieldMissing, "credits.remaining", "is missing, and there is no refill"))
            }
        }
    }

    /// Whether it changes nothing.
    pub(in crate::actions) fn is_kept(&self) -> bool {
        matches!(self, Self::Kept)
    }

    /// Stores it. The holder's row is to be written in the same change.
    pub(in crate::actions) async fn store(&self, change: &mut Change, holder: &str) -> Result<(), Refusal> {
        match self {
            Self::Kept => {}
            Self::Ended => credits::end_credits(change, holder).await?,
            Self::Terms(terms) => credits::update_terms(change, holder, terms).await?,
            Self::Set(terms, remaining) => credits::set_credits(change, holder, terms, *remaining).await?,
        }
        Ok(())
    }

    /// Tells of it. What was left before is not told: verifications go on meanwhile.
    pub(in crate::actions) fn tell(&self, event: NewEvent, before: Option<&Balance>) -> NewEvent {
        let was = before.map(|balance| balance.terms);
        match self {
            Self::Kept => event,
            Self::Ended => event.value("credits", was, ()),
            Self::Terms(terms) => event.value("credits", was, terms),
            Self::Set(terms, remaining) => event.value("credits", was, terms).fact("credits_remaining", remaining),
        }
    }
}

/// As they are shown.
pub fn show_credits(balance: Option<&Balance>, now: Timestamp) -> Option<wire::Credits> {
    let balance = balance?;
    let terms = balance.terms;
    let refill = |refill: Refill| wire::CreditRefill { amount: refill.amount(), interval: refill.interval() };
    Some(wire::Credits {
        remaining: balance.remaining_at(now),
        refill: terms.refill().map(refill),
        cost: terms.cost(),
        refills_on: terms.refills_after(now.max(balance.period)),
    })
}
