//! Tokens for machines: RFC 6749 section 4.4, with its own error codes and shapes.

use keyward_core::{ClientId, OrgCode, PlainSecret};
use serde::{Deserialize, Serialize};

/// The body of a token request. Client credentials may stand in the `Authorization` header instead.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRequest {
    /// `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, example = "client_credentials"))]
    pub grant_type: Option<String>,
    /// The application's client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The application's secret.
    #[serde(serialize_with = "keyward_core::secret::expose_given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub client_secret: Option<PlainSecret>,
    /// The audience of the API that the token is for. Missing or empty means the management API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The scopes asked for, separated by spaces. Missing or empty means all that were granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// A token (RFC 6749 section 5.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenResponse {
    /// The token, a JWT.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    #[serde(serialize_with = "keyward_core::secret::expose")]
    pub access_token: PlainSecret,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// The scopes it carries, separated by spaces.
    pub scope: String,
}

macro_rules! oauth_errors {
    ($($name:ident $status:literal $code:literal $doc:literal,)*) => {
        /// An error of the OAuth endpoints (RFC 6749 section 5.2).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum OAuthErrorCode { $(#[doc = $doc] $name,)* }

        impl OAuthErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The HTTP status that it is told with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The code as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

oauth_errors! {
    InvalidRequest 400 "invalid_request" "A parameter is missing, stands twice, or cannot be read.",
    InvalidClient 401 "invalid_client" "Who asks is unknown, or the secret is wrong.",
    UnauthorizedClient 400 "unauthorized_client" "The application is not authorised for this audience.",
    UnsupportedGrantType 400 "unsupported_grant_type" "Only `client_credentials` is served.",
    InvalidScope 400 "invalid_scope" "A scope is unknown or was not granted.",
    TooManyRequests 429 "temporarily_unavailable" "Too many tokens were asked for, or too many secrets were wrong.",
    ServerError 500 "server_error" "Something is broken on our side.",
    TemporarilyUnavailable 503 "temporarily_unavailable" "The answer cannot be known now.",
}

/// The body of an OAuth error (RFC 6749 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OAuthErrorBody {
    /// The code.
    pub error: String,
    /// What is wrong, for people.
    pub error_description: String,
}

/// The claims of a token (RFC 7519 section 4, RFC 9068 section 2.2 where it applies).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The audience, as it was asked for.
    pub aud: Vec<String>,
    /// The application that the token was issued to.
    pub azp: ClientId,
    /// When it expires, in seconds since the epoch.
    pub exp: i64,
    /// The grant it was issued by.
    pub gty: Vec<String>,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// Who issued it.
    pub iss: String,
    /// The token's own id.
    pub jti: String,
    /// The organization that its application is kept to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<OrgCode>,
    /// Its scopes, separated by spaces.
    pub scope: String,
    /// Its scopes as a list.
    pub scp: Vec<String>,
    /// The version of this list of claims.
    pub v: String,
}

/// The keys that tokens are signed with (RFC 7517 section 5).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// A public RSA key (RFC 7517 section 4, RFC 7518 section 6.3.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jwk {
    /// `RSA`.
    pub kty: String,
    /// `sig`.
    pub r#use: String,
    /// `RS256`.
    pub alg: String,
    /// The key's id, as the header of a token names it.
    pub kid: String,
    /// The modulus, base64url.
    pub n: String,
    /// The exponent, base64url.
    pub e: String,
}

/// What this authorization server can do (RFC 8414 section 2, OpenID Connect Discovery 1.0 section 3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Discovery {
    /// Who issues the tokens; equal to their `iss`.
    pub issuer: String,
    /// Where tokens are asked for.
    pub token_endpoint: String,
    /// Where the signing keys are.
    pub jwks_uri: String,
    /// The grants that are served.
    pub grant_types_supported: Vec<String>,
    /// Empty: nobody signs in here.
    pub response_types_supported: Vec<String>,
    /// How an application may show its credentials.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// How tokens are signed.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// One `sub` for all.
    pub subject_types_supported: Vec<String>,
    /// The scopes of the management API.
    pub scopes_supported: Vec<String>,
}
