//! Users: owners of keys, and members of organizations.

use keyward_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Creates a user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateUserRequest {
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<UserProfile>,
    /// The organization that the user joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_code: Option<String>,
    /// The platform's own id of the user; 1 to 128 characters, unique among users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, example = "user-7"))]
    pub provided_id: Option<String>,
    /// By what the user is known, each unique among users; at most one of each type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<UserIdentity>>,
}

/// The user's name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserProfile {
    /// The first name; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, example = "Ada"))]
    pub given_name: Option<String>,
    /// The last name; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128, example = "Lovelace"))]
    pub family_name: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

/// By what a user is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserIdentity {
    /// What `details` holds.
    pub r#type: IdentityType,
    /// Accepted for Kinde's clients. Keyward signs no users in and does not keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_verified: Option<bool>,
    /// The identity itself, in the member that `type` names.
    pub details: IdentityDetails,
}

/// The kind of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentityType {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A user name.
    Username,
}

/// The identity itself, in the member that the type names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityDetails {
    /// For `email`; kept in small letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For `phone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_country_id: Option<String>,
    /// For `username`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// The user that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedUser {
    /// The user's id.
    pub id: UserId,
    /// Always true.
    pub created: bool,
    /// The identities that were made.
    pub identities: Vec<CreatedIdentity>,
    /// Addition. The revision that the change made.
    pub revision: u64,
}

/// An identity that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedIdentity {
    /// The kind of identity.
    pub r#type: IdentityType,
    /// What became of it.
    pub result: IdentityResult,
}

/// What became of an identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityResult {
    /// Always true.
    pub created: bool,
}

/// Which user to read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct GetUserQuery {
    /// The user's id.
    pub id: String,
    /// Accepted for Kinde's clients; adds nothing yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expand: Option<String>,
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The platform's own id of the user.
    pub provided_id: Option<String>,
    /// The e-mail address.
    pub preferred_email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The user name.
    pub username: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// Always null: Keyward keeps no pictures.
    pub picture: Option<String>,
    /// Whether the user's keys answer `API_KEY_OWNER_SUSPENDED`.
    pub is_suspended: bool,
    /// When the user was made.
    pub created_on: Timestamp,
}
