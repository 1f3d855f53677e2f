//! A key, held to what was answered about it.

use reqwest::Method;
use serde_json::Value;

use super::calls::{Caller, Reply, answered};
use super::{Checked, ensure};

/// A key as the answers have told of it.
#[derive(Debug)]
pub(super) struct HeldKey {
    pub(super) id: String,
    pub(super) secret: String,
    /// The secret before this one.
    pub(super) former: Option<String>,
    pub(super) is_revoked: bool,
    /// Valid verifications that were answered, and those that may have been counted without an answer.
    pub(super) verified: u64,
    pub(super) perhaps_verified: u64,
    /// The request that made the secret: method, path, `Idempotency-Key`.
    pub(super) origin: (Method, String, String),
    pub(super) body: Option<Value>,
    /// Whether it was used since it was last checked.
    pub(super) is_touched: bool,
}

/// What may have happened since the last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Nothing that may cost a count.
    Answered,
    /// The power went: the counts of the last second may be gone.
    PowerCut,
}

impl HeldKey {
    /// As a creation has answered.
    pub(super) fn created(reply: &Reply, origin: (Method, String, String), body: Value) -> Checked<Self> {
        Ok(Self {
            id: reply.text("/api_key/id")?,
            secret: reply.text("/api_key/key")?,
            former: None,
            is_revoked: false,
            verified: 0,
            perhaps_verified: 0,
            origin,
            body: Some(body),
            is_touched: true,
        })
    }

    /// Has a new secret, by this request.
    pub(super) fn take(&mut self, secret: String, origin: (Method, String, String)) {
        self.former = Some(std::mem::replace(&mut self.secret, secret));
        (self.origin, self.body) = (origin, None);
    }

    /// Holds the count of an answer to those before. It counts itself, unless it must not or there was no room; and those
    /// before are all there, but for a power cut since.
    pub(super) fn count(&mut self, reply: &Reply, must_count: bool, since: Since) -> Checked {
        let counted = reply.body["verification_count"].as_u64().unwrap_or_default();
        let known = if since == Since::PowerCut { 0 } else { self.verified };
        let (least, most) = (known + u64::from(must_count), self.verified + 1 + self.perhaps_verified);
        ensure!((least..=most).contains(&counted), "{} counts {counted}, not {least} to {most}", self.id);
        (self.verified, self.perhaps_verified) = (counted, 0);
        Ok(())
    }

    /// Holds the server to all that it has answered about this key.
    pub(super) async fn check(&mut self, caller: &Caller, since: Since) -> Checked {
        let now = answered(caller.verify(&self.secret).await, 200, "a verification")?;
        let wanted = if self.is_revoked { "API_KEY_REVOKED" } else { "API_KEY_VERIFIED" };
        ensure!(now.body["code"] == wanted, "{} should be {wanted}: {}", self.id, now.body);
        self.count(&now, !self.is_revoked, since)?;
        if let Some(former) = &self.former {
            let old = answered(caller.verify(former).await, 200, "a verification")?;
            ensure!(old.body["code"] == "API_KEY_INVALID", "the old secret of {}: {}", self.id, old.body);
        }
        let (method, path, key) = &self.origin;
        let again =
            answered(caller.send(method.clone(), path, self.body.as_ref(), Some(key)).await, 201, "a repetition")?;
        ensure!(again.is_repeated && again.text("/api_key/key")? == self.secret, "{key} gives another secret");
        Ok(())
    }
}
