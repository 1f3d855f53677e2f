//! The one type for an instant.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::date;
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant of the wall clock in microseconds since the Unix epoch, UTC; 8 bytes, since the engine holds millions.
///
/// It is written as RFC 3339 with `Z`, and read from RFC 3339 with any offset, which may lack its minutes. Leap seconds do
/// not exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime, description = "An instant as RFC 3339 with `Z`."))]
pub struct Timestamp(i64);

/// The text was not an RFC 3339 date and time.
#[derive(Debug, thiserror::Error)]
#[error("not an RFC 3339 date and time")]
pub struct NotRfc3339;

impl Timestamp {
    /// The last instant that can be written with every offset in a four-digit year, in microseconds.
    const LAST: i64 = 253_402_207_199_999_999;

    /// From microseconds since the epoch; what lies outside the years 1970 to 9999 becomes the nearest instant inside.
    pub const fn from_micros(micros: i64) -> Self {
        if micros < 0 {
            Self(0)
        } else if micros > Self::LAST {
            Self(Self::LAST)
        } else {
            Self(micros)
        }
    }

    /// From whole seconds since the epoch, as in a JWT's `iat` and `exp` (RFC 7519 section 2, NumericDate).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, as in a UUIDv7.
    pub const fn as_millis(self) -> u64 {
        (self.0 / 1_000).unsigned_abs()
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// This instant moved into the future; the end of the year 9999 is the last one.
    pub fn after(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => instant.fmt(f),
            Err(_) => f.write_str("9999-12-31T23:59:59Z"),
        }
    }
}

impl FromStr for Timestamp {
    type Err = NotRfc3339;

    fn from_str(text: &str) -> Result<Self, NotRfc3339> {
        // The parser takes years with a sign and six digits too, and dates without dashes.
        if text.get(..4).is_none_or(|year| !year.bytes().all(|b| b.is_ascii_digit())) || text.get(4..5) != Some("-") {
            return Err(NotRfc3339);
        }
        let pieces = Pieces::parse(text).map_err(|_| NotRfc3339)?;
        let (Some(time), Some(offset), None) =
            (pieces.time(), pieces.to_numeric_offset(), pieces.time_zone_annotation())
        else {
            return Err(NotRfc3339);
        };
        // By hand, since the last hours of the year 9999, which are often meant as "never", are beyond an instant of jiff.
        let since_epoch = pieces.date().to_datetime(time).duration_since(date(1970, 1, 1).at(0, 0, 0, 0)).as_micros();
        let micros = since_epoch - i128::from(offset.seconds()) * 1_000_000;
        Ok(Self::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::invalid_value(de::Unexpected::Other("text"), &"an RFC 3339 date and time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_with_z_and_read_with_any_offset() {
        let noon: Timestamp = "2026-11-22T13:00:00.25+01:00".parse().unwrap();
        assert_eq!(noon.to_string(), "2026-11-22T12:00:00.25Z");
        assert_eq!(serde_json::to_string(&noon).unwrap(), "\"2026-11-22T12:00:00.25Z\"");
    }

    #[test]
    fn what_cannot_be_written_becomes_the_nearest_instant() {
        assert_eq!(Timestamp::from_micros(-1).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9999-12-30T21:59:59.999999Z");
        assert!("2026-11-22T13:00:00+11".parse::<Timestamp>().is_ok_and(|t| t.to_string() == "2026-11-22T02:00:00Z"));
        let never: Timestamp = "9999-12-31T23:59:59Z".parse().unwrap();
        assert_eq!(never.to_string(), "9999-12-30T21:59:59.999999Z");
        let hostile = [
            "yesterday",
            "2026-11-22",
            "2026-11-22T13:00:00",
            "2026-11-22T13:00:00+01:00[Europe/Paris]",
            "13:00Z",
            "+002026-11-22T13:00:00Z",
            "20261122T130000Z",
        ];
        for text in hostile {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
