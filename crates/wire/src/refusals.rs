//! What was refused. An addition: Kinde's management API has nothing of the kind.

use keyward_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Which refusals to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListRefusalsQuery {
    /// Refusals on the page, 1 to 500; default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The id of the last refusal of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 254))]
    pub starting_after: Option<String>,
    /// Only refusals with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 254))]
    pub code: Option<String>,
    /// Only refusals of this actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 254))]
    pub actor_id: Option<String>,
    /// Only refusals from this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 254))]
    pub address: Option<String>,
}

/// A page of refusals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusalList {
    /// Whether there is another page.
    pub has_more: bool,
    /// The refusals, the newest hour first.
    pub refusals: Vec<RefusalCount>,
}

/// Refusals of one kind in one hour.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusalCount {
    /// Its id.
    pub id: String,
    /// When the hour began.
    pub hour_on: Timestamp,
    /// The code that was answered; `OTHER` for all that there was no room to tell apart.
    pub code: String,
    /// Method and route.
    pub route: String,
    /// What kind of actor it was; null if that is not known.
    pub actor_kind: Option<String>,
    /// Which one. At the token endpoint, the application that was named, whether or not its secret was right.
    pub actor_id: Option<String>,
    /// The address that it came from; null if that is not known.
    pub address: Option<String>,
    /// How many there were.
    pub count: u64,
    /// When the first was.
    pub first_on: Timestamp,
    /// When the last was.
    pub last_on: Timestamp,
}
