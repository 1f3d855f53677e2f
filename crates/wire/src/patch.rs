//! Members of a change that have three states: absent keeps, null clears, a value sets.

use serde::{Deserialize, Deserializer};

/// Reads a member that is there; with `default`, an absent one is `None`.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
