use keyward_core::Timestamp;

use crate::facts::{self, PublicKey};

/// What a node knows about a key that tokens are signed with.
#[derive(Debug)]
pub struct SigningKey {
    /// The public half; none if it cannot be believed to be ours.
    pub public: Option<PublicKey>,
    retired_at: Option<Timestamp>,
    pub(super) revision: u64,
}

impl SigningKey {
    pub(super) fn new(fact: facts::SigningKey) -> Self {
        Self { public: fact.public, retired_at: fact.retired_at, revision: fact.revision }
    }

    /// Whether its tokens are accepted at this time.
    pub fn is_accepted_at(&self, now: Timestamp) -> bool {
        self.retired_at.is_none_or(|end| now < end)
    }
}
