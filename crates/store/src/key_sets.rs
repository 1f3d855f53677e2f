//! Sets of keys: found by what they have in common, and changed by one statement.
//!
//! Whoever changes a set has found it before, in the same change, and compares how many keys were hit: between the two
//! statements nothing but a verification that is counted can take a key out of the set.

use keyward_core::{ApiId, ApiKeyId, KeyPolicy, KeyType, OrgCode, OrgScope, Owner, ScopeNumber, Timestamp, UserId};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_one};
use crate::row::{CountRow, row};
use crate::{Revision, StoreError, Tx};

row! {
    /// A key of a set.
    pub struct SetKeyRow {
        /// The key's id.
        pub id: ApiKeyId,
        /// What people call it.
        pub name: String,
        /// What kind of owner it has.
        pub r#type: KeyType,
        /// The organization that owns it.
        pub org_code: Option<OrgCode>,
        /// The user that owns it.
        pub user_id: Option<UserId>,
        /// From when it is no longer valid.
        pub expires_at: Option<Timestamp>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

/// What is to be done to a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetAction {
    /// Its keys are revoked for good.
    Revoke,
    /// Its keys are disabled.
    Disable,
}

/// Which keys a set has, of those that are not revoked.
#[derive(Clone, Debug, Default)]
pub struct SetFilter<'a> {
    /// Only those of this organization.
    pub org_code: Option<&'a OrgCode>,
    /// Only those of this user.
    pub user_id: Option<&'a UserId>,
    /// Only those for this API.
    pub api_id: Option<&'a ApiId>,
    /// Only those with this scope of their API.
    pub scope: Option<ScopeNumber>,
    /// Only those that were made after this instant.
    pub created_after: Option<Timestamp>,
    /// Only those that were made before this instant and not found valid since.
    pub last_used_before: Option<Timestamp>,
    /// Only those that this one has made, by name.
    pub created_by: Option<&'a str>,
}

macro_rules! within {
    ($owners:literal, $narrowed:expr) => {
        concat!(
            " FROM keys k JOIN apis a ON a.id = k.api_id ",
            $owners,
            " LEFT JOIN key_usage c ON c.key_id = k.id WHERE ",
            $narrowed,
            " AND ($3 OR k.is_enabled) AND k.revoked_at IS NULL AND a.deleted_at IS NULL \
             AND ($4 IS NULL OR REPLACE(REPLACE(k.scopes, '[', ','), ']', ',') LIKE $4) \
             AND ($5 IS NULL OR k.created_at > $5) \
             AND ($6 IS NULL OR (k.created_at < $6 AND (c.last_verified_at IS NULL OR c.last_verified_at < $6))) \
             AND ($7 IS NULL OR k.created_by = $7)"
        )
    };
}

macro_rules! of_any_owner {
    ($narrowed:literal) => {
        within!(
            "LEFT JOIN organizations o ON o.code = k.org_code LEFT JOIN users u ON u.id = k.user_id",
            concat!($narrowed, " AND o.deleted_at IS NULL AND u.deleted_at IS NULL")
        )
    };
}

// $1 is what the set is narrowed to, by an index where there is one.
macro_rules! narrowed {
    ($narrowing:expr, $before:literal, $after:literal) => {
        match $narrowing {
            Narrowing::Organization => concat!(
                $before,
                within!(
                    "JOIN organizations o ON o.code = k.org_code",
                    "k.org_code = $1 AND o.deleted_at IS NULL AND ($2 IS NULL OR k.api_id = $2)"
                ),
                $after
            ),
            Narrowing::User => concat!(
                $before,
                within!(
                    "JOIN users u ON u.id = k.user_id",
                    "k.user_id = $1 AND u.deleted_at IS NULL AND ($2 IS NULL OR k.api_id = $2)"
                ),
                $after
            ),
            Narrowing::Api => concat!($before, of_any_owner!("k.api_id = $1"), $after),
            Narrowing::Nothing => concat!($before, of_any_owner!("$1 IS NULL"), $after),
        }
    };
}

#[derive(Clone, Copy)]
enum Narrowing {
    Organization,
    User,
    Api,
    Nothing,
}

impl<'a> SetFilter<'a> {
    /// What narrows a set most, with its id; none if no key can be in it.
    fn narrowing(&self, scope: &'a OrgScope) -> Option<(Narrowing, Option<&'a str>)> {
        let org_code = match (scope.org_code(), self.org_code) {
            (Some(own), Some(asked)) if own != asked => return None,
            (own, asked) => own.or(asked),
        };
        match (org_code, self.user_id, self.api_id) {
            // A key has one owner.
            (Some(_), Some(_), _) => None,
            (Some(code), None, _) => Some((Narrowing::Organization, Some(code.as_str()))),
            (None, Some(id), _) => Some((Narrowing::User, Some(id.as_str()))),
            (None, None, Some(id)) => Some((Narrowing::Api, Some(id.as_str()))),
            (None, None, None) => Some((Narrowing::Nothing, None)),
        }
    }

    /// Scopes are stored as a JSON list of numbers.
    fn scope_pattern(&self) -> Option<String> {
        self.scope.map(|number| format!("%,{number},%"))
    }
}

/// The keys of a set that an action would change, the newest first, at most `limit`.
pub async fn list_set(
    tx: &mut Tx,
    scope: &OrgScope,
    action: SetAction,
    filter: &SetFilter<'_>,
    limit: u32,
) -> Result<Vec<SetKeyRow>, StoreError> {
    let Some((narrowing, to)) = filter.narrowing(scope) else { return Ok(Vec::new()) };
    let sql = narrowed!(
        narrowing,
        "SELECT k.id, k.name, k.type, k.org_code, k.user_id, k.expires_at, k.revision",
        " ORDER BY k.id DESC LIMIT $8"
    );
    Ok(fetch_all!(
        tx,
        sql,
        to,
        filter.api_id.map(ApiId::as_str),
        action == SetAction::Revoke,
        filter.scope_pattern(),
        filter.created_after.map(Timestamp::as_micros),
        filter.last_used_before.map(Timestamp::as_micros),
        filter.created_by,
        i64::from(limit)
    )?)
}

/// Revokes or disables the keys of a set; answers how many they are.
pub async fn change_set(
    change: &mut Change,
    scope: &OrgScope,
    action: SetAction,
    filter: &SetFilter<'_>,
) -> Result<u64, StoreError> {
    let Some((narrowing, to)) = filter.narrowing(scope) else { return Ok(0) };
    // $3 says whether they are revoked.
    let sql = narrowed!(
        narrowing,
        "UPDATE keys SET revoked_at = CASE WHEN $3 THEN $8 END, is_enabled = (is_enabled AND $3), revision = $9 \
         WHERE id IN (SELECT k.id",
        ")"
    );
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    Ok(execute!(
        change,
        sql,
        to,
        filter.api_id.map(ApiId::as_str),
        action == SetAction::Revoke,
        filter.scope_pattern(),
        filter.created_after.map(Timestamp::as_micros),
        filter.last_used_before.map(Timestamp::as_micros),
        filter.created_by,
        now,
        stamp
    )?)
}

// Keys that can be used now or again, and end later than a policy lets them: $2 is now, $3 how long they live at most, and $4
// whether they need an end at all.
macro_rules! beyond {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " FROM keys k LEFT JOIN organizations o ON o.code = k.org_code LEFT JOIN users u ON u.id = k.user_id \
             WHERE k.api_id = $1 AND k.revoked_at IS NULL AND o.deleted_at IS NULL AND u.deleted_at IS NULL \
             AND ((k.expires_at IS NULL AND $4) OR (k.expires_at > $2 AND k.expires_at > k.created_at + $3))",
            $after
        )
    };
}

/// The keys of an API that end later than a policy lets them, or never; the newest first, at most `limit`. Keys that have
/// expired are none of them.
pub async fn list_beyond(
    tx: &mut Tx,
    api: &ApiId,
    policy: &KeyPolicy,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<SetKeyRow>, StoreError> {
    const SQL: &str = beyond!(
        "SELECT k.id, k.name, k.type, k.org_code, k.user_id, k.expires_at, k.revision",
        " ORDER BY k.id DESC LIMIT $5"
    );
    let most = policy.max_lifetime_seconds.map(micros);
    Ok(fetch_all!(tx, SQL, api.as_str(), now.as_micros(), most, policy.needs_end(), i64::from(limit))?)
}

/// Ends the keys of [`list_beyond`] as late as the policy lets them, but not before now; answers how many they are. Where
/// there is no longest lifetime, those without an end get the default one from now on.
pub async fn end_within(change: &mut Change, api: &ApiId, policy: &KeyPolicy) -> Result<u64, StoreError> {
    const SQL: &str = beyond!(
        "UPDATE keys SET revision = $6, expires_at = CASE WHEN $3 IS NULL THEN $5 \
         WHEN created_at + $3 > $2 THEN created_at + $3 ELSE $2 END WHERE id IN (SELECT k.id",
        ")"
    );
    let (now, stamp) = (change.now(), change.stamp());
    let most = policy.max_lifetime_seconds.map(micros);
    let default = policy.end_of_new(None, now).map(Timestamp::as_micros);
    Ok(execute!(change, SQL, api.as_str(), now.as_micros(), most, policy.needs_end(), default, stamp)?)
}

/// How many keys for an API an owner has that are neither revoked nor expired. The API and the owner are there.
pub async fn count_keys(tx: &mut Tx, owner: &Owner, api: &ApiId, now: Timestamp) -> Result<u64, StoreError> {
    macro_rules! count {
        ($column:literal) => {
            concat!(
                "SELECT COUNT(*) AS count FROM keys WHERE ",
                $column,
                " = $1 AND api_id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)"
            )
        };
    }
    let sql = match owner {
        Owner::Organization(_) => count!("org_code"),
        Owner::User(_) => count!("user_id"),
        Owner::Environment => count!("type"),
    };
    let id = if *owner == Owner::Environment { KeyType::Environment.as_str() } else { owner.id() };
    let counted: CountRow = fetch_one!(tx, sql, id, api.as_str(), now.as_micros())?;
    Ok(counted.count)
}

fn micros(seconds: u32) -> i64 {
    i64::from(seconds) * 1_000_000
}
