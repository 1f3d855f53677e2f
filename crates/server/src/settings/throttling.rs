//! The settings of who is believed and who is told to slow down.

use keyward_core::gcra::MAX_LIMIT;
use toml::{Table, Value};

use super::SettingsError;
use crate::front::TrustedProxies;

/// How much is allowed in a minute; 0 for no limit.
#[derive(Clone, Debug)]
pub struct ThrottleSettings {
    /// Wrong credentials from an address.
    pub failures_per_address_per_minute: u32,
    /// Wrong secrets for a client.
    pub failures_per_client_per_minute: u32,
    /// Tokens for a client.
    pub tokens_per_client_per_minute: u32,
}

impl ThrottleSettings {
    pub(super) fn read(table: &Table) -> Result<Self, SettingsError> {
        let limit = |name: &'static str| match table.get(name) {
            Some(Value::Integer(limit)) if (0..=i64::from(MAX_LIMIT)).contains(limit) => {
                Ok(u32::try_from(*limit).unwrap_or(MAX_LIMIT))
            }
            _ => Err(SettingsError::Invalid { name, rule: "must be 0 to 1000000".into() }),
        };
        Ok(Self {
            failures_per_address_per_minute: limit("failures_per_address_per_minute")?,
            failures_per_client_per_minute: limit("failures_per_client_per_minute")?,
            tokens_per_client_per_minute: limit("tokens_per_client_per_minute")?,
        })
    }
}

/// The proxies, from a list of texts.
pub(super) fn trusted_proxies(table: &Table) -> Result<TrustedProxies, SettingsError> {
    let name = "trusted_proxies";
    let invalid = || SettingsError::Invalid {
        name,
        rule: "must be a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]".into(),
    };
    let Some(Value::Array(entries)) = table.get(name) else { return Err(invalid()) };
    let texts: Option<Vec<&str>> = entries.iter().map(Value::as_str).collect();
    texts.and_then(TrustedProxies::parse).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use crate::settings::tests::load;

    #[test]
    fn proxies_are_a_list_in_the_file_and_have_commas_in_the_environment() {
        let of_file = load("trusted_proxies = ['10.0.0.0/8', '::1']", &[]).unwrap();
        let of_environment = load("", &[("KEYWARD_TRUSTED_PROXIES", "10.0.0.0/8, ::1")]).unwrap();
        let none = load("trusted_proxies = ['192.0.2.1']", &[("KEYWARD_TRUSTED_PROXIES", "")]).unwrap();
        assert_eq!(of_file.trusted_proxies, of_environment.trusted_proxies);
        assert_ne!(of_file.trusted_proxies, load("", &[]).unwrap().trusted_proxies);
        assert_eq!(none.trusted_proxies, load("", &[]).unwrap().trusted_proxies);
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_rule_and_never_shown() {
        let proxies =
            r#"the setting `trusted_proxies` must be a list of addresses and networks, such as ["10.0.0.0/8", "::1"]"#;
        for (file, rule) in [
            ("trusted_proxies = 'canary'", proxies),
            ("trusted_proxies = ['canary']", proxies),
            ("trusted_proxies = ['10.0.0.0/33']", proxies),
            ("trusted_proxies = ['']", proxies),
            ("trusted_proxies = [1]", proxies),
            (
                "failures_per_address_per_minute = -1",
                "the setting `failures_per_address_per_minute` must be 0 to 1000000",
            ),
            (
                "failures_per_client_per_minute = 'canary'",
                "the setting `failures_per_client_per_minute` must be 0 to 1000000",
            ),
            (
                "tokens_per_client_per_minute = 1000001",
                "the setting `tokens_per_client_per_minute` must be 0 to 1000000",
            ),
        ] {
            assert_eq!(load(file, &[]).unwrap_err(), rule);
        }
    }
}
