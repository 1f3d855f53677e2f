//! Tokens for machines: RFC 6749 section 4.4, with its own error codes and shapes.

use keyward_core::{ClientId, OrgCode, PlainSecret, UserId};
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
    InvalidToken 401 "invalid_token" "The bearer token is none of ours, has ended, or stands for somebody who has (RFC 6750 section 3.1).",
    InsufficientScope 403 "insufficient_scope" "The credential lacks a scope (RFC 6750 section 3.1).",
    UnsupportedTokenType 400 "unsupported_token_type" "A token of this kind cannot be revoked (RFC 7009 section 2.2.1).",
    BodyLate 408 "invalid_request" "The body did not come whole in time.",
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

/// The body of a question about a key or a token (RFC 7662 section 2.1).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntrospectionRequest {
    /// The secret of an API key, or an M2M token.
    #[serde(serialize_with = "keyward_core::secret::expose_given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub token: Option<PlainSecret>,
    /// Makes no difference: both kinds are looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type_hint: Option<String>,
    /// The address that the key was used from. A key that may be used from some addresses alone is not active without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The application's client id, unless the credentials stand in the `Authorization` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The application's secret.
    #[serde(serialize_with = "keyward_core::secret::expose_given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub client_secret: Option<PlainSecret>,
}

/// What a key or a token is worth (RFC 7662 section 2.2). If it is worth nothing, `active` stands alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntrospectionResponse {
    /// Whether it is worth anything to the one who asks.
    pub active: bool,
    /// Its scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The application that a token was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// When it ends, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was made, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Whose it is: the user, the organization or the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The API that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Vec<String>>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Its own id: of a key, the key's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The organization that a key belongs to, or that a token's application is kept to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<OrgCode>,
    /// The user that a key belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

/// The body of a revocation (RFC 7009 section 2.1).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevocationRequest {
    /// The secret of an API key.
    #[serde(serialize_with = "keyward_core::secret::expose_given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub token: Option<PlainSecret>,
    /// Makes no difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type_hint: Option<String>,
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
    /// Where it is asked what a key or a token is worth.
    pub introspection_endpoint: String,
    /// How whoever asks that shows who it is.
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// Where whoever holds a key ends it.
    pub revocation_endpoint: String,
    /// `none`: the key itself is what must be shown.
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// How tokens are signed.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// One `sub` for all.
    pub subject_types_supported: Vec<String>,
    /// The scopes of the management API.
    pub scopes_supported: Vec<String>,
}
