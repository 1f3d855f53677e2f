//! Requests that may be repeated under an `Idempotency-Key`: the second time, the first answer is given again.
//!
//! All of it happens inside the change that the request makes. Changes are serial, so of many repetitions at once one
//! makes the change and the others find its answer; and a process that dies between commit and reply has kept it.

use keyward_core::{IdempotencyKey, Repeatable, Timestamp};
use keyward_store::kept_answers::{NewKeptAnswer, find_kept_answer, insert_kept_answer};
use keyward_store::{Change, Revision};
use keyward_wire::ErrorCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Seconds for which an answer is kept.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// A request that its caller may repeat, and what it asks.
#[derive(Debug)]
pub(super) struct Repetition<'a> {
    principal: String,
    route: String,
    key: &'a IdempotencyKey,
    asked: Zeroizing<String>,
}

impl<'a> Repetition<'a> {
    /// Of a request with a key; none without one, as nothing is kept then.
    pub(super) fn new(
        caller: &Caller,
        route: String,
        key: Option<&'a IdempotencyKey>,
        asked: &impl Serialize,
    ) -> Result<Option<Self>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        let principal = caller.principal();
        let asked = serde_json::to_string(asked).map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
        Ok(Some(Self { principal, route, key, asked: Zeroizing::new(asked) }))
    }

    fn repeatable(&self) -> Repeatable<'_> {
        Repeatable { principal: &self.principal, route: &self.route, key: self.key }
    }

    /// What was answered the first time, with the revision that it made; none if this is the first time.
    pub(super) async fn recall<T: DeserializeOwned>(
        &self,
        app: &App,
        change: &mut Change,
    ) -> Result<Option<(T, Revision)>, Refusal> {
        let cannot_know = |error| Refusal::caused_by(ErrorCode::Unavailable, error);
        for (version, mac) in app.keyring.repeatable_macs(&self.repeatable()) {
            let found = find_kept_answer(change, &self.principal, &self.route, &mac, app.now()).await?;
            let Some(row) = found else { continue };
            let asked = app.keyring.request_mac(version, &self.repeatable(), &self.asked);
            if !asked.is_some_and(|asked| asked.matches(&row.request_mac)) {
                return Err(Refusal::new(ErrorCode::IdempotencyKeyReused));
            }
            let answer = app.keyring.open_answer(row.secret_version, &self.repeatable(), &row.sealed);
            let answer = answer.map_err(cannot_know)?;
            let answer =
                serde_json::from_slice(&answer).map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
            return Ok(Some((answer, row.revision)));
        }
        Ok(None)
    }

    /// Keeps an answer together with the change that it tells of.
    pub(super) async fn keep(&self, app: &App, change: &mut Change, answer: &impl Serialize) -> Result<(), Refusal> {
        let broken = || Refusal::caused_by(ErrorCode::Internal, "an answer cannot be sealed");
        let repeatable = self.repeatable();
        let macs = app.keyring.repeatable_macs(&repeatable);
        let (version, key_mac) = macs.first().ok_or_else(broken)?;
        let request_mac = app.keyring.request_mac(*version, &repeatable, &self.asked).ok_or_else(broken)?;
        let answer = Zeroizing::new(serde_json::to_vec(answer).map_err(|_| broken())?);
        let sealed = app.keyring.seal_answer(&repeatable, &answer).map_err(|_| broken())?;
        let expires_at = Timestamp::from_micros(change.now().as_micros() + KEPT_SECONDS * 1_000_000);
        let new = NewKeptAnswer {
            principal: &self.principal,
            route: &self.route,
            key_mac,
            request_mac: &request_mac,
            sealed: &sealed,
            secret_version: *version,
            expires_at,
        };
        Ok(insert_kept_answer(change, &new).await?)
    }
}
