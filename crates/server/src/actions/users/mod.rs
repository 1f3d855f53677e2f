//! Users: owners of keys, members of organizations.

mod list;
mod update;

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS, MAX_IDENTITY_CHARS, MAX_NAME_CHARS};
use keyward_core::{RateLimit, UserId};
pub use keyward_store::users::UserRow;
use keyward_store::users::{self, NewUser, UserColumn};
use keyward_store::{Change, NewEvent, Tx};
use keyward_wire::ErrorCode;
use keyward_wire::users::{CreateUserRequest, IdentityType, UserIdentity, UserProfile};

use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::credits::read_credits;
use crate::actions::limits::read_limits;
use crate::actions::members::join;
use crate::actions::organizations::find_organization;
use crate::actions::plans::{Terms, limits_in_force, next_credits};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

pub use self::list::{list_users, search_users};
pub use self::update::{delete_user, update_user};

/// One of each type.
const MAX_IDENTITIES: usize = 3;

/// By what a user is known, each at most once.
#[derive(Clone, Debug, Default)]
struct Identities {
    /// Folded: no mailbox that people use tells capital letters from small ones.
    email: Option<String>,
    phone: Option<String>,
    username: Option<String>,
}

/// Creates a user, a member of an organization if one is named.
pub async fn create_user(app: &App, caller: &Caller, request: CreateUserRequest) -> Result<Changed<UserId>, Refusal> {
    let profile = request.profile.as_ref().map_or(Ok((None, None)), read_profile)?;
    let identities = read_identities(request.identities.as_deref().unwrap_or_default())?;
    if let Some(external_id) = &request.provided_id {
        bounds::text(external_id, MAX_EXTERNAL_ID_CHARS).in_field("provided_id")?;
    }
    let limits = request.rate_limits.as_deref().map(|given| read_limits(caller, given)).transpose()?;
    let credits = request.credits.as_ref().map(|given| read_credits(caller, Some(given))).transpose()?;
    let mut change = begin(app, caller).await?;
    let terms = Terms::default().with(&mut change, Some(request.plan_id.as_deref()), limits.map(Some)).await?;
    let organization = match &request.organization_code {
        Some(code) => Some(find_organization(&mut change, caller, code, "organization_code").await?),
        None => None,
    };
    let id = app.make(UserId::generate);
    let new = NewUser {
        id: &id,
        external_id: request.provided_id.as_deref(),
        given_name: profile.0,
        family_name: profile.1,
        email: identities.email.as_deref(),
        phone: identities.phone.as_deref(),
        username: identities.username.as_deref(),
        plan_id: terms.plan_id.as_ref(),
        rate_limits: &terms.rate_limits,
    };
    insert(&mut change, &new).await?;
    let next = next_credits(&mut change, (None, terms.plan_id.as_ref()), None, credits).await?;
    next.store(&mut change, id.as_str()).await?;
    let org_code = organization.map(|organization| organization.code);
    if let Some(code) = &org_code {
        join(&mut change, code, &id).await?;
    }
    let event = NewEvent::new("user.created", &id)
        .in_organization(org_code)
        .value("plan_id", (), &terms.plan_id)
        .value("rate_limits", (), Some(&terms.rate_limits).filter(|limits| !limits.is_empty()))
        .personal("provided_id", (), new.external_id)
        .personal("given_name", (), new.given_name)
        .personal("family_name", (), new.family_name)
        .personal("email", (), new.email)
        .personal("phone", (), new.phone)
        .personal("username", (), new.username);
    let revision = app.commit(change, next.tell(event, None)).await?;
    Ok(Changed { made: id, revision })
}

/// Stores a user, unless something that must be unique is another's.
pub(super) async fn insert(change: &mut Change, new: &NewUser<'_>) -> Result<(), Refusal> {
    let unique = [
        (UserColumn::ExternalId, new.external_id, ErrorCode::ExternalIdTaken, "provided_id"),
        (UserColumn::Email, new.email, ErrorCode::IdentityTaken, "identities.email"),
        (UserColumn::Phone, new.phone, ErrorCode::IdentityTaken, "identities.phone"),
        (UserColumn::Username, new.username, ErrorCode::IdentityTaken, "identities.username"),
    ];
    for (column, value, code, field) in unique {
        let Some(value) = value else { continue };
        if users::find_user_by(change, column, value).await?.is_some() {
            return Err(Refusal::about(code, field, "is that of another user"));
        }
    }
    Ok(users::insert_user(change, new).await?)
}

/// One user, with the limits of rate that are in force.
pub async fn get_user(app: &App, id: &str) -> Result<(UserRow, Vec<RateLimit>), Refusal> {
    let mut tx = app.read().await?;
    let row = require_user(&mut tx, id).await?;
    let limits = limits_in_force(&mut tx, row.plan_id.as_ref(), &row.rate_limits).await?;
    Ok((row, limits))
}

async fn require_user(tx: &mut Tx, id: &str) -> Result<UserRow, Refusal> {
    find_user(tx, id).await?.ok_or_else(|| Refusal::new(ErrorCode::UserNotFound))
}

/// A user by an id that a caller sent.
pub(super) async fn find_user(tx: &mut Tx, id: &str) -> Result<Option<UserRow>, Refusal> {
    match UserId::parse(id) {
        Some(id) => Ok(users::find_user(tx, &id).await?),
        None => Ok(None),
    }
}

fn read_profile(profile: &UserProfile) -> Result<(Option<&str>, Option<&str>), Refusal> {
    let name = |text: &'_ Option<String>, field| match text.as_deref() {
        Some(text) => bounds::text(text, MAX_NAME_CHARS).in_field(field),
        None => Ok(()),
    };
    name(&profile.given_name, "profile.given_name")?;
    name(&profile.family_name, "profile.family_name")?;
    Ok((profile.given_name.as_deref(), profile.family_name.as_deref()))
}

fn read_identities(listed: &[UserIdentity]) -> Result<Identities, Refusal> {
    if listed.len() > MAX_IDENTITIES {
        return Err(Refusal::field("identities", "must have at most 3 entries"));
    }
    let mut read = Identities::default();
    for (at, identity) in listed.iter().enumerate() {
        let details = &identity.details;
        let (place, value, member) = match identity.r#type {
            IdentityType::Email => (&mut read.email, &details.email, "email"),
            IdentityType::Phone => (&mut read.phone, &details.phone, "phone"),
            IdentityType::Username => (&mut read.username, &details.username, "username"),
        };
        let field = format!("identities[{at}].details.{member}");
        let value = value.as_deref().ok_or_else(|| Refusal::about(ErrorCode::FieldMissing, &field, "is missing"))?;
        bounds::text(value, MAX_IDENTITY_CHARS).in_field(&field)?;
        if identity.r#type == IdentityType::Email && !value.contains('@') {
            return Err(Refusal::field(&field, "must be an e-mail address"));
        }
        let kept = if identity.r#type == IdentityType::Email { bounds::fold_email(value) } else { value.to_owned() };
        if place.replace(kept).is_some() {
            return Err(Refusal::field(&field, "is the second of its type, and one is all that a user can have"));
        }
    }
    Ok(read)
}
