//! The keys by which the platform's code knows roles and permissions.

use std::fmt;

use serde::Serialize;

use crate::{Broken, ScopeKey};

/// The key of a role or of a permission, such as `admin` or `create:todos`: the letters of a scope's key, but no comma,
/// since lists of members are filtered by keys with commas between them. Capitals and small letters are different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccessKey(ScopeKey);

impl AccessKey {
    /// Reads a key, or says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, Broken> {
        let key = ScopeKey::parse(text)?;
        if text.contains(',') {
            return Err(Broken("must not contain commas".into()));
        }
        Ok(Self(key))
    }

    /// The key as it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_scope_token_without_commas() {
        for good in ["admin", "create:todos", "a", &"x".repeat(64)] {
            assert!(AccessKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a,b", "a b", "é", &"x".repeat(65)] {
            assert!(AccessKey::parse(bad).is_err(), "{bad}");
        }
    }
}
