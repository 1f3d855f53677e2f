//! The header fields of 429: `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11), `Retry-After`
//! (RFC 9110 section 10.2.3), and Kinde's `RateLimit-Reset`.

use std::fmt::{Display, Write};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use keyward_core::Quota;
use keyward_core::gcra::{Standing, whole_seconds};

use crate::throttle::Throttled;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Tells what is used up, and how long to wait until all of it allows one more.
pub(crate) fn write_limits(headers: &mut HeaderMap, Throttled(used_up): &Throttled) {
    write_standings(headers, used_up.iter().map(|used_up| (used_up.policy, used_up.quota, used_up.standing)));
    let wait = used_up.iter().map(|used_up| whole_seconds(used_up.standing.more_after)).max().unwrap_or(0);
    // Not earlier than the end of any effective window.
    headers.insert(RETRY_AFTER, wait.into());
    headers.insert(RATE_LIMIT_RESET, wait.into());
}

/// Tells after how many seconds to come back.
pub(crate) fn write_retry_after(headers: &mut HeaderMap, seconds: u64) {
    headers.insert(RETRY_AFTER, seconds.into());
}

/// Tells where limits stand, each by its policy's name: small letters, digits, `-`, `_` and `.`, which need no escape in a
/// String (RFC 9651 section 3.3.3).
pub(crate) fn write_standings<P: Display>(headers: &mut HeaderMap, each: impl Iterator<Item = (P, Quota, Standing)>) {
    let (mut limits, mut policies) = (String::new(), String::new());
    for (policy, quota, standing) in each {
        let comma = if limits.is_empty() { "" } else { ", " };
        let more_after = whole_seconds(standing.more_after);
        // Writing to a String cannot fail.
        let _ = write!(limits, "{comma}\"{policy}\";r={};t={more_after}", standing.remaining);
        let _ = write!(policies, "{comma}\"{policy}\";q={};w={}", quota.limit(), quota.window_seconds());
    }
    if limits.is_empty() {
        return;
    }
    for (name, text) in [(RATE_LIMIT, limits), (RATE_LIMIT_POLICY, policies)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sfv::{BareItem, List, ListEntry, Parser};

    use super::*;
    use crate::throttle::UsedUp;

    fn used_up(policy: &'static str, limit: u32, window: u32, remaining: u32, millis: u64) -> UsedUp {
        let standing = Standing { remaining, more_after: Duration::from_millis(millis) };
        UsedUp { policy, quota: Quota::new(limit, window).unwrap(), standing }
    }

    /// A List of Strings, each with these Integers as its parameters, as RFC 9651 has it.
    fn read(headers: &HeaderMap, name: &str, keys: [&str; 2]) -> Vec<(String, i64, i64)> {
        let list: List = Parser::new(headers[name].as_bytes()).parse().unwrap();
        let each = list.iter().map(|entry| {
            let ListEntry::Item(item) = entry else { panic!("{entry:?}") };
            let BareItem::String(policy) = &item.bare_item else { panic!("{item:?}") };
            assert_eq!(item.params.keys().map(|key| key.as_str()).collect::<Vec<_>>(), keys);
            let number = |key| match item.params.get(key) {
                Some(BareItem::Integer(number)) => i64::from(*number),
                other => panic!("{other:?}"),
            };
            (policy.as_str().to_owned(), number(keys[0]), number(keys[1]))
        });
        each.collect()
    }

    #[test]
    fn several_policies_stand_in_a_list_and_the_longest_wait_counts() {
        let mut headers = HeaderMap::new();
        let told = [used_up("failures-by-address", 600, 60, 0, 100), used_up("failures-by-client", 120, 61, 0, 59_001)];
        write_limits(&mut headers, &Throttled(told.into()));
        let named = |first: (i64, i64), second: (i64, i64)| {
            vec![
                ("failures-by-address".to_owned(), first.0, first.1),
                ("failures-by-client".to_owned(), second.0, second.1),
            ]
        };
        assert_eq!(read(&headers, "ratelimit-policy", ["q", "w"]), named((600, 60), (120, 61)));
        assert_eq!(read(&headers, "ratelimit", ["r", "t"]), named((0, 1), (0, 60)));
        assert_eq!(
            (&headers["retry-after"], &headers["ratelimit-reset"]),
            (&"60".parse().unwrap(), &"60".parse().unwrap())
        );
    }

    #[test]
    fn the_fields_are_as_the_draft_writes_them() {
        let mut headers = HeaderMap::new();
        write_limits(&mut headers, &Throttled(vec![used_up("tokens-by-client", 1200, 60, 0, 50)]));
        assert_eq!(headers["ratelimit-policy"], r#""tokens-by-client";q=1200;w=60"#);
        assert_eq!(headers["ratelimit"], r#""tokens-by-client";r=0;t=1"#);
    }
}
