//! Applications: OAuth clients of type `m2m`.

use keyward_core::{ApiId, ClientId, PlainSecret, Timestamp};
use serde::{Deserialize, Serialize};

/// Creates an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateApplicationRequest {
    /// What people call it; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Name))]
    pub name: String,
    /// The kind of client.
    pub r#type: ApplicationType,
    /// The organization that the application is kept to: its tokens carry the code, and see nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_code: Option<String>,
    /// Addition. The APIs whose keys it may verify; absent means those of every API. A verification by a bound
    /// credential needs no `audience`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub bound_api_ids: Option<Vec<String>>,
}

/// The kind of client (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Machine to machine: a confidential client that acts for itself.
    M2m,
}

/// The application that was made, with its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedApplication {
    /// The application.
    pub application: ApplicationCredentials,
}

/// A client id and its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationCredentials {
    /// The application's id, equal to its client id.
    pub id: ClientId,
    /// The client id (RFC 6749 section 2.2).
    pub client_id: ClientId,
    /// The client secret. It is stored as a code and cannot be read again.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    #[serde(serialize_with = "keyward_core::secret::expose")]
    pub client_secret: PlainSecret,
}

/// One application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationDetail {
    /// The application.
    pub application: Application,
}

/// An application. Its secret is not among its members: it is stored as a code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Application {
    /// The application's id, equal to its client id.
    pub id: ClientId,
    /// What people call it.
    pub name: String,
    /// The kind of client.
    pub r#type: ApplicationType,
    /// The client id.
    pub client_id: ClientId,
    /// Addition. The organization that it is kept to.
    pub org_code: Option<String>,
    /// Addition. The APIs whose keys it may verify; null means those of every API.
    pub bound_api_ids: Option<Vec<ApiId>>,
    /// Addition. Whether it can get tokens, and use those that it has.
    pub is_enabled: bool,
    /// Addition. Seconds that its tokens live.
    pub access_token_lifetime: u32,
    /// Addition. The secrets that are valid now, the newest first, by number: what they are cannot be read again.
    pub secrets: Vec<ApplicationSecret>,
}

/// A secret of an application, without the secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationSecret {
    /// Its number within the application.
    pub number: u32,
    /// When it was made.
    pub created_on: Timestamp,
    /// From when it is no longer valid; null for the newest one.
    pub expires_on: Option<Timestamp>,
}

/// Which applications to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListApplicationsQuery {
    /// In which order. Default `name_asc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<NameSort>,
    /// Applications on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// An order by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NameSort {
    /// From A to Z.
    NameAsc,
    /// From Z to A.
    NameDesc,
}

/// A page of applications.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationList {
    /// The applications.
    pub applications: Vec<ListedApplication>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// An application in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedApplication {
    /// The application's id, equal to its client id.
    pub id: ClientId,
    /// What people call it.
    pub name: String,
    /// The kind of client.
    pub r#type: ApplicationType,
    /// Addition. The organization that it is kept to.
    pub org_code: Option<String>,
    /// Addition. Whether it can get tokens, and use those that it has.
    pub is_enabled: bool,
}

/// Changes an application; absent members stay as they are. Those of Kinde's that say how people sign in are accepted
/// for its clients and not kept: nobody signs in by an `m2m` application.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateApplicationRequest {
    /// What people call it; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub name: Option<String>,
    /// Addition. Whether it can get tokens, and use those that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<bool>,
    /// Addition. The APIs whose keys it may verify; null for those of every API.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 100))]
    pub bound_api_ids: Option<Option<Vec<String>>>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_key: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_uri: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage_uri: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logout_uris: Option<Vec<String>>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_access_control_enabled: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_allow_faceless_auth: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_ask_for_name: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_marketing_consent: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_register_link_on_sign_in_page: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_sign_in_link_on_sign_up_page: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_sign_in_with_sso_button: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_gravatar_fallback: Option<bool>,
}

/// How long the tokens of an application live.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateApplicationTokensRequest {
    /// Seconds that the tokens live that it gets from then on: 60 to 604800, a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 60, maximum = 604_800))]
    pub access_token_lifetime: Option<u32>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<u32>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_lifetime: Option<u32>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticated_session_lifetime: Option<u32>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_hasura_mapping_enabled: Option<bool>,
}

/// Gives an application a new secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateApplicationSecretRequest {
    /// Seconds for which the secret before goes on: 0 to 2592000, 30 days. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 2_592_000))]
    pub grace_seconds: Option<u32>,
}
