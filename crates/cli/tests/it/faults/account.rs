//! Somebody who holds keys, remembers each answer, and holds the server to it.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use super::calls::{Caller, Reply, answered};
use super::dice::Dice;
use super::held_key::{HeldKey, Since};
use super::{Checked, ensure};

const KEYS: &str = "/api/v1/api_keys";

/// A request without an answer. `at` is the place of its key.
#[derive(Debug)]
enum Pending {
    Create { name: String },
    Rotate { at: usize, key: String },
    Revoke { at: usize },
    Verify { at: usize },
    Token,
}

/// Somebody who makes changes, one after another. The name is that of the requests, too.
pub(crate) struct Account {
    name: String,
    api_id: String,
    credentials: (String, String),
    keys: Vec<HeldKey>,
    pending: Option<Pending>,
    made: u32,
    /// Changes that were answered.
    pub(crate) acknowledged: u32,
    /// The last token that was answered.
    pub(crate) token: String,
    /// What may have cost counts since a key was used before.
    pub(crate) since: Since,
    /// The refusals that may come, and came since; where none may, any is a fault.
    pub(crate) refusals: Option<Vec<Reply>>,
    dice: Dice,
}

impl Account {
    pub(crate) fn new(name: String, api_id: &str, credentials: (String, String), token: &str, dice: Dice) -> Self {
        let (api_id, token) = (api_id.to_owned(), token.to_owned());
        let (keys, pending, refusals, since) = (Vec::new(), None, None, Since::Answered);
        Self { name, api_id, credentials, keys, pending, made: 0, acknowledged: 0, token, since, refusals, dice }
    }

    /// Makes changes until one is not answered; counts the answers, for whoever waits for some.
    pub(crate) async fn work(&mut self, mut caller: Caller, answers: &AtomicU64) -> Checked {
        loop {
            caller.token.clone_from(&self.token);
            let usable: Vec<usize> = (0..self.keys.len()).filter(|at| !self.keys[*at].is_revoked).collect();
            let at = usable.get(self.dice.below(usable.len().max(1) as u64) as usize).copied();
            self.made += 1;
            let pending = match (self.dice.below(10), at) {
                (0..=2, Some(at)) => Pending::Rotate { at, key: self.next_name() },
                (3..=4, Some(at)) => Pending::Revoke { at },
                (5..=6, Some(at)) => Pending::Verify { at },
                (7, _) => Pending::Token,
                _ => Pending::Create { name: self.next_name() },
            };
            if let Some(at) = pending.key() {
                self.keys[at].is_touched = true;
            }
            if !self.ask(&caller, &pending).await? {
                self.pending = Some(pending);
                return Ok(());
            }
            self.acknowledged += 1;
            answers.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Sends a request and notes its answer; false if there was none.
    async fn ask(&mut self, caller: &Caller, pending: &Pending) -> Checked<bool> {
        match pending {
            Pending::Create { name } => {
                let body = self.body(name);
                let reply = caller.send(Method::POST, KEYS, Some(&body), Some(name)).await;
                let Some(reply) = self.unless_refused(reply) else { return Ok(false) };
                let reply = answered(Some(reply), 201, "a creation")?;
                let origin = (Method::POST, KEYS.to_owned(), name.clone());
                self.keys.push(HeldKey::created(&reply, origin, body)?);
            }
            Pending::Rotate { at, key } => {
                let path = format!("{KEYS}/{}", self.keys[*at].id);
                let reply = caller.send(Method::PUT, &path, None, Some(key)).await;
                let Some(reply) = self.unless_refused(reply) else { return Ok(false) };
                let secret = answered(Some(reply), 201, "a rotation")?.text("/api_key/key")?;
                self.keys[*at].take(secret, (Method::PUT, path, key.clone()));
            }
            Pending::Revoke { at } => {
                let path = format!("{KEYS}/{}", self.keys[*at].id);
                let reply = caller.send(Method::DELETE, &path, None, None).await;
                let Some(reply) = self.unless_refused(reply) else { return Ok(false) };
                answered(Some(reply), 200, "a revocation")?;
                self.keys[*at].is_revoked = true;
            }
            Pending::Verify { at } => {
                let reply = caller.verify(&self.keys[*at].secret).await;
                let Some(reply) = self.unless_refused(reply) else { return Ok(false) };
                let reply = answered(Some(reply), 200, "a verification")?;
                ensure!(reply.body["is_valid"] == true, "a key that was never revoked: {}", reply.body);
                let must_count = self.refusals.is_none();
                self.keys[*at].count(&reply, must_count, self.since)?;
            }
            Pending::Token => {
                let (id, secret) = &self.credentials;
                let reply = caller.ask_token(id, secret).await;
                let Some(reply) = self.unless_refused(reply) else { return Ok(false) };
                self.token = answered(Some(reply), 200, "a token")?.text("/access_token")?;
            }
        }
        Ok(true)
    }

    /// The answer, unless it is a refusal that may come: then it is noted, and as good as none, since nobody knows what
    /// became of the request.
    fn unless_refused(&mut self, reply: Option<Reply>) -> Option<Reply> {
        let reply = reply?;
        match &mut self.refusals {
            Some(refusals) if reply.status >= 500 => {
                refusals.push(reply);
                None
            }
            _ => Some(reply),
        }
    }

    /// Creates a key, rotates it, uses it, revokes it, and asks for a token; ends at the first refusal.
    pub(crate) async fn walk(&mut self, caller: &Caller) -> Checked {
        let at = self.keys.len();
        for step in 0..5 {
            self.made += 1;
            let pending = match step {
                0 => Pending::Create { name: self.next_name() },
                1 => Pending::Rotate { at, key: self.next_name() },
                2 => Pending::Verify { at },
                3 => Pending::Revoke { at },
                _ => Pending::Token,
            };
            if !self.ask(caller, &pending).await? {
                self.pending = Some(pending);
                return Ok(());
            }
        }
        Ok(())
    }

    /// The name of the request that is next, as long as any other, so that none is a part of another.
    fn next_name(&self) -> String {
        format!("{}-{:06}", self.name, self.made)
    }

    fn body(&self, name: &str) -> Value {
        json!({
            "name": name, "api_id": self.api_id, "scope_ids": ["read:orders"],
            "org_external_id": self.name, "create_owner": true,
        })
    }

    /// Holds the server, which has started anew, to all that it has answered about the keys that were touched since.
    pub(crate) async fn check(&mut self, mut caller: Caller) -> Checked {
        caller.token.clone_from(&self.token);
        self.settle(&caller).await?;
        for key in self.keys.iter_mut().filter(|key| key.is_touched) {
            key.check(&caller, self.since).await?;
            key.is_touched = false;
        }
        Ok(())
    }

    /// The same, about all keys.
    pub(crate) async fn check_all(&mut self, caller: Caller) -> Checked {
        self.keys.iter_mut().for_each(|key| key.is_touched = true);
        self.check(caller).await
    }

    /// Finds out what became of the request that was not answered: all of it or nothing. Then it is sent again.
    async fn settle(&mut self, caller: &Caller) -> Checked {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        match &pending {
            Pending::Create { name } => {
                let was_made = self.find(caller, name).await? == 1;
                let again = caller.send(Method::POST, KEYS, Some(&self.body(name)), Some(name)).await;
                let again = answered(again, 201, "a creation, repeated")?;
                ensure!(
                    again.is_repeated == was_made,
                    "{name} was made: {was_made}, but repeated: {}",
                    again.is_repeated
                );
                ensure!(self.ask(caller, &pending).await?, "no answer to a creation");
                ensure!(self.find(caller, name).await? == 1, "{name} was made more than once");
            }
            Pending::Rotate { at, key } => {
                let old = answered(caller.verify(&self.keys[*at].secret).await, 200, "an old secret")?;
                let is_old_valid = old.body["is_valid"] == true;
                self.keys[*at].perhaps_verified += u64::from(is_old_valid);
                let path = format!("{KEYS}/{}", self.keys[*at].id);
                let again = answered(caller.send(Method::PUT, &path, None, Some(key)).await, 201, "a rotation")?;
                ensure!(
                    again.is_repeated != is_old_valid,
                    "{key}: the old secret is valid: {is_old_valid}, but repeated: {}",
                    again.is_repeated
                );
                self.keys[*at].take(again.text("/api_key/key")?, (Method::PUT, path, key.clone()));
            }
            Pending::Revoke { at } => {
                let key = &mut self.keys[*at];
                let status = answered(caller.get(&format!("{KEYS}/{}", key.id)).await, 200, "a key")?;
                key.is_revoked = match &*status.text("/api_key/status")? {
                    "revoked" => true,
                    "active" => false,
                    other => return Err(format!("a revocation without an answer left the status {other}")),
                };
                key.check(caller, self.since).await?;
                ensure!(self.ask(caller, &pending).await?, "no answer to a revocation");
            }
            Pending::Verify { at } => self.keys[*at].perhaps_verified += 1,
            Pending::Token => {}
        }
        Ok(())
    }

    /// How many keys have this name.
    async fn find(&self, caller: &Caller, name: &str) -> Checked<usize> {
        let list = answered(caller.get(&format!("{KEYS}?name={name}")).await, 200, "a list")?;
        let keys = list.body["api_keys"].as_array().ok_or_else(|| format!("no list: {}", list.body))?;
        Ok(keys.iter().filter(|key| key["name"] == name).count())
    }
}

impl Pending {
    fn key(&self) -> Option<usize> {
        match self {
            Self::Rotate { at, .. } | Self::Revoke { at } | Self::Verify { at } => Some(*at),
            Self::Create { .. } | Self::Token => None,
        }
    }
}
