//! How the first credentials of an empty store are handed over: by a link on a terminal, by a file elsewhere.

use std::sync::Mutex;

use keyward_core::{ClientId, PlainSecret, Timestamp};
use subtle::ConstantTimeEq;

/// The file with the first credentials, where there is no terminal.
pub const FILE: &str = "first-run.json";

/// Seconds that a setup link lives.
pub const LINK_SECONDS: u64 = 3600;

/// What waits to be handed over. The lock is held for a look or a change of one field, never over an await.
#[derive(Debug, Default)]
pub struct FirstRun(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    link: Option<(PlainSecret, Timestamp)>,
    file_of: Option<ClientId>,
}

impl FirstRun {
    /// Offers a link with this code until then.
    pub fn offer_link(&self, code: PlainSecret, until: Timestamp) {
        self.with(|waiting| waiting.link = Some((code, until)));
    }

    /// Whether a link with this code is open.
    pub fn is_open(&self, code: &str, now: Timestamp) -> bool {
        self.with(|waiting| {
            waiting.link.as_ref().is_some_and(|(offered, until)| {
                now < *until && bool::from(offered.expose().as_bytes().ct_eq(code.as_bytes()))
            })
        })
    }

    /// Closes the link, whatever its code: the store is not empty any more.
    pub fn close_link(&self) {
        self.with(|waiting| waiting.link = None);
    }

    /// Remembers whose credentials stand in the file.
    pub fn watch_file_of(&self, client: ClientId) {
        self.with(|waiting| waiting.file_of = Some(client));
    }

    /// Whether the file must go now, since its credentials have been used: true once.
    pub fn is_file_spent_by(&self, client: &ClientId) -> bool {
        self.with(|waiting| waiting.file_of.take_if(|of| of == client).is_some())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Waiting) -> T) -> T {
        // A panic while the lock is held cannot leave half a change: each closure sets one field.
        let mut waiting = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        look(&mut waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_open_until_it_is_closed_or_out_of_time() {
        let (start, end) = (Timestamp::from_seconds(0), Timestamp::from_seconds(60));
        let first_run = FirstRun::default();
        assert!(!first_run.is_open("", start), "nothing is offered yet");
        first_run.offer_link(PlainSecret::new("code".into()), end);
        assert!(!first_run.is_open("other", start) && !first_run.is_open("code", end));
        assert!(first_run.is_open("code", start));
        first_run.close_link();
        assert!(!first_run.is_open("code", start));
    }

    #[test]
    fn the_file_goes_when_its_own_client_has_used_it() {
        let (own, other) = (ClientId::parse("a").unwrap(), ClientId::parse("b").unwrap());
        let first_run = FirstRun::default();
        first_run.watch_file_of(own.clone());
        assert!(!first_run.is_file_spent_by(&other));
        assert!(first_run.is_file_spent_by(&own) && !first_run.is_file_spent_by(&own));
    }
}
