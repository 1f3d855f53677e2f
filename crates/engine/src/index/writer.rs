use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use keyward_core::{ApiId, ApiKeyId, Owner, Timestamp};

use crate::facts::{self, Changes};
use crate::index::application::Granted;
use crate::index::{Allowance, Api, Application, Index, Key, KnownOwner, Secret, SigningKey, Usage};

/// The one that brings an index up to date, with what it needs to find again what it wrote.
#[derive(Debug)]
pub struct Writer {
    index: Arc<Index>,
    apis: HashMap<ApiId, Arc<Api>>,
    /// Those that own a key, or that an application is kept to.
    owners: HashMap<Owner, Arc<KnownOwner>>,
    keys: HashMap<ApiKeyId, Arc<Key>>,
    /// Of the few that have any, by the id of their holder.
    credits: HashMap<String, facts::Credits>,
}

const HOUR: Duration = Duration::from_secs(3_600);

/// A row refers to one that should be known and is not. The index cannot be told to be complete.
#[derive(Debug, thiserror::Error)]
#[error("the {row} of revision {revision} refers to {refers_to}, which is not known")]
pub struct Unappliable {
    row: &'static str,
    revision: u64,
    refers_to: String,
}

impl Writer {
    /// A writer of an empty index.
    pub fn new(index: Arc<Index>) -> Self {
        Self { index, apis: HashMap::new(), owners: HashMap::new(), keys: HashMap::new(), credits: HashMap::new() }
    }

    /// How many keys are known.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Applies what changed, as it was read behind this head. Rows of changes beyond the head may refer to others that
    /// were not read: those are left out, and come again with the next head.
    pub fn apply(&mut self, changes: Changes, head: u64) -> Result<(), Unappliable> {
        changes.apis.into_iter().for_each(|fact| self.apply_api(fact));
        self.apply_scopes(changes.scopes, head)?;
        // First: the rows of their holders were written with them, and come behind.
        changes.credits.into_iter().for_each(|fact| self.apply_credits(fact));
        for fact in &changes.owners {
            // Of the others, the row of a key or an application tells when there is one.
            if let Some(known) = self.owners.get(&fact.id) {
                known.apply(fact, self.credits.get(fact.id.id()));
            }
        }
        changes.applications.into_iter().for_each(|fact| self.apply_application(fact));
        changes.grants.into_iter().try_for_each(|fact| self.apply_grant(fact, head))?;
        changes.signing_keys.into_iter().for_each(|fact| self.apply_signing_key(fact));
        changes.keys.into_iter().try_for_each(|fact| self.apply_key(fact, head))
    }

    /// Seconds of the longest window of a limit of which something is to be remembered; none if no key and no owner has such
    /// a limit.
    pub fn longest_window(&self) -> Option<u32> {
        let of_keys = self.keys.values().filter_map(|key| key.allowance.clone());
        let of_owners = self.owners.values().filter_map(|owner| owner.state().allowance.clone());
        of_keys.chain(of_owners).filter_map(|allowance| allowance.longest_window()).max()
    }

    /// Remembers what keys have used, hour by hour, the oldest first. An hour that goes on is counted as if all of it had been
    /// used now.
    pub fn remember(&self, hours: &[facts::UsedHour], now: Timestamp) {
        for hour in hours {
            let Some(key) = self.keys.get(&hour.key_id) else { continue };
            let at = hour.hour_at.after(HOUR).min(now);
            let of_owner = key.owned_by.as_ref().and_then(|owner| owner.state().allowance.clone());
            for allowance in key.allowance.iter().chain(&of_owner) {
                allowance.remember(hour, at);
            }
        }
    }

    fn apply_api(&mut self, fact: facts::Api) {
        let api = match self.apis.get(&fact.id) {
            Some(known) => {
                known.apply(&fact);
                Arc::clone(known)
            }
            None => {
                let new = Arc::new(Api::new(fact));
                self.apis.insert(new.id.clone(), Arc::clone(&new));
                new
            }
        };
        if api.is_management_api {
            return;
        }
        let audiences = self.index.audiences.pin();
        if !api.state().is_deleted {
            audiences.insert(api.audience.clone(), api);
        } else if audiences.get(&api.audience).is_some_and(|known| known.id == api.id) {
            audiences.remove(&api.audience);
        }
    }

    fn apply_credits(&mut self, fact: facts::Credits) {
        if self.credits.get(&fact.holder).is_none_or(|known| known.revision < fact.revision) {
            self.credits.insert(fact.holder.clone(), fact);
        }
    }

    fn apply_application(&mut self, fact: facts::Application) {
        let organization = fact.organization.as_ref().map(|owner| self.know_owner(owner));
        let applications = self.index.applications.pin();
        let known = applications.get(&fact.id);
        if known.is_none_or(|known| known.revision < fact.revision) {
            let granted = known.and_then(|known| known.granted.clone());
            applications.insert(fact.id.clone(), Application::new(fact, organization, granted));
        }
    }

    fn apply_grant(&self, fact: facts::Grant, head: u64) -> Result<(), Unappliable> {
        let facts::Grant { client_id, api_id, scopes, revision } = fact;
        let Some(api) = self.find_api("grant", &api_id, revision, head)? else { return Ok(()) };
        let applications = self.index.applications.pin();
        let Some(known) = applications.get(&client_id) else {
            let unknown = Unappliable { row: "grant", revision, refers_to: format!("the application {client_id}") };
            return if revision <= head { Err(unknown) } else { Ok(()) };
        };
        if known.granted.as_ref().is_none_or(|granted| granted.revision < revision) {
            let granted = Some(Granted { api, scopes, revision });
            applications.insert(client_id, Application { granted, ..known.clone() });
        }
        Ok(())
    }

    fn apply_signing_key(&self, fact: facts::SigningKey) {
        let signing_keys = self.index.signing_keys.pin();
        if signing_keys.get(&fact.kid).is_none_or(|known| known.revision < fact.revision) {
            signing_keys.insert(fact.kid.clone(), SigningKey::new(fact));
        }
    }

    fn apply_scopes(&self, facts: Vec<facts::Scope>, head: u64) -> Result<(), Unappliable> {
        let mut of_api: BTreeMap<ApiId, Vec<facts::Scope>> = BTreeMap::new();
        for fact in facts {
            of_api.entry(fact.api_id.clone()).or_default().push(fact);
        }
        for (api_id, facts) in of_api {
            let oldest = facts.iter().map(|fact| fact.revision).min().unwrap_or(0);
            if let Some(api) = self.find_api("scope", &api_id, oldest, head)? {
                api.apply_scopes(facts.into_iter());
            }
        }
        Ok(())
    }

    fn apply_key(&mut self, fact: facts::Key, head: u64) -> Result<(), Unappliable> {
        let Some(api) = self.find_api("key", &fact.api_id, fact.revision, head)? else { return Ok(()) };
        let owned_by = fact.owner.as_ref().map(|owner| self.know_owner(owner));
        let known = self.keys.get(&fact.id);
        let usage = match known {
            Some(known) => {
                known.usage.at_least(fact.verification_count, fact.last_verified_at);
                if known.revision >= fact.revision {
                    return Ok(());
                }
                Arc::clone(&known.usage)
            }
            None => Arc::new(Usage::new(fact.verification_count, fact.last_verified_at)),
        };
        let before = known.and_then(|known| known.allowance.as_ref());
        let allowance = Allowance::after(before, &fact.rate_limits, self.credits.get(fact.id.as_str()));
        let key = Arc::new(Key {
            id: fact.id,
            owner: fact.owner.map_or(Owner::Environment, |owner| owner.id),
            api,
            name: fact.name.into(),
            scopes: fact.scopes,
            allowed_cidrs: fact.allowed_cidrs.into(),
            metadata: fact.metadata.map(Box::new),
            bound: fact.bound.map(Into::into),
            created_at: fact.created_at,
            expires_at: fact.expires_at,
            allowance,
            usage,
            owned_by,
            is_enabled: fact.is_enabled,
            is_revoked: fact.is_revoked,
            revision: fact.revision,
        });
        let secrets = self.index.secrets.pin();
        for secret in fact.secrets {
            let facts::Secret { selector, mac, version, expires_at } = secret;
            secrets.insert(selector, Secret { mac, version, expires_at, key: Arc::clone(&key) });
        }
        self.keys.insert(key.id.clone(), key);
        Ok(())
    }

    fn know_owner(&mut self, fact: &facts::Owner) -> Arc<KnownOwner> {
        let credits = self.credits.get(fact.id.id());
        match self.owners.get(&fact.id) {
            Some(known) => {
                known.apply(fact, credits);
                Arc::clone(known)
            }
            None => {
                let known = Arc::new(KnownOwner::new(fact, credits));
                self.owners.insert(fact.id.clone(), Arc::clone(&known));
                known
            }
        }
    }

    /// None if the row that refers to it may be known before it.
    fn find_api(
        &self,
        row: &'static str,
        api_id: &ApiId,
        revision: u64,
        head: u64,
    ) -> Result<Option<Arc<Api>>, Unappliable> {
        match self.apis.get(api_id) {
            None if revision <= head => Err(Unappliable { row, revision, refers_to: format!("the API {api_id}") }),
            found => Ok(found.cloned()),
        }
    }
}
