//! Tidying behind a deletion: its keys are read as revoked by reference from the moment it is committed. Here the rows
//! themselves are brought to say the same, in batches, so that nothing has to be followed for ever. No answer changes,
//! so these are not changes: they take no revision, and no turn in their order.

use keyward_core::{ApiKeyId, Timestamp};

use crate::db::{execute, fetch_one, fetch_optional};
use crate::row::{int, row};
use crate::{Revision, StoreError, Tx};

/// What keys refer to, and end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Their API.
    Api,
    /// The organization that owns them.
    Organization,
    /// The user that owns them.
    User,
}

impl Reference {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Api, Self::Organization, Self::User];
}

row! {
    /// Something that was deleted, whose keys have not all been tidied.
    pub struct UntidyRow {
        /// Its id.
        pub id: String,
        /// When it was deleted: its keys are revoked since then.
        pub deleted_at: Timestamp,
        /// The revision that deleted it.
        pub revision: Revision,
    }
}

row! {
    /// A batch of keys.
    struct BatchRow {
        /// The last of them.
        last: Option<ApiKeyId>,
        /// How many they are.
        count: u64,
    }
}

/// The oldest deletion of a kind that has not been tidied behind.
pub async fn find_untidy(tx: &mut Tx, reference: Reference) -> Result<Option<UntidyRow>, StoreError> {
    macro_rules! oldest {
        ($columns:literal) => {
            concat!(
                "SELECT ",
                $columns,
                " WHERE deleted_at IS NOT NULL AND tidied_at IS NULL ORDER BY deleted_at LIMIT 1"
            )
        };
    }
    let sql = match reference {
        Reference::Api => oldest!("id, deleted_at, revision FROM apis"),
        Reference::Organization => oldest!("code AS id, deleted_at, revision FROM organizations"),
        Reference::User => oldest!("id, deleted_at, revision FROM users"),
    };
    Ok(fetch_optional!(tx, sql)?)
}

/// Revokes a batch of keys behind a deletion, from a key on; answers the last key of a full batch, none when all is done.
pub async fn tidy_keys(
    tx: &mut Tx,
    reference: Reference,
    of: &UntidyRow,
    after: Option<&ApiKeyId>,
    limit: u32,
) -> Result<Option<ApiKeyId>, StoreError> {
    macro_rules! batch {
        ($column:literal) => {
            concat!(
                "SELECT MAX(b.id) AS last, COUNT(*) AS count FROM (SELECT id FROM keys WHERE ",
                $column,
                " = $1 AND id > $2 ORDER BY id LIMIT $3) b"
            )
        };
    }
    macro_rules! revoke {
        ($column:literal) => {
            concat!(
                "UPDATE keys SET revoked_at = $4, revision = $5 WHERE ",
                $column,
                " = $1 AND id > $2 AND id <= $3 AND revoked_at IS NULL"
            )
        };
    }
    let (batch, revoke) = match reference {
        Reference::Api => (batch!("api_id"), revoke!("api_id")),
        Reference::Organization => (batch!("org_code"), revoke!("org_code")),
        Reference::User => (batch!("user_id"), revoke!("user_id")),
    };
    let after = after.map_or("", ApiKeyId::as_str);
    let found: BatchRow = fetch_one!(tx, batch, of.id.as_str(), after, i64::from(limit))?;
    let Some(last) = found.last else { return Ok(None) };
    let (at, revision) = (of.deleted_at.as_micros(), int(of.revision));
    execute!(tx, revoke, of.id.as_str(), after, last.as_str(), at, revision)?;
    Ok((found.count == u64::from(limit)).then_some(last))
}

/// Writes down that nothing is left to tidy behind a deletion.
pub async fn set_tidied(tx: &mut Tx, reference: Reference, id: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = match reference {
        Reference::Api => "UPDATE apis SET tidied_at = $2 WHERE id = $1",
        Reference::Organization => "UPDATE organizations SET tidied_at = $2 WHERE code = $1",
        Reference::User => "UPDATE users SET tidied_at = $2 WHERE id = $1",
    };
    execute!(tx, sql, id, now.as_micros())?;
    Ok(())
}
