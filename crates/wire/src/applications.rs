//! Applications: OAuth clients of type `m2m`.

use keyward_core::{ApiId, ClientId, PlainSecret};
use serde::{Deserialize, Serialize};

/// Creates an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateApplicationRequest {
    /// What people call it; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, example = "Payments backend"))]
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
}
