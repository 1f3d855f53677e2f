//! Changes of many keys at once: previewed, confirmed by the token of the preview, and made as one.

use std::time::Duration;

use keyward_core::confirm::CONFIRM_SECONDS;
use keyward_core::{Preview, SetDigest, Timestamp, Unconfirmed};
use keyward_store::NewEvent;
use keyward_store::key_sets::SetKeyRow;
use keyward_wire::ErrorCode;
use serde::Serialize;

use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Keys that one change changes at most.
const MAX_AT_ONCE: u32 = 10_000;
/// Keys to read, so that one more than may be changed is seen.
pub(super) const READ_AT_ONCE: u32 = MAX_AT_ONCE + 1;
/// Keys whose ids an event tells.
const MAX_TOLD: usize = 1_000;

/// The keys that a change is about.
#[derive(Debug)]
pub struct Previewed {
    /// The keys, the newest first.
    pub keys: Vec<SetKeyRow>,
    /// What confirms the change, and until when; none if it is made, or if there is nothing to change.
    pub confirm: Option<(String, Timestamp)>,
}

/// A request that is confirmed by the token of its preview.
#[derive(Debug)]
pub(super) struct Confirmable {
    principal: String,
    route: String,
    asked: String,
}

impl Confirmable {
    /// Of a caller, for a route, with all of the body but the token.
    pub(super) fn new(caller: &Caller, route: String, asked: &impl Serialize) -> Result<Self, Refusal> {
        let asked = serde_json::to_string(asked).map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
        Ok(Self { principal: caller.principal(), route, asked })
    }

    /// What the keys that were found are previewed as.
    pub(super) fn preview(&self, app: &App, keys: Vec<SetKeyRow>) -> Result<Previewed, Refusal> {
        hold_to_most(&keys)?;
        if keys.is_empty() {
            return Ok(Previewed { keys, confirm: None });
        }
        let ends_at = app.now().after(Duration::from_secs(CONFIRM_SECONDS));
        let token = app.keyring.confirm_token(&self.asked_by(), &digest(&keys), ends_at);
        let token = token.ok_or_else(|| Refusal::new(ErrorCode::Internal))?;
        Ok(Previewed { keys, confirm: Some((token, ends_at)) })
    }

    /// Refuses a token that does not confirm what is to be done to the keys that are found now.
    pub(super) fn require(&self, app: &App, token: &str, keys: &[SetKeyRow], now: Timestamp) -> Result<(), Refusal> {
        hold_to_most(keys)?;
        let checked = app.keyring.check_confirm_token(&self.asked_by(), token, &digest(keys), now);
        checked.map_err(|unconfirmed| match unconfirmed {
            Unconfirmed::NotGiven => {
                Refusal::about(ErrorCode::ConfirmInvalid, "confirm", "was not given to this caller for this request")
            }
            Unconfirmed::Expired | Unconfirmed::Changed => Refusal::new(ErrorCode::PreviewStale),
        })
    }

    fn asked_by(&self) -> Preview<'_> {
        Preview { principal: &self.principal, route: &self.route, asked: &self.asked }
    }
}

/// Holds a statement that changes the keys that were found to all of them: one that was used in between is none of them any
/// more, and what was previewed is not done in part.
pub(super) fn hold_to_all(keys: &[SetKeyRow], changed: u64) -> Result<(), Refusal> {
    if changed == keys.len() as u64 { Ok(()) } else { Err(Refusal::new(ErrorCode::PreviewStale)) }
}

/// How many keys a change has changed and which, the first thousand by their ids.
pub(super) fn tell_keys(event: NewEvent, keys: &[SetKeyRow]) -> NewEvent {
    let ids: Vec<_> = keys.iter().take(MAX_TOLD).map(|key| key.id.as_str()).collect();
    event.fact("count", keys.len()).fact("key_ids", ids)
}

fn hold_to_most(keys: &[SetKeyRow]) -> Result<(), Refusal> {
    if keys.len() <= MAX_AT_ONCE as usize { Ok(()) } else { Err(Refusal::new(ErrorCode::TooManyAtOnce)) }
}

fn digest(keys: &[SetKeyRow]) -> SetDigest {
    SetDigest::of(keys.iter().map(|key| (key.id.as_str(), key.revision)))
}
