//! Users, listed and searched for.

use std::collections::BTreeMap;

use keyward_core::UserId;
use keyward_core::bounds::{self, MAX_IDENTITY_CHARS};
use keyward_store::Tx;
use keyward_store::users::{self, NameRange, UserColumn, UserRow};
use keyward_wire::users::{ListUsersQuery, SearchUsersQuery};

use super::find_user;
use crate::actions::paging::{Page, placeless, read_asked, read_list, read_size};
use crate::app::App;
use crate::refusal::{InField, Refusal};

/// The only order of users.
const BY_NAME: &[((), &str)] = &[((), "users.name_asc")];
/// Users on a page of a search where the caller does not say.
const DEFAULT_FOUND: u32 = 10;

/// A filter that names users, each by something unique.
#[derive(Clone, Copy, Debug)]
enum Named {
    ById,
    By(UserColumn),
}

/// A page of users.
pub async fn list_users(app: &App, query: &ListUsersQuery) -> Result<Page<UserRow>, Refusal> {
    let asked = read_asked(query.page_size, query.next_token.as_deref(), None, BY_NAME)?;
    let filters = read_filters(query)?;
    let mut tx = app.read().await?;
    let place = find_place(&mut tx, asked.after.as_deref(), "next_token").await?;
    let rows = if filters.is_empty() {
        users::list_users(&mut tx, query.has_organization, asked.after.as_deref(), asked.limit()).await?
    } else {
        let mut rows = find_named(&mut tx, &filters).await?;
        rows.retain(|row| query.has_organization.is_none_or(|has| has == row.organizations.is_some()));
        if let Some(place) = &place {
            rows.retain(|row| (&row.name_folded, &row.id) > (&place.0, &place.1));
        }
        rows
    };
    Ok(asked.page(rows, BY_NAME, |row| row.id.as_str()))
}

/// The users that a text finds.
pub async fn search_users(app: &App, query: &SearchUsersQuery) -> Result<Vec<UserRow>, Refusal> {
    let size = read_size(query.page_size, DEFAULT_FOUND)?;
    let text = query.query.as_deref().filter(|text| !matches!(*text, "" | "*"));
    if let Some(text) = text {
        bounds::searched(text, MAX_IDENTITY_CHARS).in_field("query")?;
    }
    let (after, before) = (query.starting_after.as_deref(), query.ending_before.as_deref());
    let mut tx = app.read().await?;
    for (id, field) in [(after, "starting_after"), (before, "ending_before")] {
        find_place(&mut tx, id, field).await?;
    }
    Ok(users::search_users(&mut tx, text, NameRange { after, before }, size).await?)
}

/// Where in the order of names a user stands by which a page begins, who may have been deleted since. One who was erased
/// has no place any more, and one who never was had none: from there nobody can go on.
async fn find_place(tx: &mut Tx, id: Option<&str>, field: &str) -> Result<Option<(String, UserId)>, Refusal> {
    let Some(id) = id else { return Ok(None) };
    let id = UserId::parse(id).ok_or_else(|| placeless(field))?;
    let name = users::find_folded_name(tx, &id).await?.ok_or_else(|| placeless(field))?;
    Ok(Some((name, id)))
}

/// What each filter names. One that names nothing is refused: whoever asks for none of the users is not shown all of them.
fn read_filters(query: &ListUsersQuery) -> Result<Vec<(Named, Vec<&str>)>, Refusal> {
    let given = [
        (Named::ById, &query.user_id, "user_id"),
        (Named::By(UserColumn::Email), &query.email, "email"),
        (Named::By(UserColumn::Username), &query.username, "username"),
        (Named::By(UserColumn::Phone), &query.phone, "phone"),
        (Named::By(UserColumn::ExternalId), &query.provided_id, "provided_id"),
    ];
    let mut filters = Vec::new();
    for (by, list, field) in given {
        let Some(list) = list else { continue };
        let values = read_list(list, field)?;
        for value in &values {
            bounds::searched(value, MAX_IDENTITY_CHARS).in_field(field)?;
        }
        filters.push((by, values));
    }
    Ok(filters)
}

/// The users whom every filter names, by name.
async fn find_named(tx: &mut Tx, filters: &[(Named, Vec<&str>)]) -> Result<Vec<UserRow>, Refusal> {
    let mut left: Option<BTreeMap<UserId, UserRow>> = None;
    for (by, values) in filters {
        let mut found = BTreeMap::new();
        for value in values {
            let row = match by {
                Named::ById => find_user(tx, value).await?,
                Named::By(UserColumn::Email) => {
                    users::find_user_by(tx, UserColumn::Email, &bounds::fold_email(value)).await?
                }
                Named::By(column) => users::find_user_by(tx, *column, value).await?,
            };
            found.extend(row.map(|row| (row.id.clone(), row)));
        }
        if let Some(left) = &left {
            found.retain(|id, _| left.contains_key(id));
        }
        left = Some(found);
    }
    let mut rows: Vec<UserRow> = left.unwrap_or_default().into_values().collect();
    rows.sort_by(|a, b| (&a.name_folded, &a.id).cmp(&(&b.name_folded, &b.id)));
    Ok(rows)
}
