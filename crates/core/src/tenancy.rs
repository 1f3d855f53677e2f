//! Who owns a key, and how much of the store a caller may see.

use serde::{Deserialize, Serialize};

use crate::{ClientId, OrgCode, UserId};

/// How much of the store a caller may see.
///
/// Every function of the store that reads or writes what an organization owns takes one, so that the filter cannot be
/// forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgScope {
    /// Everything: the platform's own credentials.
    All,
    /// What one organization owns, and nothing else.
    One(OrgCode),
}

/// Which APIs a caller may see, and name in what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiScope {
    /// Every API: the platform's own credentials.
    All,
    /// Those that an organization's application is authorised for.
    GrantedTo(ClientId),
}

impl ApiScope {
    /// The application that the caller is.
    pub fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::All => None,
            Self::GrantedTo(id) => Some(id),
        }
    }
}

impl OrgScope {
    /// The organization that the caller is kept to.
    pub fn org_code(&self) -> Option<&OrgCode> {
        match self {
            Self::All => None,
            Self::One(code) => Some(code),
        }
    }

    /// Whether a key with this owner may be seen.
    pub fn covers(&self, owner: &Owner) -> bool {
        match self {
            Self::All => true,
            Self::One(code) => matches!(owner, Owner::Organization(owned_by) if owned_by == code),
        }
    }
}

/// Who holds a key. An `environment` key belongs to the platform itself and is for the management API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A user's own key.
    User(UserId),
    /// A key of an organization.
    Organization(OrgCode),
    /// A key of the platform.
    Environment,
}

/// The `type` of a key: whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyType {
    /// A user's.
    User,
    /// An organization's.
    Organization,
    /// The platform's own, for the management API.
    Environment,
}

impl KeyType {
    /// As it is written on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Organization => "organization",
            Self::Environment => "environment",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Organization, Self::Environment].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Owner {
    /// The owner that two columns name, of which one at most is filled.
    pub fn of(user_id: Option<&UserId>, org_code: Option<&OrgCode>) -> Self {
        match (user_id, org_code) {
            (Some(id), _) => Self::User(id.clone()),
            (None, Some(code)) => Self::Organization(code.clone()),
            (None, None) => Self::Environment,
        }
    }

    /// The type of the keys that it owns.
    pub const fn key_type(&self) -> KeyType {
        match self {
            Self::User(_) => KeyType::User,
            Self::Organization(_) => KeyType::Organization,
            Self::Environment => KeyType::Environment,
        }
    }

    /// The owner's id; empty for the platform itself.
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Organization(code) => code.as_str(),
            Self::Environment => "",
        }
    }

    /// The user, if a user it is.
    pub fn user_id(&self) -> Option<&UserId> {
        if let Self::User(id) = self { Some(id) } else { None }
    }

    /// The organization, if an organization it is.
    pub fn org_code(&self) -> Option<&OrgCode> {
        if let Self::Organization(code) = self { Some(code) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(text: &str) -> OrgCode {
        OrgCode::parse(text).unwrap()
    }

    #[test]
    fn a_scope_says_whom_it_is_kept_to() {
        let (client, own) = (ClientId::parse("c1").unwrap(), org("org_1"));
        assert_eq!((ApiScope::All.client_id(), OrgScope::All.org_code()), (None, None));
        assert_eq!(ApiScope::GrantedTo(client.clone()).client_id(), Some(&client));
        assert_eq!(OrgScope::One(own.clone()).org_code(), Some(&own));
    }

    #[test]
    fn who_is_kept_to_an_organization_sees_its_keys_and_no_users_and_none_of_the_platform() {
        let own = OrgScope::One(org("org_1"));
        let user = Owner::User(UserId::parse("kp_1").unwrap());
        for (owner, is_own) in [
            (Owner::Organization(org("org_1")), true),
            (Owner::Organization(org("org_2")), false),
            (user, false),
            (Owner::Environment, false),
        ] {
            assert_eq!((own.covers(&owner), OrgScope::All.covers(&owner)), (is_own, true), "{owner:?}");
        }
    }

    #[test]
    fn an_owner_says_what_it_is_and_by_which_id() {
        let (user, organization) = (UserId::parse("kp_1").unwrap(), org("org_1"));
        for (owner, kind, text, id) in [
            (Owner::User(user.clone()), KeyType::User, "user", "kp_1"),
            (Owner::Organization(organization.clone()), KeyType::Organization, "organization", "org_1"),
            (Owner::Environment, KeyType::Environment, "environment", ""),
        ] {
            assert_eq!((owner.key_type(), owner.id()), (kind, id));
            assert_eq!((kind.as_str(), KeyType::parse(text)), (text, Some(kind)));
            assert_eq!(owner.user_id(), (kind == KeyType::User).then_some(&user));
            assert_eq!(owner.org_code(), (kind == KeyType::Organization).then_some(&organization));
        }
        assert_eq!(KeyType::parse("robot"), None);
    }
}
