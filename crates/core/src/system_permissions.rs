//! What a role lets a member do with Keyward itself, in the self-service portal.

/// A permission of Keyward's own, which a role may carry in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemPermission {
    /// See the API keys of the organization.
    ReadKeys,
    /// Create, rotate and revoke the API keys of the organization.
    WriteKeys,
}

impl SystemPermission {
    /// Every one, by key.
    pub const ALL: &[Self] = &[Self::ReadKeys, Self::WriteKeys];

    /// Its id, the same in every store.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ReadKeys => "perm_6b657977617264726561646b65797331",
            Self::WriteKeys => "perm_6b65797761726477726974656b657973",
        }
    }

    /// Its key, as it is written.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ReadKeys => "read:org:authentication",
            Self::WriteKeys => "write:org:authentication",
        }
    }

    /// Its key in the order of words that the other system permissions of Kinde have.
    pub const fn alias(self) -> &'static str {
        match self {
            Self::ReadKeys => "org:read:authentication",
            Self::WriteKeys => "org:write:authentication",
        }
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadKeys => "Read API keys",
            Self::WriteKeys => "Manage API keys",
        }
    }

    /// What it permits.
    pub const fn description(self) -> &'static str {
        match self {
            Self::ReadKeys => "See the API keys of the organization",
            Self::WriteKeys => "Create, rotate and revoke the API keys of the organization",
        }
    }

    /// Reads an id, a key or its alias.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| [known.id(), known.key(), known.alias()].contains(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_known_by_its_id_its_key_and_the_other_order_of_words() {
        for known in SystemPermission::ALL {
            for text in [known.id(), known.key(), known.alias()] {
                assert_eq!(SystemPermission::parse(text), Some(*known));
            }
            assert!(
                known
                    .id()
                    .strip_prefix("perm_")
                    .is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
            );
        }
        assert_eq!(SystemPermission::parse("org:read:billing"), None);
    }
}
