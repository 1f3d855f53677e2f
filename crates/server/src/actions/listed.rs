//! Requests that name several things to change at once.

use std::collections::BTreeSet;

use crate::refusal::Refusal;

/// Entries of one request.
const MAX_ENTRIES: usize = 100;

/// Holds a list to 1 to 100 entries, each of another thing: of two for the same one, neither could be meant.
pub(super) fn require_each_once<'a>(field: &str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Refusal> {
    if ids.len() == 0 || ids.len() > MAX_ENTRIES {
        return Err(Refusal::field(field, "must have 1 to 100 entries"));
    }
    let mut seen = BTreeSet::new();
    for (at, id) in ids.enumerate() {
        if !seen.insert(id) {
            return Err(Refusal::field(&format!("{field}[{at}].id"), "is named twice"));
        }
    }
    Ok(())
}
