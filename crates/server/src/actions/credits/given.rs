//! Credits, as people give them and as they are shown.

use keyward_core::credits::MAX_CREDITS;
use keyward_core::{Balance, CreditTerms, GrantedCredits, OrgScope, Refill, Timestamp};
use keyward_store::credits;
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

impl GivenBalance {
    /// The same; where it does not say how many, as many as before.
    pub(in crate::actions) fn or_as_before(self, before: Option<GrantedCredits>) -> Self {
        Self { remaining: self.remaining.or(before.map(|granted| granted.remaining)), ..self }
    }

    /// What somebody begins with who had none.
    pub(in crate::actions) fn granted(self) -> Result<GrantedCredits, Refusal> {
        let Self { terms, remaining } = self;
        match remaining.or_else(|| terms.refill().map(|refill| refill.amount())) {
            Some(remaining) => Ok(GrantedCredits { terms, remaining }),
            None => {
                Err(Refusal::about(ErrorCode::FieldMissing, "credits.remaining", "is missing, and there is no refill"))
            }
        }
    }
}

impl Next {
    /// From what a holder has to what a request gives it; `given` is none where it does not speak of credits.
    pub(in crate::actions) fn of(
        before: Option<&Balance>,
        given: Option<Option<GivenBalance>>,
    ) -> Result<Self, Refusal> {
        let Some(given) = given else { return Ok(Self::Kept) };
        let Some(given) = given else { return Ok(Self::ended(before)) };
        match before {
            Some(before) if given.remaining.is_none() && before.terms == given.terms => Ok(Self::Kept),
            Some(_) if given.remaining.is_none() => Ok(Self::Terms(given.terms)),
            _ => given.granted().map(Self::set),
        }
    }

    /// What there is from now on.
    pub(in crate::actions) fn set(GrantedCredits { terms, remaining }: GrantedCredits) -> Self {
        Self::Set(terms, remaining)
    }

    /// None any more.
    pub(in crate::actions) fn ended(before: Option<&Balance>) -> Self {
        if before.is_some() { Self::Ended } else { Self::Kept }
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

/// What somebody begins with, as it is shown.
pub fn show_granted(GrantedCredits { terms, remaining }: &GrantedCredits) -> wire::GrantedCredits {
    wire::GrantedCredits { remaining: *remaining, refill: show_refill(terms), cost: terms.cost() }
}

fn show_refill(terms: &CreditTerms) -> Option<wire::CreditRefill> {
    terms.refill().map(|refill| wire::CreditRefill { amount: refill.amount(), interval: refill.interval() })
}

/// As they are shown.
pub fn show_credits(balance: Option<&Balance>, now: Timestamp) -> Option<wire::Credits> {
    let balance = balance?;
    let terms = balance.terms;
    Some(wire::Credits {
        remaining: balance.remaining_at(now),
        refill: show_refill(&terms),
        cost: terms.cost(),
        refills_on: terms.refills_after(now.max(balance.period)),
    })
}
