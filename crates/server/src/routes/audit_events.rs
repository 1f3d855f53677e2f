//! The audit log: `/api/v1/audit_events`, an addition.

use axum::extract::State;
use keyward_core::ids::hex;
use keyward_wire::Envelope;
use keyward_wire::audit_events::{AuditEvent, AuditEventList, AuditPersonal, ListAuditEventsQuery};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::audit::{self, LoggedEvent, PersonalRow};
use crate::app::App;
use crate::auth::{PlatformOrOrganization, scope};
use crate::front::{Answer, Params};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit_events))
}

/// Addition. Lists who changed what, the newest first. An organization's application sees the events of its own
/// organization.
#[utoipa::path(
    get, path = "/api/v1/audit_events", tag = "audit events", params(ListAuditEventsQuery),
    responses((status = 200, body = Envelope<AuditEventList>), Failures)
)]
async fn list_audit_events(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadAuditEvents>,
    Params(query): Params<ListAuditEventsQuery>,
) -> Result<Answer<Envelope<AuditEventList>>, Refusal> {
    let page = audit::list_events(&app, &caller, &query).await?;
    let audit_events = page.events.into_iter().map(wire_event).collect();
    Ok(Answer::ok(Envelope::read(AuditEventList { has_more: page.has_more, audit_events })))
}

/// An event as it is told, here and in exports.
pub fn wire_event(logged: LoggedEvent) -> AuditEvent {
    let LoggedEvent { event, personal } = logged;
    AuditEvent {
        revision: event.revision,
        created_on: event.created_at,
        actor_kind: event.actor_kind,
        actor_id: event.actor_id,
        action: event.action,
        target_id: event.target_id,
        org_code: event.org_code,
        request_id: event.request_id,
        details: read_object(&event.details),
        personal: personal.into_iter().map(wire_personal).collect(),
        chain: hex(&event.link),
    }
}

fn wire_personal(row: PersonalRow) -> AuditPersonal {
    AuditPersonal { subject: row.subject, values: row.content.map(|content| read_object(&content)) }
}

/// What is not an object any more was changed by somebody: verifying says so, and a list is not held up by it.
fn read_object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
