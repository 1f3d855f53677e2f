//! The settings of traces.

use toml::{Table, Value};
use url::Url;

use super::{SettingsError, plain_url};

/// The path of traces below an endpoint (OTLP/HTTP).
const PATH: &str = "/v1/traces";

/// Where traces go.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    /// The address that spans are sent to.
    pub endpoint: Url,
    /// The part of requests without a trace of their caller that is traced, from 0 to 1.
    pub sample_ratio: f64,
}

impl TraceSettings {
    /// None without an endpoint. The ratio is looked at all the same.
    pub(super) fn read(table: &Table, endpoint: Option<&str>) -> Result<Option<Self>, SettingsError> {
        let invalid = |name, rule: &str| SettingsError::Invalid { name, rule: rule.into() };
        let sample_ratio = match table.get("otlp_sample_ratio") {
            Some(Value::Float(ratio)) if (0.0..=1.0).contains(ratio) => *ratio,
            Some(Value::Integer(0)) => 0.0,
            Some(Value::Integer(1)) => 1.0,
            _ => return Err(invalid("otlp_sample_ratio", "must be a number from 0 to 1")),
        };
        let Some(endpoint) = endpoint else { return Ok(None) };
        let rule = "must be an address such as http://localhost:4318, without query and fragment";
        let url = plain_url(endpoint).ok_or_else(|| invalid("otlp_endpoint", rule))?;
        let endpoint = format!("{}{PATH}", url.as_str().trim_end_matches('/'));
        let endpoint = endpoint.parse().map_err(|_| invalid("otlp_endpoint", rule))?;
        Ok(Some(Self { endpoint, sample_ratio }))
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::tests::load;

    #[test]
    fn traces_go_below_the_endpoint_and_nowhere_without_one() {
        assert!(load("", &[]).unwrap().traces.is_none());
        for (file, address) in [
            ("otlp_endpoint = 'http://localhost:4318'", "http://localhost:4318/v1/traces"),
            ("otlp_endpoint = 'https://otlp.example.com/in/'", "https://otlp.example.com/in/v1/traces"),
        ] {
            let traces = load(file, &[]).unwrap().traces.unwrap();
            assert_eq!((traces.endpoint.as_str(), traces.sample_ratio), (address, 1.0));
        }
        let environment = [("KEYWARD_OTLP_ENDPOINT", "http://localhost:4318"), ("KEYWARD_OTLP_SAMPLE_RATIO", "0.25")];
        assert_eq!(load("", &environment).unwrap().traces.unwrap().sample_ratio, 0.25);
        assert_eq!(load("otlp_sample_ratio = 0", &environment[..1]).unwrap().traces.unwrap().sample_ratio, 0.0);
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_rule_and_never_shown() {
        for ratio in ["-0.1", "1.1", "2", "nan", "'canary'"] {
            let error = load(&format!("otlp_sample_ratio = {ratio}"), &[]).unwrap_err();
            assert_eq!(error, "the setting `otlp_sample_ratio` must be a number from 0 to 1");
        }
        for url in ["localhost:4318", "grpc://canary", "http://canary@a", "http://a?canary", "http://a#canary"] {
            let error = load(&format!("otlp_endpoint = '{url}'"), &[]).unwrap_err();
            let rule = "must be an address such as http://localhost:4318, without query and fragment";
            assert_eq!(error, format!("the setting `otlp_endpoint` {rule}"), "{url}");
        }
    }
}
