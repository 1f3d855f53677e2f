//! The decision about a key whose secret was right: may it be used for this request?

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{ScopeKey, Timestamp};

/// Whether a key can be used at all, whatever for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Revoked itself, or by the deletion of its API or its owner.
    pub is_revoked: bool,
    /// False while someone has disabled it.
    pub is_enabled: bool,
    /// Whether its owner is suspended.
    pub is_owner_suspended: bool,
    /// The instant from which it is no longer valid.
    pub expires_at: Option<Timestamp>,
}

/// What is known about a key when its secret has been found right.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
    /// Whether it can be used at all.
    pub state: KeyState,
    /// Where it may be used from; empty means anywhere.
    pub allowed_cidrs: &'a [IpNet],
    /// The scopes it carries that still exist.
    pub scopes: &'a [&'a ScopeKey],
}

/// What the caller says about the request that it protects.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    /// Where the key was used from.
    pub ip: Option<IpAddr>,
    /// The scopes that are required, all of them.
    pub scopes: &'a [String],
}

/// What a verification comes to. The order of the variants is the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Unknown, garbage, or a wrong secret: which of them is not told.
    Invalid,
    /// The key belongs to another API than the one asked for.
    WrongApi,
    /// Revoked, or its API or owner deleted.
    Revoked,
    /// Someone has disabled it.
    Disabled,
    /// Its owner is suspended.
    OwnerSuspended,
    /// Its time is over.
    Expired,
    /// Used from an address outside its ranges, or from one that was not told.
    IpNotAllowed,
    /// These of the required scopes are not among its own.
    InsufficientScope(Vec<String>),
    /// A limit of rate, its own or its owner's, has too little left.
    RateLimited,
    /// Its credits, or its owner's, are too few.
    CreditsExhausted,
    /// Valid.
    Verified,
}

/// One word about a key, whatever it is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It can be used.
    Active,
    /// Disabled, expired, or its owner suspended.
    Inactive,
    /// Revoked, for good.
    Revoked,
}

impl KeyStatus {
    /// As it is written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Revoked => "revoked",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Revoked].into_iter().find(|status| status.as_str() == text)
    }
}

/// A step of the decision about a key whose secret was right and whose API is the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is not revoked, nor its API or owner deleted.
    Revocation,
    /// Nobody has disabled it.
    Enabled,
    /// Its owner is not suspended.
    Owner,
    /// Its time is not over.
    Expiry,
    /// It is used from within its ranges.
    Ip,
    /// It carries all scopes that are required.
    Scopes,
}

impl Step {
    /// Every step, in the order in which they are checked.
    pub const ALL: [Self; 6] = [Self::Revocation, Self::Enabled, Self::Owner, Self::Expiry, Self::Ip, Self::Scopes];

    /// What is wrong by this step, whatever the others say; none if it is passed, and then nothing was allocated.
    pub fn check(self, key: &KeyFacts<'_>, request: &Presented<'_>, now: Timestamp) -> Option<Outcome> {
        match self {
            Self::Revocation | Self::Enabled | Self::Owner | Self::Expiry => key.state.check(self, now),
            Self::Ip => {
                let is_inside = |ip: IpAddr| key.allowed_cidrs.iter().any(|net| net.contains(&ip.to_canonical()));
                let is_allowed = key.allowed_cidrs.is_empty() || request.ip.is_some_and(is_inside);
                (!is_allowed).then_some(Outcome::IpNotAllowed)
            }
            Self::Scopes => {
                let lacks = |wanted: &&String| !key.scopes.iter().any(|scope| scope.as_str() == wanted.as_str());
                let missing: Vec<String> = request.scopes.iter().filter(lacks).cloned().collect();
                (!missing.is_empty()).then_some(Outcome::InsufficientScope(missing))
            }
        }
    }
}

impl KeyState {
    /// What is wrong by a step that is about the key alone, whatever it is used for; none for the others.
    fn check(&self, step: Step, now: Timestamp) -> Option<Outcome> {
        match step {
            Step::Revocation => self.is_revoked.then_some(Outcome::Revoked),
            Step::Enabled => (!self.is_enabled).then_some(Outcome::Disabled),
            Step::Owner => self.is_owner_suspended.then_some(Outcome::OwnerSuspended),
            Step::Expiry => self.expires_at.is_some_and(|end| end <= now).then_some(Outcome::Expired),
            Step::Ip | Step::Scopes => None,
        }
    }

    /// The key's status.
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        match Step::ALL.into_iter().find_map(|step| self.check(step, now)) {
            None => KeyStatus::Active,
            Some(Outcome::Revoked) => KeyStatus::Revoked,
            Some(_) => KeyStatus::Inactive,
        }
    }
}

/// Decides about a key whose secret was right and whose API is the one asked for: the first step that is not passed tells.
pub fn decide(key: &KeyFacts<'_>, request: &Presented<'_>, now: Timestamp) -> Outcome {
    Step::ALL.into_iter().find_map(|step| step.check(key, request, now)).unwrap_or(Outcome::Verified)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn active<'a>(scopes: &'a [&'a ScopeKey]) -> KeyFacts<'a> {
        let state = KeyState { is_revoked: false, is_enabled: true, is_owner_suspended: false, expires_at: None };
        KeyFacts { state, allowed_cidrs: &[], scopes }
    }

    #[test]
    fn the_first_reason_in_the_order_of_the_checks_is_told() {
        let nets: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let wanted = ["read:users".to_owned()];
        let request = Presented { ip: None, scopes: &wanted };
        let state = KeyState { is_revoked: true, is_enabled: false, is_owner_suspended: true, expires_at: Some(NOW) };
        let mut key = KeyFacts { state, allowed_cidrs: &nets, scopes: &[] };
        let read = ScopeKey::parse("read:users").unwrap();
        let scopes = [&read];
        assert_eq!((decide(&key, &request, NOW), key.state.status(NOW)), (Outcome::Revoked, KeyStatus::Revoked));
        key.state.is_revoked = false;
        assert_eq!((decide(&key, &request, NOW), key.state.status(NOW)), (Outcome::Disabled, KeyStatus::Inactive));
        key.state.is_enabled = true;
        assert_eq!(
            (decide(&key, &request, NOW), key.state.status(NOW)),
            (Outcome::OwnerSuspended, KeyStatus::Inactive)
        );
        key.state.is_owner_suspended = false;
        assert_eq!((decide(&key, &request, NOW), key.state.status(NOW)), (Outcome::Expired, KeyStatus::Inactive));
        key.state.expires_at = None;
        assert_eq!((decide(&key, &request, NOW), key.state.status(NOW)), (Outcome::IpNotAllowed, KeyStatus::Active));
        key.allowed_cidrs = &[];
        assert_eq!(decide(&key, &request, NOW), Outcome::InsufficientScope(vec!["read:users".into()]));
        key.scopes = &scopes;
        assert_eq!((decide(&key, &request, NOW), key.state.status(NOW)), (Outcome::Verified, KeyStatus::Active));
    }

    #[test]
    fn a_key_is_valid_until_the_instant_of_its_expiry_and_no_longer() {
        let mut key = active(&[]);
        key.state.expires_at = Some(NOW);
        let before = Timestamp::from_micros(NOW.as_micros() - 1);
        assert_eq!(decide(&key, &Presented::default(), before), Outcome::Verified);
        assert_eq!(decide(&key, &Presented::default(), NOW), Outcome::Expired);
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same_address() {
        let nets: Vec<IpNet> = vec!["203.0.113.0/24".parse().unwrap()];
        let key = KeyFacts { allowed_cidrs: &nets, ..active(&[]) };
        let from = |ip: &str| decide(&key, &Presented { ip: Some(ip.parse().unwrap()), scopes: &[] }, NOW);
        assert_eq!(from("203.0.113.9"), Outcome::Verified);
        assert_eq!(from("::ffff:203.0.113.9"), Outcome::Verified);
        assert_eq!(from("203.0.114.9"), Outcome::IpNotAllowed);
    }

    #[test]
    fn a_status_is_read_as_it_is_written() {
        for (status, text) in
            [(KeyStatus::Active, "active"), (KeyStatus::Inactive, "inactive"), (KeyStatus::Revoked, "revoked")]
        {
            assert_eq!((status.as_str(), KeyStatus::parse(text)), (text, Some(status)));
        }
        assert_eq!(KeyStatus::parse("Active"), None);
    }

    #[test]
    fn each_step_tells_what_is_wrong_by_it_alone() {
        let nets: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let wanted = ["read:users".to_owned()];
        let request = Presented { ip: None, scopes: &wanted };
        let state = KeyState { is_revoked: true, is_enabled: false, is_owner_suspended: true, expires_at: Some(NOW) };
        let key = KeyFacts { state, allowed_cidrs: &nets, scopes: &[] };
        assert_eq!(
            Step::ALL.map(|step| step.check(&key, &request, NOW)),
            [
                Some(Outcome::Revoked),
                Some(Outcome::Disabled),
                Some(Outcome::OwnerSuspended),
                Some(Outcome::Expired),
                Some(Outcome::IpNotAllowed),
                Some(Outcome::InsufficientScope(vec!["read:users".into()])),
            ]
        );
        assert_eq!(Step::ALL.map(|step| step.check(&active(&[]), &Presented::default(), NOW)), [const { None }; 6]);
    }

    #[test]
    fn every_missing_scope_is_named() {
        let read = ScopeKey::parse("read:users").unwrap();
        let scopes = [&read];
        let wanted: Vec<String> = ["a", "read:users", "b"].map(Into::into).into();
        let outcome = decide(&active(&scopes), &Presented { ip: None, scopes: &wanted }, NOW);
        assert_eq!(outcome, Outcome::InsufficientScope(vec!["a".into(), "b".into()]));
    }
}
