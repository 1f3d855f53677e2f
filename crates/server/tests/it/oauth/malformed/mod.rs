//! `POST /oauth2/token`, asked for wrongly: RFC 6749 sections 2.3, 3.2, 4.4 and 5.2.

mod bodies;
mod credentials;
mod grants;
mod shapes;

use std::fmt::Write;

use super::Client;
use crate::support::Reply;

/// What each of the requests came to. Holds what is true of every refusal on the way.
#[derive(Default)]
struct Table(String);

impl Table {
    fn add(&mut self, name: &str, client: &Client<'_>, reply: &Reply) {
        assert_eq!(reply.header("cache-control"), "no-store", "{name}");
        assert_eq!(reply.header("pragma"), "no-cache", "{name}");
        assert_eq!(reply.header("content-type"), "application/json", "{name}");
        let body = reply.body.as_object().unwrap_or_else(|| panic!("{name}: {reply}"));
        assert_eq!(body.keys().collect::<Vec<_>>(), ["error", "error_description"], "{name}");
        // RFC 6749 section 5.2: printable ASCII without the quote and the backslash.
        let is_allowed = |b| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(reply.message().bytes().all(is_allowed), "{name}: {}", reply.message());
        let text = String::from_utf8_lossy(&reply.bytes);
        for sent in ["canary", &client.id, &client.secret] {
            assert!(!text.contains(sent), "{name}: what was sent stands in the answer");
        }
        writeln!(self.0, "{name}\n    {} {}: {}", reply.status, reply.error(), reply.message()).unwrap();
        if !reply.header("www-authenticate").is_empty() {
            writeln!(self.0, "    {}", reply.header("www-authenticate")).unwrap();
        }
    }
}
