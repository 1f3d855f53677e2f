//! Keys, a page at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS, MAX_NAME_CHARS};
use keyward_core::{ApiId, ApiKeyId, OrgCode, OrgScope, Timestamp, UserId};
use keyward_store::keys::{self, KeyFilter, KeyRow};
use keyward_store::scopes::{self, ScopeRow};
use keyward_store::users::{self, UserColumn};
use keyward_store::{Tx, organizations};
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
    let now = app.now();
    let mut tx = app.read().await?;
    let user_id = named_beside(user_id, find_user_named(&mut tx, query.user_external_id.as_deref()).await?);
    let org_code = named_beside(org_code, find_organization_named(&mut tx, query.org_external_id.as_deref()).await?);
    // Nobody has no keys.
    let (Ok(user_id), Ok(org_code), Ok(api_id)) = (user_id, org_code, named_beside(api_id, None)) else {
        return Ok(Page { keys: Vec::new(), has_more: false });
    };
    let filter = KeyFilter {
        starting_after: after.as_ref().and_then(Option::as_ref),
        r#type: query.key_type,
        status: query.status,
        user_id: user_id.as_ref(),
        org_code: org_code.as_ref(),
        api_id: api_id.as_ref(),
        name: query.name.as_deref(),
        expires_before: query.expires_before,
        unused_since: query.unused_since,
    };
    let mut rows = keys::list_keys(&mut tx, &caller.org_scope, &filter, now, size + 1).await?;
    let has_more = rows.len() > size as usize;
    rows.truncate(size as usize);
    Ok(Page { keys: name_scopes(&mut tx, rows, now).await?, has_more })
}

/// The filter names what cannot be, or two at once.
pub(super) struct Nobody;

/// What a filter names by its id and by the platform's own: each of them absent, somebody, or nobody.
pub(super) fn named_beside<T: PartialEq>(
    by_id: Option<Option<T>>,
    by_external_id: Option<Option<T>>,
) -> Result<Option<T>, Nobody> {
    match (by_id, by_external_id) {
        (None, None) => Ok(None),
        (Some(Some(named)), None) | (None, Some(Some(named))) => Ok(Some(named)),
        (Some(Some(one)), Some(Some(other))) if one == other => Ok(Some(one)),
        _ => Err(Nobody),
    }
}

/// The user who has an external id now; whoever had it before and was deleted is another.
async fn find_user_named(tx: &mut Tx, external_id: Option<&str>) -> Result<Option<Option<UserId>>, Refusal> {
    let Some(external_id) = external_id else { return Ok(None) };
    let user = users::find_user_by(tx, UserColumn::ExternalId, external_id).await?;
    Ok(Some(user.map(|user| user.id)))
}

/// The organization that has an external id now. Which keys of it the caller sees, the list decides.
pub(super) async fn find_organization_named(
    tx: &mut Tx,
    external_id: Option<&str>,
) -> Result<Option<Option<OrgCode>>, Refusal> {
    let Some(external_id) = external_id else { return Ok(None) };
    let found = organizations::find_organization_by_external_id(tx, &OrgScope::All, external_id).await?;
    Ok(Some(found.map(|organization| organization.code)))
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
