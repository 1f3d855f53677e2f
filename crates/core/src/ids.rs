//! Ids: newtypes whose prefix is checked.
//!
//! Keyward makes ids of one length. Imported ones may have another, so reading accepts any length up to
//! [`MAX_ID_CHARS`] of the letters that ids are made of.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Fill, Timestamp};

/// The longest id that is accepted, in characters.
pub const MAX_ID_CHARS: usize = 64;

/// Whether `text` is `prefix` and then at least one of the letters that ids are made of.
fn is_id(text: &str, prefix: &str) -> bool {
    text.len() <= MAX_ID_CHARS
        && text.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

/// `N` random bytes as lower-case hex.
pub fn random_hex<const N: usize>(fill: Fill<'_>) -> String {
    let mut bytes = [0; N];
    fill(&mut bytes);
    hex(&bytes)
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident = $prefix:literal + |$fill:ident, $now:ident| $body:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        pub struct $name(Box<str>);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &str = $prefix;

            /// Reads an id; `None` if it has not the form of one.
            pub fn parse(text: &str) -> Option<Self> {
                is_id(text, $prefix).then(|| Self(text.into()))
            }

            /// Makes a new id.
            pub fn generate($fill: Fill<'_>, $now: Timestamp) -> Self {
                Self(format!("{}{}", $prefix, $body).into())
            }

            /// The id as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Other("text"), &"an id"))
            }
        }
    };
}

id! {
    /// The id of a registered API: 32 hexadecimal digits.
    ApiId = "" + |fill, _now| random_hex::<16>(fill)
}
id! {
    /// The id of a scope: `api_scope_` and 32 hexadecimal digits.
    ScopeId = "api_scope_" + |fill, _now| random_hex::<16>(fill)
}
id! {
    /// The code of an organization: `org_` and 12 hexadecimal digits.
    OrgCode = "org_" + |fill, _now| random_hex::<6>(fill)
}
id! {
    /// The id of a user: `kp_` and 32 hexadecimal digits.
    UserId = "kp_" + |fill, _now| random_hex::<16>(fill)
}
id! {
    /// The client id of an application (RFC 6749 section 2.2): 32 hexadecimal digits.
    ClientId = "" + |fill, _now| random_hex::<16>(fill)
}
id! {
    /// The id of a role: a UUIDv7 with dashes (RFC 9562 section 5.7).
    RoleId = "" + |fill, now| uuid_v7(fill, now).hyphenated().to_string()
}
id! {
    /// The id of a permission: a UUIDv7 with dashes (RFC 9562 section 5.7).
    PermissionId = "" + |fill, now| uuid_v7(fill, now).hyphenated().to_string()
}
id! {
    /// The id of a plan: `plan_` and 32 hexadecimal digits.
    PlanId = "plan_" + |fill, _now| random_hex::<16>(fill)
}
id! {
    /// The id of an API key: `api_key_` and the 32 hexadecimal digits of a UUIDv7 (RFC 9562 section 5.7), so that ids
    /// sort by the time of their making.
    ApiKeyId = "api_key_" + |fill, now| uuid_v7(fill, now).simple().to_string()
}

/// A UUID that sorts by the time of its making (RFC 9562 section 5.7).
fn uuid_v7(fill: Fill<'_>, now: Timestamp) -> uuid::Uuid {
    let mut random = [0; 10];
    fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_can_be_read_back() {
        let now = Timestamp::from_seconds(1_732_239_123);
        let fill: Fill<'_> = &mut |bytes| bytes.fill(0xa5);
        assert_eq!(ApiId::generate(fill, now).as_str(), "a5".repeat(16));
        assert_eq!(OrgCode::generate(fill, now).as_str(), "org_a5a5a5a5a5a5");
        let key = ApiKeyId::generate(fill, now);
        assert_eq!(key.as_str(), "api_key_0193517f623875a5a5a5a5a5a5a5a5a5");
        assert_eq!(ApiKeyId::parse(key.as_str()), Some(key));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "kp_", "user_1", "kp_é", "kp_a b", "KP_1", &format!("kp_{}", "a".repeat(62))] {
            assert_eq!(UserId::parse(text), None, "{text}");
        }
        assert!(UserId::parse("kp_shorter").is_some(), "imported ids may have another length");
    }
}
