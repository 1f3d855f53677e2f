//! The audit log: who changed what. An addition: Kinde's management API has nothing of the kind.

use keyward_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which events to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ListAuditEventsQuery {
    /// Events on the page, 1 to 500; default 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub page_size: Option<u32>,
    /// The revision of the last event of the page before; at most 9007199254740991.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(maximum = 9_007_199_254_740_991_i64))]
    pub starting_after: Option<u64>,
    /// Only events in which this was done, such as `key.created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 254))]
    pub action: Option<String>,
    /// Only what this actor asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 254))]
    pub actor_id: Option<String>,
    /// Only what was done to what has this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(min_length = 1, max_length = 254))]
    pub target_id: Option<String>,
    /// Only events of this instant and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<Timestamp>,
    /// Only events before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<Timestamp>,
}

/// A page of events.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEventList {
    /// Whether there is another page.
    pub has_more: bool,
    /// The events, the newest first.
    pub audit_events: Vec<AuditEvent>,
}

/// That something was changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    /// The revision of the change. There is one event for each, without gaps.
    pub revision: u64,
    /// When it was made.
    pub created_on: Timestamp,
    /// What kind of actor asked for it: `application`, `environment_key`, `key_holder`, `command_line`, `setup` or `system`.
    pub actor_kind: String,
    /// Which one; empty where the kind says all.
    pub actor_id: String,
    /// What was done, such as `key.created`.
    pub action: String,
    /// The id of what it was done to.
    pub target_id: String,
    /// The organization that it concerns.
    pub org_code: Option<String>,
    /// The request that asked for it, as `x-request-id` and the log of requests have it.
    pub request_id: Option<String>,
    /// What is not personal: `before` and `after`, and what else there is to say. `personal` names the personal values.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Value>))]
    pub details: Map<String, Value>,
    /// What is personal, by whom it is about.
    pub personal: Vec<AuditPersonal>,
    /// The link of the chain: a code over this event and all before it, in hexadecimal digits.
    pub chain: String,
}

/// Personal values of an event about one subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPersonal {
    /// Whom they are about: a user, an organization, the actor, or a thing that people named.
    pub subject: String,
    /// `before` and `after`, or of the actor `address` and `user_agent`; null when they were erased.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<std::collections::BTreeMap<String, Value>>))]
    pub values: Option<Map<String, Value>>,
}
