//! Users: owners of keys, and members of organizations.

use keyward_core::{PlanId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::credits::{Credits, GivenCredits};
use crate::limits::RateLimit;

pub use crate::user_lists::{FoundUsers, ListUsersQuery, ListedUser, SearchUsersQuery, UserList};

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
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::ExternalId>))]
    pub provided_id: Option<String>,
    /// By what the user is known, each unique among users; at most one of each type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 3))]
    pub identities: Option<Vec<UserIdentity>>,
    /// Addition. Its plan, whose limits of rate and credits stand in the place of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// Addition. Limits of rate that all its keys share; at most 8. Not beside a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub rate_limits: Option<Vec<RateLimit>>,
    /// Addition. Credits that all its keys share. Not beside a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<GivenCredits>,
}

/// The user's name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserProfile {
    /// The first name; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub given_name: Option<String>,
    /// The last name; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
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
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Email>))]
    pub email: Option<String>,
    /// For `phone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Identity>))]
    pub phone: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_country_id: Option<String>,
    /// For `username`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Identity>))]
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
    /// What to add, with commas between: `organizations`, `identities`. Other words add nothing.
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
    /// The last name.
    pub last_name: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// Whether the user's keys answer `API_KEY_OWNER_SUSPENDED`.
    pub is_suspended: bool,
    /// Always null: Keyward keeps no pictures.
    pub picture: Option<String>,
    /// Always null: Keyward signs no users in.
    pub total_sign_ins: Option<u64>,
    /// Always null: Keyward signs no users in.
    pub failed_sign_ins: Option<u64>,
    /// Always null: Keyward signs no users in.
    pub last_signed_in: Option<Timestamp>,
    /// When the user was made.
    pub created_on: Timestamp,
    /// The organizations that the user is a member of; only where `expand` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizations: Option<Vec<String>>,
    /// By what the user is known; only where `expand` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<KnownIdentity>>,
    /// Addition. Its plan.
    pub plan_id: Option<PlanId>,
    /// Addition. Limits of rate that all its keys share: those of its plan, or its own.
    pub rate_limits: Vec<RateLimit>,
    /// Addition. Credits that all its keys share, by its plan or its own; null if they do without.
    pub credits: Option<Credits>,
}

/// By what a user is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownIdentity {
    /// The kind of identity.
    pub r#type: IdentityType,
    /// The identity itself.
    pub identity: String,
    /// Always null: Keyward signs no users in.
    pub connection_id: Option<String>,
}

/// Changes a user; absent members stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateUserRequest {
    /// The first name; 1 to 128 characters. Null takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub given_name: Option<Option<String>>,
    /// The last name; 1 to 128 characters. Null takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub family_name: Option<Option<String>>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Suspended, the user's keys answer `API_KEY_OWNER_SUSPENDED` until this is lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_suspended: Option<bool>,
    /// Addition. Its plan, whose limits of rate and credits stand in the place of its own, which end. Null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub plan_id: Option<Option<String>>,
    /// Addition. Limits of rate that all its keys share; at most 8. Null for none. Not beside a plan.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<RateLimit>>, max_items = 8))]
    pub rate_limits: Option<Option<Vec<RateLimit>>>,
    /// Addition. Credits that all its keys share. Null for doing without. Not beside a plan.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GivenCredits>))]
    pub credits: Option<Option<GivenCredits>>,
    /// Accepted for Kinde's clients; not kept. Keyward has no passwords of users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_password_reset_requested: Option<bool>,
    /// The platform's own id of the user; 1 to 128 characters, unique among users. Null takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::ExternalId>))]
    pub provided_id: Option<Option<String>>,
}

/// Which user to change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct UpdateUserQuery {
    /// The user's id.
    pub id: String,
}

/// A user who was changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatedUser {
    /// The user's id.
    pub id: UserId,
    /// The first name.
    pub given_name: Option<String>,
    /// The last name.
    pub family_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the user's keys answer `API_KEY_OWNER_SUSPENDED`.
    pub is_suspended: bool,
    /// Always false: Keyward has no passwords of users.
    pub is_password_reset_requested: bool,
    /// Always null: Keyward keeps no pictures.
    pub picture: Option<String>,
    /// Addition. The revision that the change made.
    pub revision: u64,
}

/// Which user to delete.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct DeleteUserQuery {
    /// The user's id.
    pub id: String,
    /// Whether to erase names and identities too. Without it they stay in the database, where no call reads them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delete_profile: Option<bool>,
}
