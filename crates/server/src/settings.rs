//! Settings: the defaults that are compiled in, then a file, then the environment, then the command line.

mod throttling;
mod traces;

use std::net::SocketAddr;
use std::path::PathBuf;

use keyward_core::PlainSecret;
use keyward_store::Database;
use serde::Deserialize;
use toml::{Table, Value};
use url::Url;

use crate::front::{TlsFiles, TrustedProxies};
pub use throttling::ThrottleSettings;
pub use traces::TraceSettings;

/// The defaults, with the documentation of each setting.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// Variables that begin with `KEYWARD_` and belong to clients, so that one `.env` file can serve both.
const CLIENT_VARIABLES: [&str; 5] =
    ["KEYWARD_ISSUER", "KEYWARD_AUDIENCE", "KEYWARD_CLIENT_ID", "KEYWARD_CLIENT_SECRET", "KEYWARD_VERIFY_KEY"];

/// The master secrets, which stand in no file of settings.
const SECRET_VARIABLE: &str = "KEYWARD_SECRET";

/// What Keyward was told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where Prometheus reads, if it does.
    pub metrics_listen: Option<SocketAddr>,
    /// The issuer, if it was given.
    pub public_url: Option<Url>,
    /// The certificate and its key, if connections are to be encrypted.
    pub tls: Option<TlsFiles>,
    /// The database.
    pub database: Database,
    /// The master secrets of the environment.
    pub secret: Option<PlainSecret>,
    /// The file with the master secrets.
    pub secret_file: Option<PathBuf>,
    /// The proxies whose word about a client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// How much is allowed before somebody is told to slow down.
    pub throttle: ThrottleSettings,
    /// Where traces go, if anywhere.
    pub traces: Option<TraceSettings>,
    /// The settings that need no reading.
    pub plain: PlainSettings,
}

/// The settings whose types say all.
#[derive(Clone, Debug, Deserialize)]
pub struct PlainSettings {
    /// Seconds that a token lives, for the applications that are made from then on.
    pub token_lifetime_seconds: u32,
    /// Days after which the key that signs tokens is followed by a new one; 0 for never.
    pub signing_key_rotation_days: u32,
    /// Days for which the log of refusals is kept.
    pub refusals_kept_days: u32,
    /// Days for which it is kept what verifications came to, by the hour.
    pub usage_kept_days: u32,
    /// Connections at a time.
    pub max_connections: u32,
    /// Verifications that are worked on at a time.
    pub max_verifications: u32,
    /// Other requests that are worked on at a time.
    pub max_requests: u32,
    /// Requests of one caller that are worked on at a time.
    pub max_requests_per_caller: u32,
    /// Seconds for the handshake of TLS.
    pub handshake_timeout_seconds: u64,
    /// Seconds for the head of a request.
    pub header_timeout_seconds: u64,
    /// Seconds for the body of a request.
    pub body_timeout_seconds: u64,
    /// Seconds for a client to take an answer.
    pub answer_timeout_seconds: u64,
    /// Seconds for which nothing is asked on a connection.
    pub idle_timeout_seconds: u64,
    /// Seconds for a request.
    pub request_timeout_seconds: u64,
    /// Seconds for the requests in flight at the end.
    pub shutdown_timeout_seconds: u64,
    /// What is logged.
    pub log_level: LogLevel,
    /// How it is logged.
    pub log_format: LogFormat,
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Failures.
    Error,
    /// And what may become one.
    Warn,
    /// And what happens.
    Info,
    /// And how.
    Debug,
    /// And everything else.
    Trace,
}

/// How it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is not TOML. The message has its line, which may hold a secret, so it is not shown.
    #[error("{0} is not well-formed TOML")]
    Malformed(String),
    /// There is no such setting.
    #[error("{place}: there is no setting `{name}`; did you mean `{nearest}`?")]
    Unknown {
        /// The file or the variable.
        place: String,
        /// The name that was given.
        name: String,
        /// The known name that is nearest to it.
        nearest: String,
    },
    /// The setting breaks a rule.
    #[error("the setting `{name}` {rule}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// What it must be.
        rule: String,
    },
}

/// Where settings come from, in the order in which each overrides the one before. It holds secrets and does not print.
#[derive(Default)]
pub struct Sources {
    /// A file's name and text.
    pub file: Option<(String, String)>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// The command line, by setting.
    pub command_line: Vec<(&'static str, String)>,
}

impl Settings {
    /// Reads settings from all their sources.
    pub fn load(sources: Sources) -> Result<Self, SettingsError> {
        let mut table = parse("the defaults", DEFAULTS)?;
        let known: Vec<String> = table.keys().cloned().collect();
        if let Some((name, text)) = sources.file {
            for (key, value) in parse(&name, &text)? {
                set(&mut table, &known, &name, &key, value)?;
            }
        }
        let mut secret = None;
        for (name, value) in sources.environment {
            let Some(key) = name.strip_prefix("KEYWARD_") else { continue };
            if name == SECRET_VARIABLE {
                secret = Some(PlainSecret::new(value));
            } else if !CLIENT_VARIABLES.contains(&name.as_str()) {
                let key = key.to_lowercase();
                let value = typed_as(table.get(&key), value);
                set(&mut table, &known, "the environment", &key, value)?;
            }
        }
        for (key, value) in sources.command_line {
            table.insert(key.to_owned(), Value::String(value));
        }
        Self::read(table, secret)
    }

    fn read(table: Table, secret: Option<PlainSecret>) -> Result<Self, SettingsError> {
        let text = |name: &'static str| match table.get(name) {
            Some(Value::String(text)) => Ok(text.as_str()),
            _ => Err(SettingsError::Invalid { name, rule: "must be text".into() }),
        };
        let given = |name| text(name).map(|text| Some(text).filter(|text| !text.is_empty()));
        let data = PathBuf::from(text("data")?);
        let address = |name: &'static str, text: &str| {
            let rule = "must be an address and a port, such as 127.0.0.1:8080";
            text.parse::<SocketAddr>().map_err(|_| SettingsError::Invalid { name, rule: rule.into() })
        };
        let listen = address("listen", text("listen")?)?;
        let metrics_listen = given("metrics_listen")?.map(|text| address("metrics_listen", text)).transpose()?;
        let public_url = given("public_url")?.map(public_url).transpose()?;
        let tls = match (given("tls_cert")?, given("tls_key")?) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert: cert.into(), key: key.into() }),
            (None, None) => None,
            (Some(_), None) => return Err(lonely("tls_key", "tls_cert")),
            (None, Some(_)) => return Err(lonely("tls_cert", "tls_key")),
        };
        let database = match given("database")? {
            Some(address) => address.parse().map_err(|_| SettingsError::Invalid {
                name: "database",
                rule: "must be sqlite://… or postgres://…".into(),
            })?,
            None => Database::Sqlite(data.join("keyward.db")),
        };
        let secret_file = given("secret_file")?.map(PathBuf::from);
        let trusted_proxies = throttling::trusted_proxies(&table)?;
        let throttle = ThrottleSettings::read(&table)?;
        let traces = TraceSettings::read(&table, given("otlp_endpoint")?)?;
        let plain = read_plain(&table)?;
        Ok(Self {
            data,
            listen,
            metrics_listen,
            public_url,
            tls,
            database,
            secret,
            secret_file,
            trusted_proxies,
            throttle,
            traces,
            plain,
        })
    }
}

/// The settings that need no reading, each with its own error, which never holds the value.
fn read_plain(table: &Table) -> Result<PlainSettings, SettingsError> {
    const LEVELS: &str = "must be error, warn, info, debug or trace";
    const FORMATS: &str = "must be auto, text or json";
    let seconds = |name: &'static str| match table.get(name) {
        Some(Value::Integer(seconds)) if (1..=86_400).contains(seconds) => Ok(seconds.unsigned_abs()),
        _ => Err(SettingsError::Invalid { name, rule: "must be 1 to 86400 seconds".into() }),
    };
    let days = |name: &'static str| match table.get(name) {
        Some(Value::Integer(days)) if (0..=3650).contains(days) => Ok(u32::try_from(*days).unwrap_or(u32::MAX)),
        _ => Err(SettingsError::Invalid { name, rule: "must be 0 to 3650 days".into() }),
    };
    let count = |name: &'static str| match table.get(name) {
        Some(Value::Integer(count)) if (1..=1_000_000).contains(count) => Ok(u32::try_from(*count).unwrap_or(u32::MAX)),
        _ => Err(SettingsError::Invalid { name, rule: "must be 1 to 1000000".into() }),
    };
    let invalid = |name, rule: &str| SettingsError::Invalid { name, rule: rule.into() };
    let one_of = |name: &str| table.get(name).cloned().unwrap_or(Value::Boolean(false));
    Ok(PlainSettings {
        token_lifetime_seconds: u32::try_from(seconds("token_lifetime_seconds")?).unwrap_or(u32::MAX),
        signing_key_rotation_days: days("signing_key_rotation_days")?,
        refusals_kept_days: days("refusals_kept_days")?,
        usage_kept_days: days("usage_kept_days")?,
        max_connections: count("max_connections")?,
        max_verifications: count("max_verifications")?,
        max_requests: count("max_requests")?,
        max_requests_per_caller: count("max_requests_per_caller")?,
        handshake_timeout_seconds: seconds("handshake_timeout_seconds")?,
        header_timeout_seconds: seconds("header_timeout_seconds")?,
        body_timeout_seconds: seconds("body_timeout_seconds")?,
        answer_timeout_seconds: seconds("answer_timeout_seconds")?,
        idle_timeout_seconds: seconds("idle_timeout_seconds")?,
        request_timeout_seconds: seconds("request_timeout_seconds")?,
        shutdown_timeout_seconds: seconds("shutdown_timeout_seconds")?,
        log_level: one_of("log_level").try_into().map_err(|_| invalid("log_level", LEVELS))?,
        log_format: one_of("log_format").try_into().map_err(|_| invalid("log_format", FORMATS))?,
    })
}

/// A setting that is missing beside another.
fn lonely(name: &'static str, beside: &str) -> SettingsError {
    SettingsError::Invalid { name, rule: format!("must be given too where `{beside}` is") }
}

/// The issuer: an address without query, fragment and trailing slash (RFC 8414 section 2).
fn public_url(text: &str) -> Result<Url, SettingsError> {
    let rule = "must be an address such as https://keys.example.com, without query and fragment";
    plain_url(text).ok_or_else(|| SettingsError::Invalid { name: "public_url", rule: rule.into() })
}

/// An address of http without query, fragment, user and trailing slash.
fn plain_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    let is_plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_plain && is_http).then_some(url)
}

fn parse(name: &str, text: &str) -> Result<Table, SettingsError> {
    text.parse().map_err(|_| SettingsError::Malformed(name.to_owned()))
}

fn set(table: &mut Table, known: &[String], place: &str, key: &str, value: Value) -> Result<(), SettingsError> {
    if !known.iter().any(|name| name == key) {
        let nearest = known.iter().min_by_key(|name| strsim::damerau_levenshtein(name, key));
        return Err(SettingsError::Unknown {
            place: place.to_owned(),
            name: key.to_owned(),
            nearest: nearest.cloned().unwrap_or_default(),
        });
    }
    table.insert(key.to_owned(), value);
    Ok(())
}

/// The environment has text alone: it is read as the type that the default has, a list with commas in between.
fn typed_as(default: Option<&Value>, text: String) -> Value {
    match default {
        Some(Value::Integer(_)) => text.parse().map_or(Value::String(text), Value::Integer),
        Some(Value::Float(_)) => text.parse().map_or(Value::String(text), Value::Float),
        Some(Value::Boolean(_)) => text.parse().map_or(Value::String(text), Value::Boolean),
        Some(Value::Array(_)) if text.trim().is_empty() => Value::Array(Vec::new()),
        Some(Value::Array(_)) => {
            Value::Array(text.split(',').map(|entry| Value::String(entry.trim().to_owned())).collect())
        }
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn load(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let sources = Sources {
            file: Some(("keyward.toml".into(), file.into())),
            environment: environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            command_line: Vec::new(),
        };
        Settings::load(sources).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_overrides_the_file_and_the_file_the_defaults() {
        let settings = load("listen = '127.0.0.1:1'\ntoken_lifetime_seconds = 60", &[]).unwrap();
        assert_eq!((settings.listen.port(), settings.plain.token_lifetime_seconds), (1, 60));
        let environment = [("KEYWARD_LISTEN", "127.0.0.1:2"), ("KEYWARD_TOKEN_LIFETIME_SECONDS", "7"), ("PATH", "x")];
        let settings = load("listen = '127.0.0.1:1'", &environment).unwrap();
        assert_eq!((settings.listen.port(), settings.plain.token_lifetime_seconds), (2, 7));
        assert!(matches!(settings.database, Database::Sqlite(path) if path.ends_with("keyward-data/keyward.db")));
    }

    #[test]
    fn an_unknown_setting_is_an_error_that_names_the_nearest_known_one() {
        let error = load("lisen = '127.0.0.1:1'", &[]).unwrap_err();
        assert_eq!(error, "keyward.toml: there is no setting `lisen`; did you mean `listen`?");
        let error = load("", &[("KEYWARD_PUBLIC_ULR", "https://keys.example.com")]).unwrap_err();
        assert_eq!(error, "the environment: there is no setting `public_ulr`; did you mean `public_url`?");
    }

    #[test]
    fn the_variables_of_clients_are_left_alone() {
        let environment: Vec<_> = CLIENT_VARIABLES.iter().map(|name| (*name, "x")).collect();
        assert!(load("", &environment).is_ok());
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named_by_its_rule_and_never_shown() {
        for (file, rule) in [
            ("listen = 'canary'", "the setting `listen` must be an address and a port, such as 127.0.0.1:8080"),
            ("database = 'mysql://canary'", "the setting `database` must be sqlite://… or postgres://…"),
            ("header_timeout_seconds = 0", "the setting `header_timeout_seconds` must be 1 to 86400 seconds"),
            ("body_timeout_seconds = 86401", "the setting `body_timeout_seconds` must be 1 to 86400 seconds"),
            ("max_connections = 0", "the setting `max_connections` must be 1 to 1000000"),
            ("max_verifications = 1000001", "the setting `max_verifications` must be 1 to 1000000"),
            ("max_requests = 'canary'", "the setting `max_requests` must be 1 to 1000000"),
            ("signing_key_rotation_days = -1", "the setting `signing_key_rotation_days` must be 0 to 3650 days"),
            ("signing_key_rotation_days = 3651", "the setting `signing_key_rotation_days` must be 0 to 3650 days"),
            ("refusals_kept_days = 3651", "the setting `refusals_kept_days` must be 0 to 3650 days"),
            ("log_level = 'canary'", "the setting `log_level` must be error, warn, info, debug or trace"),
            ("log_format = 1", "the setting `log_format` must be auto, text or json"),
            ("tls_cert = 'canary'", "the setting `tls_key` must be given too where `tls_cert` is"),
            ("tls_key = 'canary'", "the setting `tls_cert` must be given too where `tls_key` is"),
            ("database = 'canary", "keyward.toml is not well-formed TOML"),
        ] {
            assert_eq!(load(file, &[]).unwrap_err(), rule);
        }
        for url in ["keys.example.com", "ftp://a", "https://a?b", "https://a#b", "https://u@a", "https://:p@a"] {
            assert!(load(&format!("public_url = '{url}'"), &[]).unwrap_err().contains("public_url"), "{url}");
        }
    }
}
