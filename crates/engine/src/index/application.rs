use std::sync::Arc;

use keyward_core::{ApiId, ClientId, OrgCode, ScopeKey, ScopeNumbers};

use crate::facts;
use crate::index::{Api, KnownOwner, OwnerState};

/// What a node knows about an application. A change of its row, or of its grant, makes a new one.
#[derive(Clone, Debug)]
pub struct Application {
    /// The client id.
    pub id: ClientId,
    /// What people call it.
    pub name: String,
    /// The organization that it is kept to.
    pub org_code: Option<OrgCode>,
    /// The APIs whose keys it may verify; none for those of every API.
    pub bound: Option<Vec<ApiId>>,
    pub(super) organization: Option<Arc<KnownOwner>>,
    pub(super) is_enabled: bool,
    pub(super) is_deleted: bool,
    pub(super) granted: Option<Granted>,
    pub(super) revision: u64,
}

/// What an application may do with the management API.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) api: Arc<Api>,
    pub(super) scopes: ScopeNumbers,
    pub(super) revision: u64,
}

/// Everything that is known about an application at one moment.
#[derive(Clone, Debug)]
pub struct KnownApplication<'a> {
    /// The application.
    pub application: &'a Application,
    /// What is true of the organization that it is kept to.
    pub organization: Option<&'a OwnerState>,
    /// The scopes of the management API that it was granted, and that are still there, ascending by number.
    pub scopes: Vec<&'a ScopeKey>,
}

impl Application {
    pub(super) fn new(
        fact: facts::Application,
        organization: Option<Arc<KnownOwner>>,
        granted: Option<Granted>,
    ) -> Self {
        Self {
            id: fact.id,
            name: fact.name,
            org_code: fact.organization.and_then(|owner| owner.id.org_code().cloned()),
            bound: fact.bound,
            organization,
            is_enabled: fact.is_enabled,
            is_deleted: fact.is_deleted,
            granted,
            revision: fact.revision,
        }
    }
}

impl KnownApplication<'_> {
    /// Whether its tokens are worth anything.
    pub fn is_active(&self) -> bool {
        let stands = self.application.is_enabled && !self.application.is_deleted;
        stands && self.organization.is_none_or(|owner| !owner.is_suspended && !owner.is_deleted)
    }
}
