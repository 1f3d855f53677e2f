//! Organizations: owners of keys, and of members.

use keyward_core::{OrgCode, PlanId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::credits::{Credits, GivenCredits};
use crate::limits::RateLimit;

/// Creates an organization.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateOrganizationRequest {
    /// What people call it; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::texts::Name))]
    pub name: String,
    /// The platform's own id of it; 1 to 128 characters, unique among organizations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::ExternalId>))]
    pub external_id: Option<String>,
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
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_auto_membership_enabled: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_flags: Option<serde_json::Map<String, serde_json::Value>>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_text_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_text_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme_code: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_allow_registrations: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_email: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_create_billing_customer: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_email: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_plan_code: Option<String>,
}

/// The code of the organization that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedOrganization {
    /// The organization.
    pub organization: OrganizationRef,
}

/// An organization by its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationRef {
    /// The organization's code.
    pub code: OrgCode,
}

/// Which organization to read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct GetOrganizationQuery {
    /// The organization's code.
    pub code: String,
    /// Accepted for Kinde's clients; adds nothing yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expand: Option<String>,
}

/// An organization. `code` is the organization's, not a status.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Organization {
    /// The organization's code.
    pub code: OrgCode,
    /// What people call it.
    pub name: String,
    /// Always null: Keyward gives no handles.
    pub handle: Option<String>,
    /// Always false: no organization is the default one.
    pub is_default: bool,
    /// The platform's own id of it.
    pub external_id: Option<String>,
    /// Always false: who becomes a member is the platform's business.
    pub is_auto_membership_enabled: bool,
    /// When it was made.
    pub created_on: Timestamp,
    /// Whether its keys answer `API_KEY_OWNER_SUSPENDED`.
    pub is_suspended: bool,
    /// Since when.
    pub suspended_on: Option<Timestamp>,
    /// Addition. Its plan.
    pub plan_id: Option<PlanId>,
    /// Addition. Limits of rate that all its keys share: those of its plan, or its own.
    pub rate_limits: Vec<RateLimit>,
    /// Addition. Credits that all its keys share, by its plan or its own; null if they do without.
    pub credits: Option<Credits>,
}

/// Changes an organization; absent members stay as they are. Those of Kinde's that say how people sign in, and how that
/// looks, are accepted for its clients and not kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateOrganizationRequest {
    /// What people call it; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::Name>))]
    pub name: Option<String>,
    /// The platform's own id of it; 1 to 128 characters, unique among organizations. Null takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::texts::ExternalId>))]
    pub external_id: Option<Option<String>>,
    /// Suspended, its keys answer `API_KEY_OWNER_SUSPENDED` and its applications get no tokens, until this is lifted.
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
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_auto_membership_enabled: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_text_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_color: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_text_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_color_dark: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme_code: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_allow_registrations: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_auto_join_domain_list: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_domains: Option<Vec<String>>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_enable_advanced_orgs: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_enforce_mfa: Option<bool>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    /// Accepted for Kinde's clients; not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_email: Option<String>,
}

/// What the answer to a change is to have beside.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct UpdateOrganizationQuery {
    /// Accepted for Kinde's clients; adds nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expand: Option<String>,
}

/// Which organizations to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListOrganizationsQuery {
    /// In which order. Default `name_asc`. Organizations have no e-mail address: the orders by e-mail are those by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub sort: Option<NameOrEmailSort>,
    /// Organizations on a page, 1 to 500. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The `next_token` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Addition. The one with this id of the platform's own alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// An order by name or by e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NameOrEmailSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
    /// By e-mail address, from A to Z.
    EmailAsc,
    /// By e-mail address, from Z to A.
    EmailDesc,
}

/// A page of organizations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganizationList {
    /// The organizations.
    pub organizations: Vec<ListedOrganization>,
    /// Names the next page; null on the last one.
    pub next_token: Option<String>,
}

/// An organization in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedOrganization {
    /// The organization's code.
    pub code: OrgCode,
    /// What people call it.
    pub name: String,
    /// Always null: Keyward gives no handles.
    pub handle: Option<String>,
    /// Always false: no organization is the default one.
    pub is_default: bool,
    /// The platform's own id of it.
    pub external_id: Option<String>,
    /// Always false: who becomes a member is the platform's business.
    pub is_auto_membership_enabled: bool,
    /// Addition. Whether its keys answer `API_KEY_OWNER_SUSPENDED`.
    pub is_suspended: bool,
}
