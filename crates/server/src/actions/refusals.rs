//! What was refused: written behind the requests, listed, forgotten after a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use keyward_core::Timestamp;
use keyward_core::bounds::{self, MAX_IDENTITY_CHARS};
use keyward_core::ids::hex;
pub use keyward_store::refusals::RefusalRow;
use keyward_store::refusals::{self, RefusalFilter};
use keyward_store::{StoreError, Tx};
use keyward_wire::refusals::ListRefusalsQuery;

use crate::actions::paging::read_size;
use crate::app::App;
use crate::refusal::{InField, Refusal};
use crate::refusal_log::{Counted, Refused};

/// Kinds of refusals that one hour keeps apart. What comes beyond is counted among the others.
pub const MOST_KINDS_AN_HOUR: u64 = 10_000;
/// Refusals on a page where the caller does not say.
const DEFAULT_PAGE: u32 = 50;
/// Rows that one transaction forgets.
const BATCH: u32 = 500;
const HOUR: i64 = 3_600_000_000;

/// A page of refusals.
#[derive(Debug)]
pub struct Page {
    /// The refusals, the newest hour first.
    pub refusals: Vec<RefusalRow>,
    /// Whether there is another page.
    pub has_more: bool,
}

/// The hour that an instant is in.
pub fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros() / HOUR * HOUR)
}

/// Writes what was counted since the last time. What cannot be written is counted on.
pub async fn write_refusals(app: &App) -> Result<(), Refusal> {
    let counted = app.refusal_log.take();
    if counted.is_empty() {
        return Ok(());
    }
    match write(app, &counted).await {
        Ok(()) => Ok(()),
        Err(error) => {
            for (refused, counted) in counted {
                app.refusal_log.add(refused, counted);
            }
            Err(error.into())
        }
    }
}

async fn write(app: &App, counted: &HashMap<Refused, Counted>) -> Result<(), StoreError> {
    let mut tx = app.tally().await?;
    let mut rooms = HashMap::new();
    let mut others: HashMap<Refused, Counted> = HashMap::new();
    for (refused, counted) in counted {
        let row = row_of(refused, *counted);
        if refusals::add_to_refusal(&mut tx, &row).await? {
            continue;
        }
        if *refused != refused.other() && !take_room(&mut tx, &mut rooms, refused.hour_at).await? {
            let other = others.entry(refused.other());
            other.and_modify(|known| *known = known.and(*counted)).or_insert(*counted);
            continue;
        }
        refusals::insert_refusal(&mut tx, &row).await?;
    }
    for (other, counted) in &others {
        let row = row_of(other, *counted);
        if !refusals::add_to_refusal(&mut tx, &row).await? {
            refusals::insert_refusal(&mut tx, &row).await?;
        }
    }
    tx.commit().await
}

/// Whether there is room for one more kind in an hour; if so, it is taken.
async fn take_room(tx: &mut Tx, rooms: &mut HashMap<i64, u64>, hour_at: Timestamp) -> Result<bool, StoreError> {
    let room = match rooms.entry(hour_at.as_micros()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => {
            let kinds = refusals::count_refusals(tx, hour_at).await?;
            unknown.insert(MOST_KINDS_AN_HOUR.saturating_sub(kinds))
        }
    };
    let is_room = *room > 0;
    *room = room.saturating_sub(1);
    Ok(is_room)
}

/// The row of a kind. Its id begins with the hour, so that ids sort, and the rest tells kinds apart.
fn row_of(refused: &Refused, counted: Counted) -> RefusalRow {
    let actor_kind = refused.actor.as_ref().map(|(kind, _)| kind.as_str().to_owned());
    let actor_id = refused.actor.as_ref().map(|(_, id)| id.clone());
    let address = refused.address.map(|address| address.to_string());
    let optional = |text: &Option<String>| text.as_ref().map_or_else(String::new, |text| format!("={text}"));
    let parts = [&*refused.code, &refused.route, &optional(&actor_kind), &optional(&actor_id), &optional(&address)];
    // None of the parts has a line break in it.
    let hash = digest(&SHA256, parts.join("\n").as_bytes());
    RefusalRow {
        id: format!("refusal_{:08x}{}", refused.hour_at.as_micros() / HOUR, hex(&hash.as_ref()[..12])),
        hour_at: refused.hour_at,
        code: refused.code.clone().into_owned(),
        route: refused.route.clone(),
        actor_kind,
        actor_id,
        address,
        count: counted.count,
        first_at: counted.first_at,
        last_at: counted.last_at,
    }
}

/// A page of refusals.
pub async fn list_refusals(app: &App, query: &ListRefusalsQuery) -> Result<Page, Refusal> {
    let size = read_size(query.page_size, DEFAULT_PAGE)?;
    for (text, field) in [
        (&query.starting_after, "starting_after"),
        (&query.code, "code"),
        (&query.actor_id, "actor_id"),
        (&query.address, "address"),
    ] {
        text.as_deref().map_or(Ok(()), |text| bounds::searched(text, MAX_IDENTITY_CHARS)).in_field(field)?;
    }
    // As it is written in answers, however it was written here.
    let address = query.address.as_deref().map(|text| text.parse::<IpAddr>().map(|ip| ip.to_canonical().to_string()));
    let address = address.transpose().map_err(|_| Refusal::field("address", "must be an IPv4 or IPv6 address"))?;
    let filter = RefusalFilter {
        starting_after: query.starting_after.as_deref(),
        code: query.code.as_deref(),
        actor_id: query.actor_id.as_deref(),
        address: address.as_deref(),
    };
    let mut tx = app.read().await?;
    let mut rows = refusals::list_refusals(&mut tx, &filter, size + 1).await?;
    let has_more = rows.len() > size as usize;
    rows.truncate(size as usize);
    Ok(Page { refusals: rows, has_more })
}

/// Forgets a batch of refusals that are older than the settings keep them; false when there was none.
pub async fn forget_refusals(app: &App) -> Result<bool, Refusal> {
    let kept = Duration::from_secs(u64::from(app.settings.plain.refusals_kept_days) * 24 * 60 * 60);
    let micros = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let before = Timestamp::from_micros(app.now().as_micros().saturating_sub(micros));
    let mut tx = app.tally().await?;
    let forgotten = refusals::delete_refusals(&mut tx, before, BATCH).await?;
    tx.commit().await?;
    Ok(forgotten > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_hour_and_tell_kinds_apart() {
        let at = Timestamp::from_seconds(1_790_000_000);
        let refused = Refused {
            hour_at: hour_of(at),
            code: "TOKEN_INVALID".into(),
            route: "GET /api/v1/apis".into(),
            actor: None,
            address: None,
        };
        let counted = Counted { count: 1, first_at: at, last_at: at };
        let id = |refused: &Refused| row_of(refused, counted).id;
        let next = Refused { hour_at: hour_of(at.after(Duration::from_secs(3600))), ..refused.clone() };
        assert!(id(&refused) < id(&next));
        assert_eq!(id(&refused), id(&refused.clone()));
        let known = Refused { actor: Some((keyward_store::ActorKind::System, String::new())), ..refused.clone() };
        for other in [&known, &refused.other(), &Refused { route: String::new(), ..refused.clone() }] {
            assert_ne!(id(&refused), id(other));
        }
    }
}
