//! Who is to own a key, found by the id that the caller sent or by the platform's own.

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS};
use keyward_core::{ManagementScope, Owner, UserId};
use keyward_store::Change;
use keyward_store::organizations;
use keyward_store::users::{self, NewUser, UserColumn};
use keyward_wire::ErrorCode;
use keyward_wire::keys::{CreateKeyRequest, KeyType};

use crate::actions::organizations::find_organization;
use crate::actions::plans::Terms;
use crate::actions::users::find_user;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// An owner as a caller names it.
#[derive(Clone, Copy, Debug)]
enum Named<'a> {
    User(ByIdOr<'a>),
    Organization(ByIdOr<'a>),
    Environment,
}

#[derive(Clone, Copy, Debug)]
enum ByIdOr<'a> {
    Id(&'a str),
    ExternalId(&'a str),
}

/// The owner of a key to be.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) owner: Owner,
    /// Whether it was made in this change.
    pub(super) is_new: bool,
}

impl From<Owner> for Resolved {
    fn from(owner: Owner) -> Self {
        Self { owner, is_new: false }
    }
}

/// Finds the owner that a request names, and makes it if that is asked for.
pub(super) async fn resolve_owner(
    app: &App,
    caller: &Caller,
    change: &mut Change,
    request: &CreateKeyRequest,
) -> Result<Resolved, Refusal> {
    let may_create = request.create_owner.unwrap_or(false);
    let named = read_named(request)?;
    if matches!(named, Named::User(_)) {
        // Users' keys are not the business of an organization's application, and neither is which users there are.
        caller.require_platform()?;
    }
    match named {
        Named::Environment => Ok(Owner::Environment.into()),
        Named::User(ByIdOr::Id(id)) => match find_user(change, id).await? {
            Some(user) => Ok(Owner::User(user.id).into()),
            None => Err(Refusal::about(ErrorCode::OwnerNotFound, "user_id", "is not the id of a user")),
        },
        Named::User(ByIdOr::ExternalId(id)) => user_by_external_id(app, caller, change, id, may_create).await,
        Named::Organization(ByIdOr::Id(code)) => find_organization(change, caller, code, "org_code")
            .await
            .map(|found| Owner::Organization(found.code).into()),
        Named::Organization(ByIdOr::ExternalId(id)) => {
            organization_by_external_id(app, caller, change, id, may_create).await
        }
    }
}

/// Reads which owner is meant, and holds the type against it.
fn read_named(request: &CreateKeyRequest) -> Result<Named<'_>, Refusal> {
    let one = |id: &'_ Option<String>, external: &'_ Option<String>| match (id.is_some(), external.is_some()) {
        (true, true) => Err(()),
        (has_id, has_external) => Ok(has_id || has_external),
    };
    let twice = |id: &str, external: &str| Refusal::field(external, &format!("must not be given beside `{id}`"));
    let has_user =
        one(&request.user_id, &request.user_external_id).map_err(|()| twice("user_id", "user_external_id"))?;
    let has_organization =
        one(&request.org_code, &request.org_external_id).map_err(|()| twice("org_code", "org_external_id"))?;
    let kind = match (request.r#type, has_user, has_organization) {
        (Some(kind), ..) => kind,
        (None, true, false) => KeyType::User,
        (None, false, true) => KeyType::Organization,
        (None, true, true) => return Err(Refusal::field("type", "must be given when a user and an organization are")),
        (None, false, false) => {
            let rule = "is missing, and neither `user_id` nor `org_code` says it";
            return Err(Refusal::about(ErrorCode::FieldMissing, "type", rule));
        }
    };
    let user_field = if request.user_id.is_some() { "user_id" } else { "user_external_id" };
    let organization_field = if request.org_code.is_some() { "org_code" } else { "org_external_id" };
    let contradicts = |field: &str, whose: &str| Refusal::field(field, &format!("must not be given for {whose}"));
    match kind {
        KeyType::User if has_organization => Err(contradicts(organization_field, "a user's key")),
        KeyType::Organization if has_user => Err(contradicts(user_field, "the key of an organization")),
        KeyType::Environment if has_user => Err(contradicts(user_field, "an environment key")),
        KeyType::Environment if has_organization => Err(contradicts(organization_field, "an environment key")),
        KeyType::Environment => Ok(Named::Environment),
        KeyType::User => by(&request.user_id, &request.user_external_id, "user_id").map(Named::User),
        KeyType::Organization => by(&request.org_code, &request.org_external_id, "org_code").map(Named::Organization),
    }
}

fn by<'a>(id: &'a Option<String>, external: &'a Option<String>, field: &str) -> Result<ByIdOr<'a>, Refusal> {
    match (id, external) {
        (Some(id), _) => Ok(ByIdOr::Id(id)),
        (None, Some(external)) => Ok(ByIdOr::ExternalId(external)),
        (None, None) => Err(Refusal::about(ErrorCode::FieldMissing, field, "is missing")),
    }
}

async fn user_by_external_id(
    app: &App,
    caller: &Caller,
    change: &mut Change,
    external_id: &str,
    may_create: bool,
) -> Result<Resolved, Refusal> {
    const FIELD: &str = "user_external_id";
    bounds::text(external_id, MAX_EXTERNAL_ID_CHARS).in_field(FIELD)?;
    if let Some(user) = users::find_user_by(change, UserColumn::ExternalId, external_id).await? {
        return Ok(Owner::User(user.id).into());
    }
    if !may_create {
        return Err(Refusal::about(ErrorCode::OwnerNotFound, FIELD, "is not the external id of a user"));
    }
    caller.require(ManagementScope::CreateUsers)?;
    let id = app.make(UserId::generate);
    let new = NewUser {
        id: &id,
        external_id: Some(external_id),
        given_name: None,
        family_name: None,
        email: None,
        phone: None,
        username: None,
        plan_id: None,
        rate_limits: &[],
    };
    super::users::insert(change, &new).await?;
    Ok(Resolved { owner: Owner::User(id), is_new: true })
}

async fn organization_by_external_id(
    app: &App,
    caller: &Caller,
    change: &mut Change,
    external_id: &str,
    may_create: bool,
) -> Result<Resolved, Refusal> {
    const FIELD: &str = "org_external_id";
    bounds::text(external_id, MAX_EXTERNAL_ID_CHARS).in_field(FIELD)?;
    let found = organizations::find_organization_by_external_id(change, &caller.org_scope, external_id).await?;
    if let Some(organization) = found {
        return Ok(Owner::Organization(organization.code).into());
    }
    if !may_create {
        return Err(Refusal::about(ErrorCode::OwnerNotFound, FIELD, "is not the external id of an organization"));
    }
    caller.require_platform()?;
    caller.require(ManagementScope::CreateOrganizations)?;
    // Until somebody names it, it is called by the id that the platform knows it by.
    let code = super::organizations::insert(app, change, (external_id, Some(external_id)), &Terms::default()).await?;
    Ok(Resolved { owner: Owner::Organization(code), is_new: true })
}
