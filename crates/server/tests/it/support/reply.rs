//! What came back, as it can stand in a snapshot.

use std::fmt;

use axum::body::to_bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

/// Headers that no answer has.
const BANNERS: [&str; 5] = ["server", "via", "x-powered-by", "access-control-allow-origin", "set-cookie"];

/// Words of what is inside, as they would stand in the text of an error that got out.
const INSIDES: [&str; 9] = ["sqlx", "sqlite", "postgres", "select ", "tokio", "panicked", ".rs", "/tmp", "os error"];

/// An answer, read to its end.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The body as JSON; null if it is none.
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status: parts.status.as_u16(), headers: parts.headers, bytes, body }
    }

    /// What serves says nothing of itself, lets no page of another site read it, and tells no cause of a refusal.
    pub(super) fn tells_nothing_of_the_house(&self) {
        for name in BANNERS {
            assert!(!self.headers.contains_key(name), "{name}: {}", self.header(name));
        }
        let text = if self.status < 400 { String::new() } else { String::from_utf8_lossy(&self.bytes).to_lowercase() };
        for inside in INSIDES {
            assert!(!text.contains(inside), "a refusal tells of {inside}: {text}");
        }
    }

    /// A text of the body, by JSON pointer (RFC 6901).
    pub(crate) fn text(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("nothing at {pointer} in {self}")).to_owned()
    }

    /// A header, empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of the first error, of the management API or of OAuth.
    pub(crate) fn error(&self) -> &str {
        let places = ["/errors/0/code", "/errors/code", "/error"];
        places.iter().find_map(|place| self.body.pointer(place)).and_then(Value::as_str).unwrap_or_default()
    }

    /// The message of the first error.
    pub(crate) fn message(&self) -> &str {
        let places = ["/errors/0/message", "/errors/message", "/error_description"];
        places.iter().find_map(|place| self.body.pointer(place)).and_then(Value::as_str).unwrap_or_default()
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for name in ["cache-control", "www-authenticate", "retry-after"] {
            if self.headers.contains_key(name) {
                writeln!(f, "{name}: {}", self.header(name))?;
            }
        }
        match &self.body {
            Value::Null => write!(f, "\n{}", String::from_utf8_lossy(&self.bytes)),
            body => write!(f, "\n{}", serde_json::to_string_pretty(body).unwrap_or_default()),
        }
    }
}
