//! Users, listed and searched for.

use std::collections::BTreeMap;

use keyward_core::UserId;
use keyward_core::bounds::{self, MAX_IDENTITY_CHARS};
use keyward_store::Tx;
use keyward_store::users::{self, NameRange, UserColumn, UserRow};
use keyward_wire::users::{ListUsersQuery, SearchUsersQuery};

use super::find_user;
use crate::actions::paging::{Page, read_asked, read_list, read_size};
use crate::app::App;
use crate::refusal::{InField, Refusal};

/// The only order of users.
const BY_NAME: &[((), &str)] = &[((), "name_asc")];
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
    let rows = if filters.is_empty() {
        users::list_users(&mut tx, query.has_organization, asked.after.as_deref(), asked.limit()).await?
    } else {
        let mut rows = find_named(&mut tx, &filters).await?;
        rows.retain(|row| query.has_organization.is_none_or(|has| has == row.organizations.is_some()));
        if let Some(after) = &asked.after {
            // As in the store, nobody stands behind one who never was.
            let after = UserId::parse(after);
            let name = match &after {
                Some(after) => users::find_folded_name(&mut tx, after).await?,
                None => None,
            };
            let place = name.as_ref().zip(after.as_ref());
            rows.retain(|row| place.is_some_and(|place| (&row.name_folded, &row.id) > place));
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
    for (id, field) in [(after, "starting_after"), (before, "ending_before")] {
        if id.is_some_and(|id| UserId::parse(id).is_none()) {
            return Err(Refusal::field(field, "must be the id of a user"));
        }
    }
    let mut tx = app.read().await?;
    Ok(users::search_users(&mut tx, text, NameRange { after, before }, size).await?)
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
                    users::find_user_by(tx, UserColumn::Email, &bounds::fold(value)).await?
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
