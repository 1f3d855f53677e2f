//! The limits on what can be stored, one function a rule.
//!
//! A refused value is answered with the rule, never with the value: it may be a secret that was pasted into the wrong
//! field.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use unicode_normalization::UnicodeNormalization;

/// Characters in a name.
pub const MAX_NAME_CHARS: usize = 128;
/// Characters in an audience.
pub const MAX_AUDIENCE_CHARS: usize = 256;
/// Characters in an external id.
pub const MAX_EXTERNAL_ID_CHARS: usize = 128;
/// Characters in a description.
pub const MAX_DESCRIPTION_CHARS: usize = 512;
/// Characters in an e-mail address (RFC 5321 section 4.5.3.1), a telephone number or a user name.
pub const MAX_IDENTITY_CHARS: usize = 254;
/// Scopes of one key.
pub const MAX_SCOPES: usize = 100;
/// Address ranges of one key.
pub const MAX_CIDRS: usize = 64;
/// The largest number of a change that can be asked for: every language writes it exactly (RFC 8259 section 6).
pub const MAX_REVISION: u64 = 9_007_199_254_740_991;
/// Seconds for which a secret may go on beside the one that took its place: 30 days.
pub const MAX_GRACE_SECONDS: u32 = 2_592_000;
/// Bytes of a key's metadata, written as compact JSON.
pub const MAX_METADATA_BYTES: usize = 4 * 1024;

/// The rule that a value breaks, to be read after the name of the field: "must be 1 to 128 characters".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

/// Text of 1 to `max` characters without control characters and without space at either end.
pub fn text(value: &str, max: usize) -> Result<(), Broken> {
    if value.is_empty() || value.chars().count() > max {
        return Err(Broken(format!("must be 1 to {max} characters")));
    }
    if value.chars().any(char::is_control) {
        return Err(Broken("must not contain control characters".into()));
    }
    if value.trim() != value {
        return Err(Broken("must not begin or end with white space".into()));
    }
    Ok(())
}

/// A text to search by: 1 to `max` characters, whatever they are but control characters.
pub fn searched(value: &str, max: usize) -> Result<(), Broken> {
    if value.is_empty() || value.chars().count() > max || value.chars().any(char::is_control) {
        return Err(Broken(format!("must be 1 to {max} characters, none of them a control character")));
    }
    Ok(())
}

/// An audience: text without white space, since a `scope`-like list of audiences is separated by it (RFC 6749 section
/// 3.3), of at most [`MAX_AUDIENCE_CHARS`].
pub fn audience(value: &str) -> Result<(), Broken> {
    text(value, MAX_AUDIENCE_CHARS)?;
    if value.chars().any(char::is_whitespace) {
        return Err(Broken("must not contain white space".into()));
    }
    Ok(())
}

/// An address range such as `203.0.113.0/24`; a single address stands for the range that holds just it. IPv4 that is
/// written as IPv6 (RFC 4291 section 2.5.5.2) becomes IPv4, as the addresses do that are looked for in it.
pub fn cidr(value: &str) -> Result<IpNet, Broken> {
    let range = read_range(value).map(|range| range.trunc());
    range.ok_or_else(|| Broken("must be an address or a CIDR range, such as 203.0.113.0/24".into()))
}

/// The standard library reads the address: the one of ipnet takes `010.0.0.1/8` for 10.0.0.1, where others see 8.0.0.1.
fn read_range(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let range = match length {
        None => IpNet::from(address),
        Some(length) => {
            let is_number =
                length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
            IpNet::new(address, length.parse().ok().filter(|_| is_number)?).ok()?
        }
    };
    let IpNet::V6(wide) = range else { return Some(range) };
    match (wide.network().to_ipv4_mapped(), wide.prefix_len().checked_sub(96)) {
        (Some(address), Some(length)) => Ipv4Net::new(address, length).ok().map(IpNet::V4),
        _ => Some(range),
    }
}

/// An e-mail address as it is kept: in small letters, since no mailbox that people use tells them from capital ones.
pub fn fold_email(address: &str) -> String {
    address.to_lowercase()
}

/// Folds a name for search, the same on every database: small letters after Unicode's rules, with one form for what is
/// written in several, such as `é` in one character or in two, and the sigma at the end of a word.
pub fn fold(name: &str) -> String {
    let small = name.nfkc().collect::<String>().to_lowercase();
    small.nfkc().map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_in_characters() {
        assert_eq!(text(&"é".repeat(128), MAX_NAME_CHARS), Ok(()));
        assert_eq!(text(&"é".repeat(129), MAX_NAME_CHARS), Err(Broken("must be 1 to 128 characters".into())));
        assert_eq!(text("", MAX_NAME_CHARS), Err(Broken("must be 1 to 128 characters".into())));
        assert_eq!(text("a\nb", 9), Err(Broken("must not contain control characters".into())));
        assert_eq!(text(" a", 9), Err(Broken("must not begin or end with white space".into())));
    }

    #[test]
    fn a_name_is_found_however_its_letters_are_written() {
        for (written, otherwise) in [("ÉCOLE", "e\u{301}cole"), ("ΟΔΟΣ", "οδοσ"), ("ＡＢ", "ab"), ("İ", "i\u{307}")]
        {
            assert_eq!(fold(written), fold(otherwise), "{written}");
        }
        assert_ne!(fold("e"), fold("é"));
    }

    #[test]
    fn a_single_address_is_a_range_of_one() {
        let ranges = ["203.0.113.7/24", "2001:db8::1"].map(|text| cidr(text).unwrap());
        assert_eq!(ranges, ["203.0.113.0/24".parse().unwrap(), "2001:db8::1/128".parse::<IpNet>().unwrap()]);
        assert!(cidr("office").is_err());
    }

    #[test]
    fn a_range_that_others_read_otherwise_is_refused() {
        for text in
            ["010.0.0.1/8", "10.0.0.010/8", "010.0.0.1", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.0/33"]
        {
            assert!(cidr(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ipv4_in_the_clothes_of_ipv6_is_ipv4() {
        let ranges = ["::ffff:203.0.113.7", "::ffff:203.0.113.7/120", "::ffff:0:0/96"].map(|text| cidr(text).unwrap());
        assert_eq!(ranges.map(|range| range.to_string()), ["203.0.113.7/32", "203.0.113.0/24", "0.0.0.0/0"]);
        assert_eq!(cidr("::/0").unwrap().to_string(), "::/0");
    }
}
