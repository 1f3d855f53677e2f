//! Verifying many keys at once: each is decided and counted as one alone, and all are answered under one lease.

use keyward_engine::index::Index;
use keyward_store::Revision;
use keyward_wire::verify_batch::VerifyKeysRequest;
use tokio::task;

use crate::actions::follow;
use crate::actions::verify::{
    Asked, Judged, Place, Verified, count, judge, judge_until_known, reach, require_tellable,
};
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
    count_all(app, &asked, &mut batch.verified).await?;
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

/// Counts what all of them came to. Where one cannot be written down that must be, those behind it have paid nothing.
async fn count_all(app: &App, asked: &[Asked<'_>], verified: &mut [Verified]) -> Result<(), Refusal> {
    for (at, asked) in asked.iter().enumerate() {
        if let Err(refusal) = count(app, asked, &mut verified[at]) {
            verified[at + 1..].iter().for_each(Verified::take_back);
            return Err(refusal);
        }
        rest(at).await;
    }
    Ok(())
}

/// Decides about all of them under one lease, and counts nothing.
async fn judge_keys(app: &App, caller: &Caller, asked: &[Asked<'_>]) -> Result<VerifiedBatch, Refusal> {
    let answering = follow::begin_answer(app).await?;
    let mut judged = Vec::with_capacity(asked.len());
    let all = judge_each(app, answering.index(), caller, asked, &mut judged).await;
    let revision = all.and_then(|()| follow::end_answer(app, answering));
    let verified = |revision| {
        let judged = judged.into_iter();
        judged.map(move |(outcome, key)| Verified { outcome, key, revision }).collect::<Vec<_>>()
    };
    match revision {
        Ok(revision) => Ok(VerifiedBatch { verified: verified(revision), revision }),
        Err(refusal) => {
            verified(0).iter().for_each(Verified::take_back);
            Err(refusal)
        }
    }
}

/// Judges one after another, so that what one has spent is missing for the next.
async fn judge_each(
    app: &App,
    index: &Index,
    caller: &Caller,
    asked: &[Asked<'_>],
    judged: &mut Vec<Judged>,
) -> Result<(), Refusal> {
    for (at, asked) in asked.iter().enumerate() {
        // Each look has its own time: what the store said in between is known from then on.
        judged.push(judge_until_known(app, || judge(app, index, caller, asked, app.now())).await?);
        rest(at).await;
    }
    Ok(())
}

/// Lets others have their turn, now and then.
async fn rest(at: usize) {
    if (at + 1).is_multiple_of(PORTION) {
        task::yield_now().await;
    }
}
