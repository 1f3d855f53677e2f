//! What a plan allows the keys of its owners.

use serde::{Deserialize, Serialize};

use crate::{ApiId, ScopeNumbers};

/// APIs that one plan names.
pub const MAX_ALLOWED_APIS: usize = 100;

/// The scopes that keys of a plan's owners may carry: of each API that is named these, of every other API none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllowedScopes(Box<[AllowedOfApi]>);

/// What is allowed of one API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedOfApi {
    /// The API.
    pub api_id: ApiId,
    /// Its scopes, as numbers within it.
    pub scopes: ScopeNumbers,
}

impl AllowedScopes {
    /// These, each API once: of one that stands twice, the first counts.
    pub fn new(of_apis: Vec<AllowedOfApi>) -> Self {
        Self(of_apis.into())
    }

    /// What is allowed of each API.
    pub fn iter(&self) -> impl Iterator<Item = &AllowedOfApi> {
        self.0.iter()
    }

    /// Those of a key's scopes for an API that it may carry.
    pub fn among(&self, api_id: &ApiId, carried: &ScopeNumbers) -> ScopeNumbers {
        match self.0.iter().find(|of_api| of_api.api_id == *api_id) {
            Some(of_api) => carried.iter().filter(|number| of_api.scopes.contains(*number)).collect(),
            None => ScopeNumbers::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_api_that_is_named_these_are_allowed_and_of_any_other_none() {
        let [named, bare, other] = ["a1", "b2", "c3"].map(|id| ApiId::parse(id).unwrap());
        let allowed = AllowedScopes::new(vec![
            AllowedOfApi { api_id: named.clone(), scopes: vec![1, 3].into() },
            AllowedOfApi { api_id: bare.clone(), scopes: ScopeNumbers::default() },
        ]);
        let carried = ScopeNumbers::from(vec![1, 2, 3]);
        for (api, kept) in [(&named, vec![1, 3]), (&bare, vec![]), (&other, vec![])] {
            assert_eq!(allowed.among(api, &carried), kept.into(), "{api}");
        }
        assert_eq!(AllowedScopes::new(Vec::new()).among(&named, &carried), ScopeNumbers::default());
    }

    #[test]
    fn they_are_read_as_they_are_written() {
        let text = r#"[{"api_id":"a1","scopes":[1,3]},{"api_id":"b2","scopes":[]}]"#;
        let read: AllowedScopes = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(read.iter().map(|of_api| of_api.api_id.as_str()).collect::<Vec<_>>(), ["a1", "b2"]);
    }
}
