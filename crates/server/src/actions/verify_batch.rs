//! Verifying many keys at once: each is decided and counted as one alone, and all are answered under one lease.

use keyward_store::Revision;
use keyward_wire::verify_batch::VerifyKeysRequest;
use tokio::task;

use crate::actions::follow;
use crate::actions::verify::{Asked, Place, Verified, cannot_know, count, judge, reach, require_tellable};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Entries that one request may have.
const MAX_ENTRIES: usize = 1000;
/// Entries that are worked on before others have their turn.
const PORTION: usize = 32;

/// What many verifications came to.
#[derive(Debug)]
pub struct VerifiedBatch {
    /// Each, in the order in which they were asked.
    pub verified: Vec<Verified>,
    /// The revision that all of them know of.
    pub revision: Revision,
}

/// Decides of each key whether it may be used for its request, and counts what that came to. All are answered or none;
/// where one cannot be read, none is counted.
pub async fn verify_keys(app: &App, caller: &Caller, request: &VerifyKeysRequest) -> Result<VerifiedBatch, Refusal> {
    let begun = app.tick();
    let asked = read(caller, request)?;
    if let Some(least) = request.keys.iter().map(|key| key.min_revision).fold(request.min_revision, Option::max) {
        reach(app, least).await?;
    }
    let mut batch = judge_keys(app, caller, &asked).await?;
    for (asked, verified) in asked.chunks(PORTION).zip(batch.verified.chunks_mut(PORTION)) {
        asked.iter().zip(verified).for_each(|(asked, verified)| count(app, asked, verified));
        task::yield_now().await;
    }
    // Writing takes its time, and a lease may run out meanwhile.
    follow::require_lease(app)?;
    let took = app.tick().since(begun) / u32::try_from(asked.len()).unwrap_or(u32::MAX).max(1);
    batch.verified.iter().for_each(|verified| app.metrics.count_verification(&verified.outcome, took));
    Ok(batch)
}

/// Reads all entries. What stands beside them is for those that do not say it themselves.
fn read<'a>(caller: &'a Caller, request: &'a VerifyKeysRequest) -> Result<Vec<Asked<'a>>, Refusal> {
    if !(1..=MAX_ENTRIES).contains(&request.keys.len()) {
        return Err(Refusal::field("keys", "must have 1 to 1000 entries"));
    }
    require_tellable(request.min_revision, Place::Body)?;
    let entries = request.keys.iter().enumerate();
    let read = entries.map(|(at, entry)| {
        let mut asked = Asked::read(caller, entry, Place::Entry(at))?;
        asked.wanted.api_id = asked.wanted.api_id.or(request.api_id.as_deref());
        asked.wanted.audience = asked.wanted.audience.or(request.audience.as_deref());
        Ok(asked)
    });
    read.collect()
}

/// Decides about all of them at one instant, and counts nothing.
async fn judge_keys(app: &App, caller: &Caller, asked: &[Asked<'_>]) -> Result<VerifiedBatch, Refusal> {
    let now = app.now();
    let answering = follow::begin_answer(app).await?;
    let mut judged = Vec::with_capacity(asked.len());
    for portion in asked.chunks(PORTION) {
        for asked in portion {
            judged.push(judge(app, answering.index(), caller, asked, now).map_err(cannot_know)?);
        }
        task::yield_now().await;
    }
    let revision = follow::end_answer(app, answering)?;
    let verified = judged.into_iter().map(|(outcome, key)| Verified { outcome, key, revision }).collect();
    Ok(VerifiedBatch { verified, revision })
}
