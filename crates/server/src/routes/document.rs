//! What the OpenAPI document says beside its routes, and its last touches.

use std::collections::BTreeSet;

use http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{self, RefOr, Required, Schema};

use crate::routes::limited;

/// What the document says before the routes.
#[derive(OpenApi)]
#[openapi(
    info(title = "Keyward", description = "Issues, verifies, rotates and revokes API keys.", license(name = "Apache-2.0")),
    security(("bearer" = []))
)]
pub(super) struct Document;

/// Adds what the routes cannot say for themselves.
pub(super) fn finish(mut document: openapi::OpenApi) -> openapi::OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    let of_holder = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The secret of an API key"));
    components.add_security_scheme("api_key", SecurityScheme::Http(of_holder.build()));
    limited::describe(components);
    let schemas = std::mem::take(&mut components.schemas);
    components.schemas = schemas.into_iter().map(|(name, schema)| (plain_name(&name), schema)).collect();
    let demanding: BTreeSet<String> =
        components.schemas.iter().filter(|(_, schema)| is_demanding(schema)).map(|(name, _)| name.clone()).collect();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        if let Some(RefOr::T(body)) = &mut operation.request_body
            && !body.content.values().any(|content| names_one_of(content, &demanding))
        {
            // An absent body is as good as `{}`.
            body.required = Some(Required::False);
        }
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            if status == "429" {
                limited::name(response);
            }
            // OpenAPI 3.1 requires a description of each response.
            if response.description.is_empty() {
                response.description = reason(status).to_owned();
            }
            for content in response.content.values_mut() {
                if let RefOr::T(content) = content
                    && let Some(RefOr::Ref(schema)) = &mut content.schema
                {
                    schema.ref_location = plain_name(&schema.ref_location);
                }
            }
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let each = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    each.into_iter().flatten()
}

/// Whether a schema has members that must be there.
fn is_demanding(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if !object.required.is_empty())
}

fn names_one_of(content: &RefOr<Content>, names: &BTreeSet<String>) -> bool {
    let RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) = content else { return true };
    schema.ref_location.rsplit('/').next().is_some_and(|name| names.contains(name))
}

/// An answer's name for people: `Envelope_KeyList`, which is derived from the generic type, becomes `KeyListAnswer`.
fn plain_name(derived: &str) -> String {
    match derived.split_once("Envelope_") {
        Some((before, body)) => format!("{before}{body}Answer"),
        None => derived.to_owned(),
    }
}

fn reason(status: &str) -> &'static str {
    match status.parse::<StatusCode>() {
        Ok(StatusCode::NOT_FOUND) => "There is no such thing",
        Ok(StatusCode::SERVICE_UNAVAILABLE) => "The answer cannot be known now",
        Ok(status) => status.canonical_reason().unwrap_or("An answer"),
        Err(_) => "An answer",
    }
}
