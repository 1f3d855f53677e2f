//! Users, listed and searched.

use keyward_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::users::KnownIdentity;

/// Which users to list. Filters hold together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListUsersQuery {
    /// Users on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// Only those with one of these ids: at most 100, with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Only those with one of these e-mail addresses: at most 100, with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Only those with one of these user names: at most 100, with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Only those with one of these telephone numbers: at most 100, with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Addition. Only those with one of these ids of the platform's own: at most 100, with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provided_id: Option<String>,
    /// What to add, with commas between: `organizations`, `identities`. Other words add nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expand: Option<String>,
    /// Only those who are members of an organization, or only those who are of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_organization: Option<bool>,
}

/// A page of users.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserList {
    /// The users, by name.
    pub users: Vec<ListedUser>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// A user in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedUser {
    /// The user's id.
    pub id: UserId,
    /// The platform's own id of the user.
    pub provided_id: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
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
    /// Always empty: Keyward signs no users in.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub last_organization_sign_ins: Vec<()>,
    /// The organizations that the user is a member of; only where `expand` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizations: Option<Vec<String>>,
    /// By what the user is known; only where `expand` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<KnownIdentity>>,
}

/// Which users to search for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SearchUsersQuery {
    /// Users on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// Any part of a name or an e-mail address, in capital letters or small ones; or a whole telephone number, user name,
    /// id or `provided_id`. `*`, or nothing, is everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(max_length = 254, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"))]
    pub query: Option<String>,
    /// Only those behind the user with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_after: Option<String>,
    /// Only those in front of the user with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending_before: Option<String>,
    /// What to add, with commas between: `organizations`, `identities`. Other words add nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expand: Option<String>,
}

/// The users that were found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundUsers {
    /// The users, by name.
    pub results: Vec<ListedUser>,
}
