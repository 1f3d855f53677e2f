//! The head: how far changes have come.

pub use crate::change::HeadRow;
use crate::db::fetch_one;
use crate::{Revision, StoreError, Tx};

/// The revision of the last committed change.
pub async fn get_revision(tx: &mut Tx) -> Result<Revision, StoreError> {
    Ok(get_head(tx).await?.revision)
}

/// The head as it is: the last revision, and its link of the audit chain.
pub async fn get_head(tx: &mut Tx) -> Result<HeadRow, StoreError> {
    const SQL: &str = "SELECT revision, chain FROM head WHERE id = 1";
    Ok(fetch_one!(tx, SQL)?)
}
