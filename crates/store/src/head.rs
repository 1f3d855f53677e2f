//! The head: how far changes have come.

use crate::change::HeadRow;
use crate::db::fetch_one;
use crate::{Revision, StoreError, Tx};

/// The revision of the last committed change.
pub async fn get_revision(tx: &mut Tx) -> Result<Revision, StoreError> {
    const SQL: &str = "SELECT revision, chain FROM head WHERE id = 1";
    let head: HeadRow = fetch_one!(tx, SQL)?;
    Ok(head.revision)
}
