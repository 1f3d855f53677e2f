//! Plans: what owners of keys are allowed, by a name.

use keyward_core::PlanId;
use serde::{Deserialize, Serialize};

use crate::credits::{GivenCredits, GrantedCredits};
use crate::limits::RateLimit;

/// Creates a plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreatePlanRequest {
    /// What people call it; 1 to 128 characters, unique among plans, in capital letters or small ones.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Name))]
    pub name: String,
    /// Limits of rate that all keys of one of its owners share; at most 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub rate_limits: Option<Vec<RateLimit>>,
    /// The scopes that keys of its owners may carry, of at most 100 APIs; of an API that is not named, none. Absent for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub allowed_scopes: Option<Vec<PlanScopes>>,
    /// The credits that each of its owners begins with. Absent for doing without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<GivenCredits>,
}

/// The scopes of one API that a plan allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanScopes {
    /// The API.
    pub api_id: String,
    /// Its scopes, by key; an id is taken too. At most 100.
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub scopes: Vec<String>,
}

/// Changes a plan, and with it what its owners may do; absent members stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdatePlanRequest {
    /// What people call it; 1 to 128 characters, unique among plans, in capital letters or small ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub name: Option<String>,
    /// Limits of rate that all keys of one of its owners share; at most 8. Null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<RateLimit>>, max_items = 8))]
    pub rate_limits: Option<Option<Vec<RateLimit>>>,
    /// The scopes that keys of its owners may carry, of at most 100 APIs; of an API that is not named, none. Null for any.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<PlanScopes>>, max_items = 100))]
    pub allowed_scopes: Option<Option<Vec<PlanScopes>>>,
    /// The credits that each of its owners begins with; of those who have it, refill and cost change, and what is left stays.
    /// Null for doing without.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GivenCredits>))]
    pub credits: Option<Option<GivenCredits>>,
}

/// Which plans to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListPlansQuery {
    /// In which order. Default `name_asc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<PlanSort>,
    /// Plans on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// An order of plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
}

/// A plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// The plan's id.
    pub id: PlanId,
    /// What people call it.
    pub name: String,
    /// Limits of rate that all keys of one of its owners share.
    pub rate_limits: Vec<RateLimit>,
    /// The scopes that keys of its owners may carry; of an API that is not named, none. Null for any.
    pub allowed_scopes: Option<Vec<PlanScopes>>,
    /// The credits that each of its owners begins with; null for doing without.
    pub credits: Option<GrantedCredits>,
}

/// A page of plans.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanList {
    /// The plans.
    pub plans: Vec<Plan>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// One plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanDetail {
    /// The plan.
    pub plan: Plan,
}

/// The id of the plan that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedPlan {
    /// The plan.
    pub plan: PlanRef,
}

/// A plan by its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanRef {
    /// The plan's id.
    pub id: PlanId,
}
