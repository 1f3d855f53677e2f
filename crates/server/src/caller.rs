//! Who calls, and with what rights.

use std::collections::BTreeSet;

use keyward_core::{ApiId, ApiScope, ClientId, KeySecret, ManagementScope, OrgCode, OrgScope};
pub use keyward_store::Origin;
use keyward_store::{Actor, ActorKind};
use keyward_wire::ErrorCode;

use crate::refusal::Refusal;

/// Who calls, and with what rights: what every action is asked with.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is, for the audit log.
    pub actor: Actor,
    /// How much of the store it may see.
    pub org_scope: OrgScope,
    /// Which APIs it may see and name.
    pub api_scope: ApiScope,
    /// What it may do with Keyward itself.
    pub scopes: BTreeSet<ManagementScope>,
    /// The APIs whose keys it may verify; none for those of every API.
    pub bound: Option<Vec<ApiId>>,
    /// From where it calls, for the audit log.
    pub origin: Origin,
    /// What it showed, so that its rights can be looked up again; none where the host's own protection stands before.
    pub credential: Option<Credential>,
}

/// What a caller showed.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A token of an application.
    Token {
        /// The application.
        client_id: ClientId,
        /// The organization that the token was issued for.
        org_code: Option<OrgCode>,
        /// The scopes that the token carries.
        scopes: BTreeSet<ManagementScope>,
    },
    /// An environment key.
    Key(KeySecret),
}

impl Caller {
    /// Somebody at the host, who may do everything: the host's own protection stands before.
    pub fn command_line() -> Self {
        Self::with_all_rights(ActorKind::CommandLine, "command line")
    }

    /// Whoever held the setup link of an empty store.
    pub fn setup() -> Self {
        Self::with_all_rights(ActorKind::Setup, "setup")
    }

    /// Keyward itself.
    pub fn system() -> Self {
        Self::with_all_rights(ActorKind::System, "Keyward")
    }

    fn with_all_rights(kind: ActorKind, name: &str) -> Self {
        Self {
            actor: Actor { kind, id: String::new(), name: name.to_owned() },
            org_scope: OrgScope::All,
            api_scope: ApiScope::All,
            scopes: ManagementScope::ALL.iter().copied().collect(),
            bound: None,
            origin: Origin::default(),
            credential: None,
        }
    }

    /// Whoever holds a key, without any right but that over the key itself.
    pub fn holder(actor: Actor) -> Self {
        Self { actor, scopes: BTreeSet::new(), bound: Some(Vec::new()), ..Self::system() }
    }

    /// The same, calling from somewhere.
    pub fn from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Who it is in one text, for what only the same caller may come back to.
    pub fn principal(&self) -> String {
        format!("{} {}", self.actor.kind.as_str(), self.actor.id)
    }

    /// Refuses a caller that lacks a scope.
    pub fn require(&self, scope: ManagementScope) -> Result<(), Refusal> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Refusal::scope_missing(scope)) }
    }

    /// Refuses the application of an organization.
    pub fn require_platform(&self) -> Result<(), Refusal> {
        match self.org_scope {
            OrgScope::All => Ok(()),
            OrgScope::One(_) => Err(Refusal::new(ErrorCode::PlatformOnly)),
        }
    }

    /// Refuses to give a credential rights over Keyward that the caller does not hold: a scope it lacks, or keys of
    /// APIs that it is itself kept from.
    pub fn require_may_give(&self, scopes: &[ManagementScope], bound: Option<&[ApiId]>) -> Result<(), Refusal> {
        self.require_platform()?;
        if let Some(lacking) = scopes.iter().find(|scope| !self.scopes.contains(scope)) {
            let message = format!("The credential does not hold {} and so cannot give it.", lacking.key());
            return Err(Refusal::with(ErrorCode::RightsExceeded, message));
        }
        let Some(own) = &self.bound else { return Ok(()) };
        if bound.is_some_and(|given| given.iter().all(|api| own.contains(api))) {
            return Ok(());
        }
        let message = "The credential is bound to APIs and can give rights within these alone.";
        Err(Refusal::with(ErrorCode::RightsExceeded, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_a_key_has_no_right_over_anything_else() {
        let holder = Caller::holder(Actor { kind: ActorKind::KeyHolder, id: "api_key_1".into(), name: "Key".into() });
        for scope in ManagementScope::ALL {
            assert!(holder.require(*scope).is_err(), "{scope:?}");
        }
        assert_eq!(holder.bound, Some(Vec::new()));
    }

    #[test]
    fn nobody_gives_what_they_do_not_hold() {
        let (own, other) = (ApiId::parse("a").unwrap(), ApiId::parse("b").unwrap());
        let mut caller = Caller::system();
        caller.scopes = [ManagementScope::CreateApiKeys].into();
        let code = |given: Result<(), Refusal>| given.map_err(|refusal| refusal.code);
        let exceeded = Err(ErrorCode::RightsExceeded);

        assert_eq!(code(caller.require_may_give(&[ManagementScope::CreateApiKeys], None)), Ok(()));
        assert_eq!(code(caller.require_may_give(&[ManagementScope::ReadApiKeys], None)), exceeded);

        caller.bound = Some(vec![own.clone()]);
        assert_eq!(code(caller.require_may_give(&[], Some(std::slice::from_ref(&own)))), Ok(()));
        assert_eq!(code(caller.require_may_give(&[], Some(&[own, other]))), exceeded);
        assert_eq!(code(caller.require_may_give(&[], None)), exceeded);

        caller.org_scope = OrgScope::One(keyward_core::OrgCode::parse("org_1").unwrap());
        assert_eq!(code(caller.require_may_give(&[], None)), Err(ErrorCode::PlatformOnly));
    }
}
