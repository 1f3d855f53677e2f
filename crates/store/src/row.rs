//! From columns to types of the core: one line a field.

use std::collections::BTreeSet;

use ipnet::IpNet;
use keyward_core::{
    AccessKey, AllowedScopes, ApiId, ApiKeyId, Balance, ClientId, CreditTerms, GrantedCredits, KeyClass, KeyPolicy,
    KeyPrefix, KeyType, OrgCode, PermissionId, PlanId, RateLimit, Refill, RefillInterval, RoleId, ScopeId, ScopeKey,
    ScopeNumbers, SecretMac, Selector, SystemPermission, Timestamp, UserId,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::StoreError;

/// A type that a column can be read as.
pub(crate) trait Column: Sized {
    /// What the driver hands over.
    type Raw;
    /// Reads it; `None` if it is not as this version writes it.
    fn from_raw(raw: Self::Raw) -> Option<Self>;
}

macro_rules! columns {
    ($($name:ty: $raw:ty = |$value:ident| $body:expr;)*) => {
        $(
            impl Column for $name {
                type Raw = $raw;
                fn from_raw($value: $raw) -> Option<Self> {
                    $body
                }
            }
            impl Column for Option<$name> {
                type Raw = Option<$raw>;
                fn from_raw(raw: Option<$raw>) -> Option<Self> {
                    match raw {
                        Some($value) => $body.map(Some),
                        None => Some(None),
                    }
                }
            }
        )*
    };
}

columns! {
    String: String = |text| Some(text);
    bool: bool = |flag| Some(flag);
    i64: i64 = |number| Some(number);
    u32: i64 = |number| u32::try_from(number).ok();
    u64: i64 = |number| u64::try_from(number).ok();
    Vec<u8>: Vec<u8> = |bytes| Some(bytes);
    // An instant that becomes another when it is read was written by nobody here.
    Timestamp: i64 = |micros| Some(Timestamp::from_micros(micros)).filter(|at| at.as_micros() == micros);
    ApiId: String = |text| ApiId::parse(&text);
    ScopeId: String = |text| ScopeId::parse(&text);
    OrgCode: String = |text| OrgCode::parse(&text);
    UserId: String = |text| UserId::parse(&text);
    ClientId: String = |text| ClientId::parse(&text);
    RoleId: String = |text| RoleId::parse(&text);
    PermissionId: String = |text| PermissionId::parse(&text);
    PlanId: String = |text| PlanId::parse(&text);
    ApiKeyId: String = |text| ApiKeyId::parse(&text);
    ScopeKey: String = |text| ScopeKey::parse(&text).ok();
    AccessKey: String = |text| AccessKey::parse(&text).ok();
    KeyPrefix: String = |text| KeyPrefix::parse(&text).ok();
    KeyClass: String = |text| KeyClass::parse(&text);
    KeyPolicy: String = |text| from_json::<KeyPolicy>(&text).filter(|policy| policy.check().is_ok());
    KeyType: String = |text| KeyType::parse(&text);
    Selector: String = |text| Selector::parse(&text);
    SecretMac: Vec<u8> = |bytes| SecretMac::from_bytes(&bytes);
    ScopeNumbers: String = |text| from_json(&text);
    BTreeSet<SystemPermission>: String = |text| read_system_permissions(&text);
    Vec<IpNet>: String = |text| from_json(&text);
    Vec<ApiId>: String = |text| from_json(&text);
    Vec<RateLimit>: String = |text| from_json(&text);
    RefillInterval: String = |text| RefillInterval::parse(&text);
    Balance: String = |text| read_balance(&text);
    AllowedScopes: String = |text| from_json(&text);
    GrantedCredits: String = |text| from_json(&text);
    Map<String, Value>: String = |text| from_json(&text);
}

/// A list of keys.
fn read_system_permissions(text: &str) -> Option<BTreeSet<SystemPermission>> {
    from_json::<Vec<String>>(text)?.iter().map(|key| SystemPermission::parse(key)).collect()
}

/// What the view `credit_balances` writes: cost, period and what is left, then amount and interval of a refill.
fn read_balance(text: &str) -> Option<Balance> {
    let mut words = text.split(' ');
    let mut number = || words.next()?.parse::<i64>().ok();
    let (cost, period, remaining) = (number()?, number()?, number()?);
    let refill = match (words.next().unwrap_or_default(), words.next()) {
        ("", None) => None,
        (amount, Some(interval)) => Some(Refill::new(amount.parse().ok()?, RefillInterval::parse(interval)?).ok()?),
        _ => return None,
    };
    Some(Balance {
        terms: CreditTerms::new(refill, u32::try_from(cost).ok()?).ok()?,
        period: Timestamp::from_micros(period),
        remaining: u64::try_from(remaining).ok()?,
    })
}

fn from_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// A list or an object as JSON, for a TEXT column. Only types whose JSON cannot fail are stored.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A number as the databases know it.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The pattern of LIKE, with `!` as its escape, for names that have a text anywhere in them. Names are folded, so the
/// text is too.
pub(crate) fn anywhere(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in keyward_core::bounds::fold(text).chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// Holds an update by its key to the one row that it must hit.
pub(crate) fn hit_one(table: &str, rows: u64) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Corrupt(format!("{table}: an update hit {rows} rows"))) }
}

/// Declares a row: a struct whose fields are read from the columns of the same names, on both databases.
macro_rules! row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$field_doc:meta])* $field_vis:vis $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        $vis struct $name { $($(#[$field_doc])* $field_vis $field: $type,)* }

        row!(@impl sqlx::sqlite::SqliteRow, $name, $($field: $type,)*);
        row!(@impl sqlx::postgres::PgRow, $name, $($field: $type,)*);
    };
    (@impl $driver:ty, $name:ident, $($field:ident: $type:ty,)*) => {
        impl<'r> sqlx::FromRow<'r, $driver> for $name {
            fn from_row(row: &'r $driver) -> Result<Self, sqlx::Error> {
                use $crate::row::Column;
                $(let $field = {
                    let column = stringify!($field).trim_start_matches("r#");
                    let raw: <$type as Column>::Raw = sqlx::Row::try_get(row, column)?;
                    <$type as Column>::from_raw(raw).ok_or_else(|| sqlx::Error::ColumnDecode {
                        index: column.to_owned(),
                        source: "the value is not as this version writes it".into(),
                    })?
                };)*
                Ok(Self { $($field,)* })
            }
        }
    };
}
pub(crate) use row;

row! {
    /// A number that a query counts.
    pub(crate) struct CountRow {
        /// The number.
        pub(crate) count: u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_is_read_from_words_and_anything_else_is_not() {
        let refilled = read_balance("2 5000000 70 100 day").unwrap();
        assert_eq!((refilled.terms.cost(), refilled.period, refilled.remaining), (2, Timestamp::from_seconds(5), 70));
        let refill = refilled.terms.refill().unwrap();
        assert_eq!((refill.amount(), refill.interval()), (100, RefillInterval::Day));
        assert_eq!(read_balance("1 0 5 ").unwrap().terms.refill(), None);
        for other in ["", "1", "1 0", "1 0 -5 ", "1 0 5 100", "1 0 5 100 year", "1 0 5 0 day", "x 0 5 "] {
            assert_eq!(read_balance(other), None, "{other:?}");
        }
    }
}
