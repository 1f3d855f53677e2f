//! Scopes: the permissions of a registered API, and those of the management API itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Broken;

/// Characters in the key of a scope.
pub const MAX_SCOPE_KEY_CHARS: usize = 64;

/// The key of a scope, such as `read:users`: 1 to 64 characters of a `scope-token` (RFC 6749 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ScopeKey(Box<str>);

impl ScopeKey {
    /// Reads a scope key, or says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, Broken> {
        if text.is_empty() || text.chars().count() > MAX_SCOPE_KEY_CHARS {
            return Err(Broken(format!("must be 1 to {MAX_SCOPE_KEY_CHARS} characters")));
        }
        // NQCHAR of RFC 6749 appendix A: printable ASCII but for the space, the quote and the backslash.
        if !text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
            return Err(Broken("must be printable ASCII without spaces, quotes and backslashes".into()));
        }
        Ok(Self(text.into()))
    }

    /// The key as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The small number of a scope within its API; never given to another scope of that API.
pub type ScopeNumber = u32;

/// The scopes of a key or of an authorised application: numbers within one API, ascending, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<ScopeNumber>")]
pub struct ScopeNumbers(Box<[ScopeNumber]>);

impl ScopeNumbers {
    /// Whether the scope is among them.
    pub fn contains(&self, number: ScopeNumber) -> bool {
        self.0.binary_search(&number).is_ok()
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = ScopeNumber> + '_ {
        self.0.iter().copied()
    }

    /// The same with one more.
    pub fn with(&self, number: ScopeNumber) -> Self {
        self.iter().chain([number]).collect()
    }

    /// The same without one.
    pub fn without(&self, number: ScopeNumber) -> Self {
        self.iter().filter(|kept| *kept != number).collect()
    }
}

impl From<Vec<ScopeNumber>> for ScopeNumbers {
    fn from(mut numbers: Vec<ScopeNumber>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers.into())
    }
}

impl FromIterator<ScopeNumber> for ScopeNumbers {
    fn from_iter<I: IntoIterator<Item = ScopeNumber>>(numbers: I) -> Self {
        numbers.into_iter().collect::<Vec<_>>().into()
    }
}

macro_rules! management_scopes {
    ($($name:ident $key:literal $description:literal,)*) => {
        /// A scope of the management API: what a credential may do with Keyward itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ManagementScope {
            $(#[doc = concat!("`", $key, "`: ", $description, ".")] $name,)*
        }

        impl ManagementScope {
            /// Every one, in the order in which they are numbered in a new store.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The key, such as `read:apis`.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What it permits, in a few words.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }

            /// Reads a key.
            pub fn parse(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$name),)* _ => None }
            }
        }
    };
}

management_scopes! {
    ReadApis "read:apis" "List and read APIs",
    CreateApis "create:apis" "Register APIs",
    UpdateApis "update:apis" "Change APIs, and authorise applications for them",
    DeleteApis "delete:apis" "Delete APIs",
    ReadApiScopes "read:api_scopes" "List and read the scopes of APIs",
    CreateApiScopes "create:api_scopes" "Add scopes to APIs",
    UpdateApiScopes "update:api_scopes" "Describe the scopes of APIs",
    DeleteApiScopes "delete:apis_scopes" "Delete scopes of APIs",
    CreateApiApplicationScopes "create:api_application_scopes" "Give applications scopes of APIs",
    DeleteApiApplicationScopes "delete:apis_application_scopes" "Take scopes of APIs from applications",
    ReadApplications "read:applications" "List and read applications",
    CreateApplications "create:applications" "Create applications",
    UpdateApplications "update:applications" "Change applications and rotate their secrets",
    DeleteApplications "delete:applications" "Delete applications",
    ReadOrganizations "read:organizations" "List and read organizations",
    CreateOrganizations "create:organizations" "Create organizations",
    UpdateOrganizations "update:organizations" "Change and suspend organizations",
    DeleteOrganizations "delete:organizations" "Delete organizations",
    ReadUsers "read:users" "List and read users",
    CreateUsers "create:users" "Create users",
    UpdateUsers "update:users" "Change and suspend users",
    DeleteUsers "delete:users" "Delete users",
    ReadApiKeys "read:api_keys" "List, read and verify API keys",
    CreateApiKeys "create:api_keys" "Create API keys",
    UpdateApiKeys "update:api_keys" "Rotate and change API keys",
    DeleteApiKeys "delete:api_keys" "Revoke API keys",
    VerifyApiKeys "verify:api_keys" "Verify API keys and nothing else",
    UpdateApplicationTokens "update:application_tokens" "Set how long the tokens of applications live",
    ReadOrganizationUsers "read:organization_users" "List the members of organizations",
    CreateOrganizationUsers "create:organization_users" "Add users to organizations",
    UpdateOrganizationUsers "update:organization_users" "Change the roles and permissions of members",
    DeleteOrganizationUsers "delete:organization_users" "Remove users from organizations",
    ReadOrganizationUserRoles "read:organization_user_roles" "List the roles of members",
    CreateOrganizationUserRoles "create:organization_user_roles" "Give roles to members",
    DeleteOrganizationUserRoles "delete:organization_user_roles" "Take roles from members",
    ReadOrganizationUserPermissions "read:organization_user_permissions" "List the permissions of members",
    CreateOrganizationUserPermissions "create:organization_user_permissions" "Give permissions to members",
    DeleteOrganizationUserPermissions "delete:organization_user_permissions" "Take permissions from members",
    ReadRoles "read:roles" "List and read roles",
    CreateRoles "create:roles" "Create roles",
    UpdateRoles "update:roles" "Change roles",
    DeleteRoles "delete:roles" "Delete roles",
    ReadRolePermissions "read:role_permissions" "List the permissions of roles",
    UpdateRolePermissions "update:role_permissions" "Give permissions to roles",
    DeleteRolePermissions "delete:role_permissions" "Take permissions from roles",
    ReadPermissions "read:permissions" "List permissions",
    CreatePermissions "create:permissions" "Create permissions",
    UpdatePermissions "update:permissions" "Change permissions",
    DeletePermissions "delete:permissions" "Delete permissions",
    ReadSystemPermissions "read:system_permissions" "List Keyward's own permissions",
    ReadRoleSystemPermissions "read:role_system_permissions" "List Keyward's own permissions of roles",
    UpdateRoleSystemPermissions "update:role_system_permissions" "Give roles Keyward's own permissions, and take them",
    ReadSigningKeys "read:signing_keys" "List the keys that sign tokens",
    UpdateSigningKeys "update:signing_keys" "Rotate the keys that sign tokens",
    ReadAuditEvents "read:audit_events" "Read who changed what, and what was refused",
    ReadPlans "read:plans" "List and read plans",
    CreatePlans "create:plans" "Create plans",
    UpdatePlans "update:plans" "Change plans, and with them what their owners may do",
    DeletePlans "delete:plans" "Delete plans",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_key_is_a_scope_token() {
        for good in ["read:users", "a", "!", &"x".repeat(64)] {
            assert!(ScopeKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "read users", "a\"b", "a\\b", "é", "a\n", &"x".repeat(65)] {
            assert!(ScopeKey::parse(bad).is_err(), "{bad}");
        }
        let key = ScopeKey::parse("read:users").unwrap();
        assert_eq!((key.as_str(), key.to_string().as_str()), ("read:users", "read:users"));
    }

    #[test]
    fn numbers_are_kept_ascending_and_once() {
        let numbers: ScopeNumbers = vec![7, 2, 7].into();
        assert_eq!(serde_json::to_string(&numbers).unwrap(), "[2,7]");
        assert_eq!(numbers.iter().collect::<Vec<_>>(), [2, 7]);
        assert_eq!(numbers.with(3).without(7), vec![2, 3].into());
        assert!(numbers.contains(7) && !numbers.contains(3));
    }

    #[test]
    fn every_management_scope_is_a_scope_token_and_reads_back() {
        for scope in ManagementScope::ALL {
            assert!(ScopeKey::parse(scope.key()).is_ok());
            assert_eq!(ManagementScope::parse(scope.key()), Some(*scope));
        }
        let (read, all) = (ManagementScope::ReadApis, ManagementScope::ALL.len());
        assert_eq!((read.key(), read.description()), ("read:apis", "List and read APIs"));
        let described: std::collections::BTreeSet<_> = ManagementScope::ALL.iter().map(|s| s.description()).collect();
        assert_eq!(described.len(), all, "each says something of its own");
        assert_eq!(ManagementScope::parse("read:everything"), None);
    }
}
