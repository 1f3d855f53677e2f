//! Lists that are read a page at a time, where the answer names the next page by a token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::refusal::Refusal;

/// Entries on a page where the caller does not say.
const DEFAULT_PAGE: u32 = 10;
/// What one filter can name.
const MAX_NAMED: usize = 100;
/// Entries on the largest page.
const MAX_PAGE: u32 = 500;

/// Which page is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked<S> {
    /// Entries on it.
    pub(super) size: u32,
    /// In which order.
    pub(super) sort: S,
    /// The id of the last entry of the page before. It may have been deleted since.
    pub(super) after: Option<String>,
}

/// A page, and how to ask for the one behind it.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub rows: Vec<T>,
    /// Names the next page; none on the last one.
    pub next_token: Option<String>,
}

/// Reads which page is asked for. A token names the list and the order that it goes with and the last id, and nothing that
/// is known about it: tokens stand in addresses, and those stand in logs.
pub(super) fn read_asked<S: Copy + PartialEq>(
    size: Option<u32>,
    token: Option<&str>,
    sort: Option<S>,
    sorts: &[(S, &str)],
) -> Result<Asked<S>, Refusal> {
    let size = read_size(size, DEFAULT_PAGE)?;
    let unreadable = || Refusal::field("next_token", "must be one that this list has answered");
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        let first = sorts.first().ok_or_else(unreadable)?;
        return Ok(Asked { size, sort: sort.unwrap_or(first.0), after: None });
    };
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| unreadable())?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
    let (name, after) = text.split_once(' ').ok_or_else(unreadable)?;
    // Made up: no id of ours has one, and PostgreSQL fails on a NUL.
    if after.chars().any(char::is_control) {
        return Err(unreadable());
    }
    let of_token = sorts.iter().find(|(_, known)| *known == name).ok_or_else(unreadable)?.0;
    if sort.is_some_and(|sort| sort != of_token) {
        return Err(Refusal::field("next_token", "goes with another `sort`"));
    }
    Ok(Asked { size, sort: of_token, after: Some(after.to_owned()) })
}

/// Reads how many entries a page is to have.
pub(super) fn read_size(size: Option<u32>, default: u32) -> Result<u32, Refusal> {
    let size = size.unwrap_or(default);
    if (1..=MAX_PAGE).contains(&size) { Ok(size) } else { Err(Refusal::field("page_size", "must be 1 to 500")) }
}

/// Reads what a filter names, with commas between, each once. One that names nothing is refused: whoever asks for none is
/// not to be shown all.
pub(super) fn read_list<'a>(list: &'a str, field: &str) -> Result<Vec<&'a str>, Refusal> {
    let mut values: Vec<&str> = list.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
    values.sort_unstable();
    values.dedup();
    if (1..=MAX_NAMED).contains(&values.len()) {
        Ok(values)
    } else {
        Err(Refusal::field(field, "must have 1 to 100 entries"))
    }
}

/// The refusal of a page that is to begin behind a user who has no place in the order.
pub(super) fn placeless(field: &str) -> Refusal {
    Refusal::field(field, "names a user who is unknown or was erased; begin with the first page")
}

impl<S: Copy + PartialEq> Asked<S> {
    /// How many rows to read: one more than the page has, to know whether there is another.
    pub(super) fn limit(&self) -> u32 {
        self.size + 1
    }

    /// The page that these rows make, of which there may be one too many.
    pub(super) fn page<T>(&self, mut rows: Vec<T>, sorts: &[(S, &str)], id: impl Fn(&T) -> &str) -> Page<T> {
        let has_more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        let name = sorts.iter().find(|(sort, _)| *sort == self.sort).map_or("", |(_, name)| name);
        let last = rows.last().filter(|_| has_more);
        let next_token = last.map(|row| URL_SAFE_NO_PAD.encode(format!("{name} {}", id(row))));
        Page { rows, next_token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SORTS: &[(bool, &str)] = &[(false, "name_asc"), (true, "name_desc")];

    #[test]
    fn a_token_leads_to_the_page_behind_it_in_the_same_order() {
        let first = read_asked(Some(2), None, Some(true), SORTS).unwrap();
        let page = first.page(vec!["c", "b", "a"], SORTS, |row| row);
        assert_eq!(page.rows, ["c", "b"]);
        let token = page.next_token.unwrap();
        let next = read_asked(Some(2), Some(&token), None, SORTS).unwrap();
        assert_eq!((next.sort, next.after.as_deref()), (true, Some("b")));
        assert_eq!(next.page(vec!["a"], SORTS, |row| row).next_token, None);
        let other = read_asked(Some(2), Some(&token), Some(false), SORTS).unwrap_err();
        assert_eq!(other.message, "`next_token` goes with another `sort`");
    }

    #[test]
    fn what_is_not_a_token_is_refused_and_an_empty_one_is_the_first_page() {
        for token in ["!", "AAAA", "bmFtZV9hc2M", "_w", "bmFtZV9hc2MgYQA"] {
            assert!(read_asked(None, Some(token), None, SORTS).is_err(), "{token}");
        }
        let first = read_asked(None, Some(""), None, SORTS).unwrap();
        assert_eq!((first.size, first.sort, first.after), (10, false, None));
        assert!(read_asked(Some(500), None, None, SORTS).is_ok());
        assert!(read_asked(Some(501), None, None, SORTS).is_err());
        assert!(read_asked(Some(0), None, None, SORTS).is_err());
    }
}
