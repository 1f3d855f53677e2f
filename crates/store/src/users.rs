//! Users: owners of keys.

use keyward_core::bounds::fold;
use keyward_core::{Balance, PlanId, RateLimit, Timestamp, UserId};

use crate::change::Change;
use crate::credits::balance_of;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{anywhere, hit_one, row, to_json};
use crate::{Revision, StoreError, Tx};

row! {
    /// A user as it is stored.
    pub struct UserRow {
        /// The user's id.
        pub id: UserId,
        /// The platform's own id of the user.
        pub external_id: Option<String>,
        /// The first name.
        pub given_name: Option<String>,
        /// The last name.
        pub family_name: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// The telephone number.
        pub phone: Option<String>,
        /// The user name.
        pub username: Option<String>,
        /// When the user was made.
        pub created_at: Timestamp,
        /// Since when the user is suspended.
        pub suspended_at: Option<Timestamp>,
        /// The user's plan.
        pub plan_id: Option<PlanId>,
        /// The limits of rate of the user's own; none beside a plan.
        pub rate_limits: Vec<RateLimit>,
        /// The credits that all its keys share, if it has any.
        pub credits: Option<Balance>,
        /// The name as lists are ordered by it.
        pub name_folded: String,
        /// The codes of the organizations that the user is a member of, in their order, with a space between.
        pub organizations: Option<String>,
        /// The revision of the user's last change.
        pub revision: Revision,
    }
}

/// A user to store.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The user's id.
    pub id: &'a UserId,
    /// The platform's own id of the user.
    pub external_id: Option<&'a str>,
    /// The first name.
    pub given_name: Option<&'a str>,
    /// The last name.
    pub family_name: Option<&'a str>,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The telephone number.
    pub phone: Option<&'a str>,
    /// The user name.
    pub username: Option<&'a str>,
    /// The user's plan.
    pub plan_id: Option<&'a PlanId>,
    /// The limits of rate of the user's own; none beside a plan.
    pub rate_limits: &'a [RateLimit],
}

/// A column by which a user is found, and which is unique.
#[derive(Clone, Copy, Debug)]
pub enum UserColumn {
    /// The platform's own id.
    ExternalId,
    /// The e-mail address.
    Email,
    /// The telephone number.
    Phone,
    /// The user name.
    Username,
}

/// Which part of a list that is ordered by name, between two users that may have been deleted since.
#[derive(Clone, Copy, Debug, Default)]
pub struct NameRange<'a> {
    /// Only those behind this one.
    pub after: Option<&'a str>,
    /// Only those in front of this one, the nearest ones of them.
    pub before: Option<&'a str>,
}

/// Stands for the name of a user whose name was erased. No name can be that, since it is a control character.
const ERASED: &str = "\u{1}";

macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT u.id, u.external_id, u.given_name, u.family_name, u.email, u.phone, u.username, u.created_at, \
             u.suspended_at, u.plan_id, u.rate_limits, u.name_folded, u.revision, ",
            balance_of!("u.id"),
            ", (SELECT string_agg(m.org_code, ' ' ORDER BY m.org_code) \
                 FROM members m JOIN organizations o ON o.code = m.org_code \
                 WHERE m.user_id = u.id AND m.ended_at IS NULL AND o.deleted_at IS NULL) AS organizations \
             FROM users u WHERE u.deleted_at IS NULL AND ",
            $rest
        )
    };
}

/// A user by id.
pub async fn find_user(tx: &mut Tx, id: &UserId) -> Result<Option<UserRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("u.id = $1"), id.as_str())?)
}

/// A user by something else that is unique.
pub async fn find_user_by(tx: &mut Tx, column: UserColumn, value: &str) -> Result<Option<UserRow>, StoreError> {
    let sql = match column {
        UserColumn::ExternalId => select!("u.external_id = $1"),
        UserColumn::Email => select!("u.email = $1"),
        UserColumn::Phone => select!("u.phone = $1"),
        UserColumn::Username => select!("u.username = $1"),
    };
    Ok(fetch_optional!(tx, sql, value)?)
}

/// A page of users, by name: those behind one of them, which may have been deleted since. `has_organization` keeps those
/// that are members of any, or of none.
pub async fn list_users(
    tx: &mut Tx,
    has_organization: Option<bool>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<UserRow>, StoreError> {
    const SQL: &str = select!(
        "($1 IS NULL OR (u.name_folded, u.id) > (SELECT name_folded, id FROM users WHERE id = $1)) \
         AND ($2 IS NULL OR $2 = EXISTS (SELECT 1 FROM members m JOIN organizations o ON o.code = m.org_code \
         WHERE m.user_id = u.id AND m.ended_at IS NULL AND o.deleted_at IS NULL)) ORDER BY u.name_folded, u.id LIMIT $3"
    );
    Ok(fetch_all!(tx, SQL, after, has_organization, i64::from(limit))?)
}

/// The users in a range, by name, whose name or e-mail address has a text in it, in capital letters or small ones, or
/// whose telephone number, user name or id, ours or the platform's, it is. Without a text, all of them.
pub async fn search_users(
    tx: &mut Tx,
    text: Option<&str>,
    range: NameRange<'_>,
    limit: u32,
) -> Result<Vec<UserRow>, StoreError> {
    // $1 is the pattern, $2 the text, $3 who stands in front, $4 how many.
    macro_rules! found {
        ($rest:literal) => {
            select!(concat!(
                "($1 IS NULL OR u.name_folded LIKE $1 ESCAPE '!' OR u.email LIKE $1 ESCAPE '!' OR u.phone = $2 \
                 OR u.username = $2 OR u.external_id = $2 OR u.id = $2) \
                 AND ($3 IS NULL OR (u.name_folded, u.id) > (SELECT name_folded, id FROM users WHERE id = $3)) ",
                $rest
            ))
        };
    }
    const FORWARD: &str = found!("ORDER BY u.name_folded, u.id LIMIT $4");
    const BACK: &str = found!(
        "AND (u.name_folded, u.id) < (SELECT name_folded, id FROM users WHERE id = $5) \
         ORDER BY u.name_folded DESC, u.id DESC LIMIT $4"
    );
    let (pattern, limit) = (text.map(anywhere), i64::from(limit));
    let mut rows: Vec<UserRow> = match range.before {
        None => fetch_all!(tx, FORWARD, pattern, text, range.after, limit)?,
        Some(before) => fetch_all!(tx, BACK, pattern, text, range.after, limit, before)?,
    };
    if range.before.is_some() {
        rows.reverse();
    }
    Ok(rows)
}

row! {
    /// The name by which lists are ordered.
    pub(crate) struct FoldedNameRow {
        /// The name.
        name_folded: String,
    }
}

impl FoldedNameRow {
    /// The name; none of a user that was erased.
    pub(crate) fn name(self) -> Option<String> {
        Some(self.name_folded).filter(|name| name != ERASED)
    }
}

/// The name by which lists are ordered, of a user that may have been deleted; none if it was erased.
pub async fn find_folded_name(tx: &mut Tx, id: &UserId) -> Result<Option<String>, StoreError> {
    let row: Option<FoldedNameRow> = fetch_optional!(tx, "SELECT name_folded FROM users WHERE id = $1", id.as_str())?;
    Ok(row.and_then(FoldedNameRow::name))
}

/// Stores a user.
pub async fn insert_user(change: &mut Change, new: &NewUser<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO users (id, external_id, given_name, family_name, name_folded, email, phone, \
         username, plan_id, rate_limits, created_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(
        change,
        SQL,
        new.id.as_str(),
        new.external_id,
        new.given_name,
        new.family_name,
        folded_name(new.given_name, new.family_name),
        new.email,
        new.phone,
        new.username,
        new.plan_id.map(PlanId::as_str),
        to_json(&new.rate_limits),
        now,
        stamp
    )?;
    Ok(())
}

/// Writes a user that was found back: the name, the platform's own id, suspended or not, the plan, the limits.
pub async fn update_user(change: &mut Change, user: &UserRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE users SET external_id = $2, given_name = $3, family_name = $4, name_folded = $5, \
         suspended_at = $6, plan_id = $7, rate_limits = $8, revision = $9 WHERE id = $1 AND deleted_at IS NULL";
    let stamp = change.stamp();
    let updated = execute!(
        change,
        SQL,
        user.id.as_str(),
        user.external_id.as_deref(),
        user.given_name.as_deref(),
        user.family_name.as_deref(),
        folded_name(user.given_name.as_deref(), user.family_name.as_deref()),
        user.suspended_at.map(Timestamp::as_micros),
        user.plan_id.as_ref().map(PlanId::as_str),
        to_json(&user.rate_limits),
        stamp
    )?;
    hit_one("users", updated)
}

/// Deletes a user that was found: this one row, through which the user's keys and memberships end. All that is personal
/// goes from it, if that is wanted; keys go on to refer to the row.
pub async fn delete_user(change: &mut Change, user: &UserRow, with_profile: bool) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE users SET deleted_at = $2, revision = $3 WHERE id = $1 AND deleted_at IS NULL";
    const ERASE: &str = "UPDATE users SET deleted_at = $2, revision = $3, external_id = NULL, given_name = NULL, \
         family_name = NULL, name_folded = $4, email = NULL, phone = NULL, username = NULL \
         WHERE id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let deleted = if with_profile {
        execute!(change, ERASE, user.id.as_str(), now, stamp, ERASED)?
    } else {
        execute!(change, SQL, user.id.as_str(), now, stamp)?
    };
    hit_one("users", deleted)
}

fn folded_name(given: Option<&str>, family: Option<&str>) -> String {
    let name: Vec<&str> = [given, family].into_iter().flatten().collect();
    fold(&name.join(" "))
}
