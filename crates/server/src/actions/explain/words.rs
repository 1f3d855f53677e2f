//! What each step comes to, in words, with the facts.

use std::fmt::Display;

use keyward_core::gcra::whole_seconds;
use keyward_core::{Outcome, Step};
use keyward_engine::index::{CreditStanding, Holder, LimitStanding, Spent};
use keyward_engine::{Ask, Explanation, Wanted};

pub(super) const SECRET_IS_RIGHT: &str = "The secret is that of the key.";
pub(super) const SECRET_IS_WRONG: &str = "No key that can be seen here has this secret, or no longer.";
pub(super) const SECRET_IS_NOT_ASKED: &str = "The key was named by its id, so no secret was checked.";
pub(super) const IS_FOR_KEYWARD: &str =
    "It is an environment key: it opens Keyward itself, and no API of the platform.";
pub(super) const NOT_REACHED: &str = "A verification ends before this step.";

/// Whether the key is for an API that is asked for.
pub(super) fn of_api(explained: &Explanation<'_>, ask: &Ask<'_>) -> String {
    let api = &explained.entry.key.api;
    let (id, audience) = (&api.id, &api.audience);
    match ask.wanted {
        Wanted { bound: Some(bound), .. } if !bound.contains(id) => {
            format!("The key is for the API {id}, {audience}, to which the credential that asks is not bound.")
        }
        _ if !explained.is_wanted => format!("The key is for the API {id}, {audience}, and another one was asked for."),
        Wanted { api_id: None, audience: None, .. } => {
            format!("The key is for the API {id}, {audience}, and no other one was asked for.")
        }
        _ => format!("The key is for the API {id}, {audience}, as was asked for."),
    }
}

/// What a step after these comes to.
pub(super) fn of_step(step: Step, explained: &Explanation<'_>, ask: &Ask<'_>, failed: Option<&Outcome>) -> String {
    match step {
        Step::Revocation => of_revocation(explained, failed.is_some()).to_owned(),
        Step::Enabled if failed.is_some() => "It is disabled.".to_owned(),
        Step::Enabled => "It is enabled.".to_owned(),
        Step::Owner if failed.is_some() => format!("Its owner {} is suspended.", explained.entry.key.owner.id()),
        Step::Owner => "Its owner is not suspended.".to_owned(),
        Step::Expiry => match (explained.entry.key.expires_at, failed) {
            (None, _) => "It has no end.".to_owned(),
            (Some(end), None) => format!("It ends at {end}."),
            (Some(end), Some(_)) => format!("It ended at {end}."),
        },
        Step::Ip => of_address(explained, ask, failed.is_some()),
        Step::Scopes => of_scopes(explained, ask, failed),
    }
}

fn of_revocation(explained: &Explanation<'_>, has_failed: bool) -> &'static str {
    let is_owner_deleted = explained.entry.owner.is_some_and(|owner| owner.is_deleted);
    match has_failed {
        false => "It is not revoked, and its API and its owner are there.",
        true if explained.entry.api.is_deleted => "Its API was deleted.",
        true if is_owner_deleted => "Its owner was deleted.",
        true => "It was revoked.",
    }
}

fn of_address(explained: &Explanation<'_>, ask: &Ask<'_>, has_failed: bool) -> String {
    let ranges = list(explained.entry.key.allowed_cidrs.iter());
    match ask.presented.ip {
        _ if ranges.is_empty() => "It may be used from anywhere.".to_owned(),
        None => format!("No address was told, and it may be used from {ranges} alone."),
        Some(ip) if has_failed => format!("It may be used from {ranges} alone, and {ip} is outside."),
        Some(ip) => format!("It may be used from {ranges}, and {ip} is inside."),
    }
}

fn of_scopes(explained: &Explanation<'_>, ask: &Ask<'_>, failed: Option<&Outcome>) -> String {
    let carried = match list(explained.scopes.iter()) {
        carried if carried.is_empty() => "no scope".to_owned(),
        carried => carried,
    };
    let told = match failed {
        Some(Outcome::InsufficientScope(missing)) => {
            format!("It carries {carried}, and lacks {}.", list(missing.iter()))
        }
        _ if ask.presented.scopes.is_empty() => format!("It carries {carried}, and none was asked for."),
        _ => format!("It carries {carried}, and with that all that was asked for."),
    };
    let given = explained.entry.api.scope_keys(&explained.entry.key.scopes).into_iter();
    match list(given.filter(|scope| !explained.scopes.contains(scope))) {
        withheld if withheld.is_empty() => told,
        withheld => format!("{told} Its owner's plan does not allow {withheld}."),
    }
}

/// Where each limit of rate stands.
pub(super) fn of_limits(spent: &Spent) -> String {
    let of_limit = |limit: &LimitStanding| {
        let whose = whose(limit.holder);
        let short = match (limit.is_exceeded, limit.wait) {
            (false, _) => String::new(),
            (true, Some(wait)) => format!(", too few: enough are there in {} s", whole_seconds(wait)),
            (true, None) => ", and so many are never there".to_owned(),
        };
        let (name, left, limit) = (&limit.name, limit.standing.remaining, limit.quota.limit());
        format!("`{name}`, {whose}, has {left} of {limit} units left{short}")
    };
    match spent.limits.iter().map(of_limit).collect::<Vec<_>>().join("; ") {
        told if told.is_empty() => "It has no limit of rate, and neither has its owner.".to_owned(),
        told => format!("{told}."),
    }
}

fn list(items: impl Iterator<Item = impl Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Where the credits stand.
pub(super) fn of_credits(spent: &Spent) -> String {
    let of_holder = |credits: &CreditStanding| {
        let whose = whose(credits.holder);
        let short = if credits.is_exhausted { ", too few" } else { "" };
        let refill = credits.refills_at.map_or_else(String::new, |at| format!(", filled up again at {at}"));
        format!("{whose} credits: {} left{short}{refill}", credits.remaining)
    };
    match spent.credits.iter().map(of_holder).collect::<Vec<_>>().join("; ") {
        told if told.is_empty() => "It needs no credits, and neither does its owner.".to_owned(),
        told => format!("Of {told}."),
    }
}

fn whose(holder: Holder) -> &'static str {
    match holder {
        Holder::Key => "its own",
        Holder::Owner => "its owner's",
    }
}
