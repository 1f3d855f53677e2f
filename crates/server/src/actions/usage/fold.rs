//! From the journal into the store: counted there exactly once, since the counts and the position up to which they were
//! read are one transaction.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use keyward_core::{OutcomeCode, Selector, Timestamp};
use keyward_engine::journal::{Journal, Portion, Record, Segment};
use keyward_store::credits::add_spent;
use keyward_store::usage::{Addition, HourAddition, add_counts, find_position, forget_position, move_position};
use keyward_wire::ErrorCode;

use crate::actions::refusals::hour_of;
use crate::app::{App, StartError};
use crate::counting::Counting;
use crate::refusal::Refusal;

/// Records that are folded in one transaction.
const PORTION: u64 = 4096;

/// Begins to count: opens the journal, and folds what a node before has left in it, so that the counts which are then read
/// into memory are whole.
pub async fn begin(app: &App) -> Result<(), StartError> {
    let counting = app.make(|fill, _| Counting::open(app.folder.path(), fill))?;
    app.count_with(counting);
    fold(app).await?;
    Ok(())
}

/// Leaves word by which the next start sees that what this one wrote down is all there.
pub(in crate::actions) async fn vouch(app: &App) -> Result<(), Refusal> {
    in_background(app, |counting| counting.journal.vouch()).await
}

/// Forgets an opening whose credits are settled.
pub(in crate::actions) async fn forget_opening(app: &App, id: String) -> Result<(), Refusal> {
    in_background(app, move |counting| counting.journal.forget(&id)).await
}

/// Has the disk keep what was written since the last time, and prepares room for what comes.
pub async fn keep_journal(app: &App) {
    let tended = in_background(app, |counting| counting.journal.tend()).await;
    if let Err(refusal) = tended {
        tracing::error!(cause = ?refusal.cause, "the journal cannot be kept: verifications may go uncounted");
    }
}

/// Folds everything that is in the journal and not in the store.
pub async fn fold(app: &App) -> Result<(), Refusal> {
    let Some(counting) = app.counting() else { return Ok(()) };
    let mut folded = counting.folded.lock().await;
    for segment in counting.journal.segments() {
        fold_segment(app, &segment, &mut folded).await?;
    }
    Ok(())
}

async fn fold_segment(app: &App, segment: &Arc<Segment>, folded: &mut HashMap<String, u64>) -> Result<(), Refusal> {
    // Asked first: what is written before it was retired is read below.
    let is_retired = segment.is_retired();
    let mut from = match folded.get(segment.id()) {
        Some(position) => *position,
        None if segment.end() == 0 && !is_retired => return Ok(()),
        None => find_position(&mut app.read().await?, segment.id()).await?.unwrap_or(0),
    };
    while from < segment.end() {
        let portion = read(app, segment, from).await?;
        from = match count(app, segment.id(), from, &portion).await? {
            true => portion.next,
            // Another has counted it: for once, since a segment is one process's.
            false => find_position(&mut app.read().await?, segment.id()).await?.unwrap_or(0),
        };
        folded.insert(segment.id().to_owned(), from);
    }
    if is_retired {
        let gone = Arc::clone(segment);
        in_background(app, move |counting| counting.journal.remove(&gone)).await?;
        let mut tx = app.tally().await?;
        forget_position(&mut tx, segment.id()).await?;
        tx.commit().await?;
        folded.remove(segment.id());
    }
    Ok(())
}

async fn read(app: &App, segment: &Arc<Segment>, from: u64) -> Result<Portion, Refusal> {
    let read = Arc::clone(segment);
    let portion = in_background(app, move |_| read.read(from, PORTION)).await?;
    if portion.torn > 0 {
        tracing::warn!(
            segment = segment.id(),
            records = portion.torn,
            "records were cut off by a crash and count nothing"
        );
    }
    Ok(portion)
}

/// Counts a portion and moves the position, in one transaction; false if the position was another.
async fn count(app: &App, segment: &str, from: u64, portion: &Portion) -> Result<bool, Refusal> {
    let mut tx = app.tally().await?;
    if !move_position(&mut tx, segment, from, portion.next).await? {
        return Ok(false);
    }
    for addition in additions(&portion.records) {
        add_counts(&mut tx, &addition).await?;
    }
    for (purse, units) in payments(&portion.records) {
        add_spent(&mut tx, (Journal::opening_of(segment), purse), units).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// What records come to, by the secret that was presented; in the order of the secrets, so that two nodes which count at
/// the same time do not wait for each other in a circle.
fn additions(records: &[Record]) -> Vec<Addition> {
    let mut of_secret: BTreeMap<Selector, Vec<&Record>> = BTreeMap::new();
    for record in records {
        of_secret.entry(record.selector).or_default().push(record);
    }
    of_secret.into_iter().map(|(selector, records)| addition(selector, &records)).collect()
}

/// What records paid, by the number of the purse.
fn payments(records: &[Record]) -> BTreeMap<u32, u64> {
    let mut of_purse = BTreeMap::new();
    for payment in records.iter().flat_map(|record| record.payments).flatten() {
        *of_purse.entry(payment.purse.get()).or_default() += u64::from(payment.units.get());
    }
    of_purse
}

fn addition(selector: Selector, records: &[&Record]) -> Addition {
    let mut hours: BTreeMap<(Timestamp, OutcomeCode), (u64, u64)> = BTreeMap::new();
    let (mut valid, mut last_valid): (u64, Option<(Timestamp, Option<IpAddr>)>) = (0, None);
    for record in records {
        let (count, cost) = hours.entry((hour_of(record.at), record.outcome)).or_default();
        *count += 1;
        *cost += u64::from(record.cost);
        if record.outcome == OutcomeCode::Verified {
            valid += 1;
            last_valid = last_valid.filter(|(at, _)| *at > record.at).or(Some((record.at, record.address)));
        }
    }
    let hours = hours.into_iter();
    let hours = hours.map(|((hour_at, outcome), (count, cost))| HourAddition { hour_at, outcome, count, cost });
    Addition { selector, valid, last_valid, hours: hours.collect() }
}

/// Does what takes as long as the disk does, where no request waits for it.
async fn in_background<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Counting) -> std::io::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    let app = app.clone();
    let done = tokio::task::spawn_blocking(move || match app.counting() {
        Some(counting) => work(counting),
        None => Err(std::io::Error::other("nothing is counted here")),
    });
    let done = done.await.map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    done.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))
}

/// Ends the journal of a process that stops: what is in it is folded and its files are gone.
pub async fn end(app: &App) -> Result<(), Refusal> {
    if let Some(Counting { journal, .. }) = app.counting() {
        journal.retire();
    }
    fold(app).await
}
