//! Where the OpenAPI document takes values, and of what each value is the name.

use axum::http::Method;
use keyward_server::routes::document;
use serde_json::{Value, json};

/// What a value is the name of. Whatever may tell two organizations apart is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Organization,
    OrganizationExternalId,
    /// The cursor of a list of organizations.
    OrganizationToken,
    User,
    UserExternalId,
    /// The cursor of a list of users, or of members.
    UserToken,
    Email,
    Phone,
    Username,
    Key,
    KeyName,
    KeySecret,
    Application,
    ApplicationSecret,
    Api,
    Audience,
    Scope,
    ScopeKey,
    Role,
    RoleKey,
    Permission,
    PermissionKey,
    /// Whoever made a key, by name.
    Maker,
    Plan,
    /// The caller's own name of a request.
    Repeat,
    /// Names nothing.
    Plain,
}

/// Where a value stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Query,
    Header,
    Body,
}

/// One place for a value.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) part: Part,
    /// The parameter, or the members on the way with dots between; `[]` is an entry of a list.
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) kind: Kind,
    /// A value that fits, for what names nothing.
    pub(super) example: Value,
}

/// One operation of the document.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) places: Vec<Place>,
}

impl Operation {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Every operation of the document with all its places.
pub(super) fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(document()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let mut places = Vec::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let part = match parameter["in"].as_str().unwrap() {
                    "path" => Part::Path,
                    "query" => Part::Query,
                    "header" => Part::Header,
                    other => panic!("{method} {path}: a parameter in the {other}"),
                };
                let name = parameter["name"].as_str().unwrap();
                let is_required = parameter["required"] == true;
                let example = example(&document, &parameter["schema"]);
                places.push(place(path, part, name, is_required, example));
            }
            let contents = operation.pointer("/requestBody/content").and_then(Value::as_object);
            // Where several types are read, they are of one schema.
            if let Some(content) = contents.and_then(|contents| contents.values().next()) {
                walk(&document, path, &content["schema"], "", true, &mut places);
            }
            operations.push(Operation { method, path: path.clone(), places });
        }
    }
    assert!(operations.len() > 50, "the document was not read");
    operations
}

/// Every member of a schema that holds no others.
fn walk(document: &Value, path: &str, schema: &Value, name: &str, is_required: bool, places: &mut Vec<Place>) {
    let schema = resolve(document, schema);
    if let Some(members) = schema["properties"].as_object() {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (member, inner) in members {
            let below = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
            let is_required = is_required && required.contains(&json!(member));
            walk(document, path, inner, &below, is_required, places);
        }
    } else if schema["items"].is_object() {
        walk(document, path, &schema["items"], &format!("{name}.[]"), is_required, places);
    } else {
        places.push(place(path, Part::Body, name, is_required, example(document, schema)));
    }
}

/// The schema itself, behind references and beside null.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolve(document, document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(one) = schema[several].as_array().into_iter().flatten().find(|one| one["type"] != "null") {
            return resolve(document, one);
        }
    }
    schema
}

fn example(document: &Value, schema: &Value) -> Value {
    let schema = resolve(document, schema);
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let is = |kind: &str| schema["type"] == kind || schema["type"].as_array().is_some_and(|t| t.contains(&json!(kind)));
    match schema["format"].as_str() {
        Some("date-time") => json!("2027-01-01T00:00:00Z"),
        _ if is("integer") || is("number") => json!(1),
        _ if is("boolean") => json!(true),
        _ if is("object") => json!({}),
        _ => json!("text"),
    }
}

fn place(path: &str, part: Part, name: &str, is_required: bool, example: Value) -> Place {
    let example = if name == "grant_type" { json!("client_credentials") } else { example };
    Place { part, name: name.into(), is_required, kind: kind(path, part, name), example }
}

/// What a place names. A place that is not known here ends the test: somebody has to say of what it is the name.
fn kind(path: &str, part: Part, name: &str) -> Kind {
    use Kind::*;
    let name = name.strip_prefix("filter.").unwrap_or(name);
    match (path, name) {
        (_, "org_code" | "organization_code") | ("/api/v1/organization", "code") => Organization,
        (_, "org_external_id" | "external_id") => OrganizationExternalId,
        ("/api/v1/organizations", "next_token") => OrganizationToken,
        (_, "next_token") => UserToken,
        (_, "user_id" | "users.[].id") | ("/api/v1/user", "id") => User,
        ("/api/v1/search/users", "starting_after" | "ending_before") => User,
        (_, "user_external_id" | "provided_id") => UserExternalId,
        (_, "email" | "identities.[].details.email") | ("/api/v1/search/users", "query") => Email,
        (_, "phone" | "identities.[].details.phone") => Phone,
        (_, "username" | "identities.[].details.username") => Username,
        ("/api/v1/audit_events" | "/api/v1/refusals", "starting_after") => Plain,
        (_, "actor_id") => Application,
        (_, "created_by") => Maker,
        // A token confirms what its own caller was shown: that is held by `keys::bulk`.
        (_, "confirm") => Plain,
        (_, "key_id" | "starting_after" | "target_id") => Key,
        ("/api/v1/api_keys", "name") if part == Part::Query => KeyName,
        (_, "api_key" | "keys.[].api_key") | ("/oauth2/introspect", "token") => KeySecret,
        // Another way to say who asks: beside a bearer token it is refused, or says nothing.
        ("/oauth2/introspect", "client_id" | "client_secret") => Plain,
        // Whoever holds a key may end it, whosever it is: that is held by `oauth::revoke`.
        ("/oauth2/revoke", "token") => Plain,
        (_, "application_id" | "client_id" | "applications.[].id") => Application,
        (_, "client_secret") => ApplicationSecret,
        (_, "plan_id") => Plan,
        (_, "api_id" | "keys.[].api_id" | "bound_api_ids.[]" | "allowed_scopes.[].api_id") => Api,
        (_, "audience" | "keys.[].audience") => Audience,
        (_, "scope_id" | "scope_ids.[]") => Scope,
        (_, "scope" | "scopes.[]" | "keys.[].scopes.[]" | "allowed_scopes.[].scopes.[]") => ScopeKey,
        (_, "role_id") => Role,
        (_, "roles" | "users.[].roles.[]") => RoleKey,
        (_, "permission_id" | "permissions.[].id" | "assignment_permission_id") => Permission,
        (_, "permissions" | "users.[].permissions.[]") => PermissionKey,
        (_, "Idempotency-Key") => Repeat,
        // Keyward's own permissions, the same ones everywhere.
        (_, "system_permissions.[].id") => Plain,
        _ if PLAIN.contains(&name.rsplit('.').find(|part| *part != "[]").unwrap()) || is_flag(name) => Plain,
        _ => panic!("{path}: `{name}` is not known: whose name is it? Say so in tenants/places.rs"),
    }
}

/// Switches, and what a page looks like.
fn is_flag(name: &str) -> bool {
    ["is_", "has_", "use_"].iter().any(|start| name.starts_with(start))
        || ["_color", "_color_dark", "_lifetime"].iter().any(|end| name.ends_with(end))
}

/// What names nothing of anybody, by the last part of its name.
const PLAIN: &[&str] = &[
    "action",
    "address",
    "allowed_cidrs",
    "allowed_domains",
    "amount",
    "billing_email",
    "billing_plan_code",
    "code",
    "cost",
    "create_owner",
    "created_after",
    "created_before",
    "default_lifetime_seconds",
    "description",
    "enabled",
    "expand",
    "expires_before",
    "expires_on",
    "family_name",
    "feature_flags",
    "given_name",
    "grace_seconds",
    "grant_type",
    "handle",
    "homepage_uri",
    "interval",
    "ip",
    "is_verified",
    "key",
    "key_prefix",
    "key_type",
    "language_key",
    "last_used_before",
    "limit",
    "login_uri",
    "logout_uris",
    "max_keys_per_owner",
    "max_lifetime_seconds",
    "metadata",
    "min_revision",
    "mode",
    "name",
    "number",
    "operation",
    "page_size",
    "phone_country_id",
    "picture",
    "redirect_uris",
    "remaining",
    "requires_expiry",
    "sender_email",
    "sender_name",
    "since",
    "sort",
    "status",
    "theme_code",
    "token_type_hint",
    "type",
    "until",
    "unused_since",
    "window_seconds",
];
