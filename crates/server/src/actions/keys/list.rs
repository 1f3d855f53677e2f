//! Keys, a page at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS, MAX_NAME_CHARS};
use keyward_core::{ApiId, ApiKeyId, OrgCode, Timestamp, UserId};
use keyward_store::Tx;
use keyward_store::keys::{self, KeyFilter, KeyRow};
use keyward_store::scopes::{self, ScopeRow};
use keyward_wire::keys::ListKeysQuery;

use super::NamedKey;
use crate::actions::paging::read_size;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Keys on a page where the caller does not say.
const DEFAULT_PAGE: u32 = 50;

/// A page of keys.
#[derive(Debug)]
pub struct Page {
    /// The keys, the newest first.
    pub keys: Vec<NamedKey>,
    /// Whether there is another page.
    pub has_more: bool,
}

/// A page of the keys that the caller may see.
pub async fn list_keys(app: &App, caller: &Caller, query: &ListKeysQuery) -> Result<Page, Refusal> {
    let size = read_size(query.page_size, DEFAULT_PAGE)?;
    let after = query.starting_after.as_deref().map(ApiKeyId::parse);
    let user_id = query.user_id.as_deref().map(UserId::parse);
    let org_code = query.org_code.as_deref().map(OrgCode::parse);
    let api_id = query.api_id.as_deref().map(ApiId::parse);
    for (name, text, max) in [
        ("name", &query.name, MAX_NAME_CHARS),
        ("user_external_id", &query.user_external_id, MAX_EXTERNAL_ID_CHARS),
        ("org_external_id", &query.org_external_id, MAX_EXTERNAL_ID_CHARS),
    ] {
        text.as_deref().map_or(Ok(()), |text| bounds::searched(text, max)).in_field(name)?;
    }
    if after == Some(None) {
        return Err(Refusal::field("starting_after", "must be the id of a key"));
    }
    // An id that cannot be one belongs to nobody, and nobody has no keys.
    if user_id == Some(None) || org_code == Some(None) || api_id == Some(None) {
        return Ok(Page { keys: Vec::new(), has_more: false });
    }
    let (after, user_id, org_code) = (after.flatten(), user_id.flatten(), org_code.flatten());
    let api_id = api_id.flatten();
    let filter = KeyFilter {
        starting_after: after.as_ref(),
        r#type: query.key_type,
        status: query.status,
        user_id: user_id.as_ref(),
        org_code: org_code.as_ref(),
        api_id: api_id.as_ref(),
        user_external_id: query.user_external_id.as_deref(),
        org_external_id: query.org_external_id.as_deref(),
        name: query.name.as_deref(),
    };
    let now = app.now();
    let mut tx = app.read().await?;
    let mut rows = keys::list_keys(&mut tx, &caller.org_scope, &filter, now, size + 1).await?;
    let has_more = rows.len() > size as usize;
    rows.truncate(size as usize);
    Ok(Page { keys: name_scopes(&mut tx, rows, now).await?, has_more })
}

/// Puts the names to the scopes of keys: one query for each API among them.
async fn name_scopes(tx: &mut Tx, rows: Vec<KeyRow>, now: Timestamp) -> Result<Vec<NamedKey>, Refusal> {
    let mut by_api: HashMap<ApiId, Vec<ScopeRow>> = HashMap::new();
    let mut named = Vec::with_capacity(rows.len());
    for row in rows {
        let of_api = match by_api.entry(row.api_id.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(scopes::list_scopes(tx, &row.api_id).await?),
        };
        named.push(NamedKey::new(row, of_api, now));
    }
    Ok(named)
}
