//! Who issues tokens, and by which names the management API is asked for.

use url::{Host, Url};

/// The issuer of tokens (RFC 8414 section 2): an address without trailing slash.
#[derive(Clone, Debug)]
pub struct Issuer {
    text: String,
    /// Authority and path of an issuer that was given; none for the one of a laptop.
    public: Option<String>,
}

impl Issuer {
    /// From the setting `public_url`, or for the port on this machine.
    pub fn new(public_url: Option<&Url>, is_tls: bool, port: u16) -> Self {
        match public_url {
            Some(url) => {
                let text = url.as_str().trim_end_matches('/').to_owned();
                let public = text.split_once("://").map(|(_, rest)| rest.to_owned());
                Self { text, public }
            }
            None => {
                let scheme = if is_tls { "https" } else { "http" };
                Self { text: format!("{scheme}://localhost:{port}"), public: None }
            }
        }
    }

    /// The issuer as it stands in tokens.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The audience of the management API.
    pub fn management_audience(&self) -> String {
        format!("{}/api", self.text)
    }

    /// Whether this is one of the addresses at which an issuer with a path is described: the path stands behind the
    /// well-known part (RFC 8414 section 3.1), or before it (OpenID Connect Discovery 1.0 section 4).
    pub fn is_described_at(&self, address: &str) -> bool {
        let Some((_, own)) = self.public.as_ref().and_then(|public| public.split_once('/')) else { return false };
        ["oauth-authorization-server", "openid-configuration"].iter().any(|document| {
            address == format!("/.well-known/{document}/{own}") || address == format!("/{own}/.well-known/{document}")
        })
    }

    /// Whether an audience names the management API: `<issuer>/api` or `<issuer>/api/v1`, with http or https, and the
    /// doubled `https://http://…` that one SDK sends. Without a public address any loopback name will do, and the host
    /// that the request was sent to.
    pub fn is_management_audience(&self, audience: &str, request_host: Option<&str>) -> bool {
        let Some(named) = management_authority(audience) else { return false };
        match &self.public {
            Some(public) => named == public,
            None => Some(named) == request_host || is_loopback(named),
        }
    }

    /// Whether an audience names the management API of this very server, so that no other API can have it.
    pub fn is_own_audience(&self, audience: &str) -> bool {
        let Some(named) = management_authority(audience) else { return false };
        match &self.public {
            Some(public) => named == public,
            None => is_loopback(named) && named.rsplit_once(':').is_some_and(|(_, port)| self.text.ends_with(port)),
        }
    }
}

/// Whose management API an audience names: what stands between its scheme, be it doubled, and its path.
fn management_authority(audience: &str) -> Option<&str> {
    let rest = strip_scheme(audience)?;
    let rest = strip_scheme(rest).unwrap_or(rest);
    rest.strip_suffix("/api").or_else(|| rest.strip_suffix("/api/v1"))
}

fn strip_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))
}

/// Whether an authority (RFC 3986 section 3.2) is a name of this machine: `localhost`, `127.0.0.0/8`, `[::1]`.
fn is_loopback(authority: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{authority}")) else { return false };
    let is_bare = url.path() == "/" && url.username().is_empty() && !authority.contains(['/', '?', '#', '@']);
    is_bare
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_issuer_answers_to_its_own_name_alone() {
        let issuer = Issuer::new(Some(&"https://keys.example.com/auth".parse().unwrap()), false, 8080);
        assert_eq!(issuer.management_audience(), "https://keys.example.com/auth/api");
        for good in [
            "https://keys.example.com/auth/api",
            "https://keys.example.com/auth/api/v1",
            "http://keys.example.com/auth/api",
            "https://http://keys.example.com/auth/api",
        ] {
            assert!(issuer.is_management_audience(good, None), "{good}");
        }
        for bad in [
            "https://keys.example.com/api",
            "https://localhost/auth/api",
            "https://evil.example/auth/api",
            "https://keys.example.com/auth/api/",
            "https://keys.example.com/auth/api/v2",
            "keys.example.com/auth/api",
            "",
        ] {
            assert!(!issuer.is_management_audience(bad, Some("evil.example/auth")), "{bad}");
        }
    }

    #[test]
    fn the_issuer_of_a_laptop_answers_to_every_name_of_this_machine() {
        let issuer = Issuer::new(None, false, 8080);
        assert_eq!(issuer.as_str(), "http://localhost:8080");
        assert_eq!(Issuer::new(None, true, 8080).as_str(), "https://localhost:8080");
        for good in [
            "http://localhost:8080/api",
            "https://localhost/api/v1",
            "http://127.0.0.1:9/api",
            "http://[::1]:8080/api",
            "https://http://127.0.0.1:8080/api",
            "http://devbox:8080/api",
        ] {
            assert!(issuer.is_management_audience(good, Some("devbox:8080")), "{good}");
        }
        assert!(issuer.is_own_audience("http://127.0.0.1:8080/api"));
        assert!(!issuer.is_own_audience("http://localhost:3000/api"), "another server of the same laptop");
        for bad in ["http://evil.example/api", "http://localhost.evil.example/api", "http://a@localhost/api"] {
            assert!(!issuer.is_management_audience(bad, Some("devbox:8080")), "{bad}");
        }
    }
}
