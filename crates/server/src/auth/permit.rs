//! The permission is an extractor. A handler that names none is visibly open.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyward_core::ManagementScope;

use crate::app::App;
use crate::auth::bearer::caller_of;
use crate::auth::origin::origin_of;
use crate::caller::Caller;
use crate::front::{Identified, seat};
use crate::refusal::Refusal;

/// A caller who may do what `S` names, and belongs to the platform.
pub(crate) struct Platform<S>(Caller, PhantomData<S>);

/// A caller who may do what `S` names: of the platform, or the application of an organization, which sees its own alone.
pub(crate) struct PlatformOrOrganization<S>(Caller, PhantomData<S>);

/// One or more scopes, any of which will do.
pub(crate) trait AnyScope: Send + Sync + 'static {
    /// The scopes; the first is the one that a refusal names.
    const ANY_OF: &'static [ManagementScope];
}

macro_rules! scopes {
    ($($name:ident = $first:ident $(or $other:ident)*;)*) => {
        /// What a handler can ask for.
        pub(crate) mod scope {
            use super::{AnyScope, ManagementScope};
            $(
                pub(crate) struct $name;
                impl AnyScope for $name {
                    const ANY_OF: &'static [ManagementScope] =
                        &[ManagementScope::$first $(, ManagementScope::$other)*];
                }
            )*
        }
    };
}

scopes! {
    ReadApis = ReadApis;
    CreateApis = CreateApis;
    UpdateApis = UpdateApis;
    DeleteApis = DeleteApis;
    ReadApiScopes = ReadApiScopes;
    CreateApiScopes = CreateApiScopes;
    UpdateApiScopes = UpdateApiScopes;
    DeleteApiScopes = DeleteApiScopes;
    CreateApiApplicationScopes = CreateApiApplicationScopes;
    DeleteApiApplicationScopes = DeleteApiApplicationScopes;
    ReadApplications = ReadApplications;
    CreateApplications = CreateApplications;
    UpdateApplications = UpdateApplications;
    DeleteApplications = DeleteApplications;
    UpdateApplicationTokens = UpdateApplicationTokens;
    ReadOrganizations = ReadOrganizations;
    CreateOrganizations = CreateOrganizations;
    UpdateOrganizations = UpdateOrganizations;
    DeleteOrganizations = DeleteOrganizations;
    ReadOrganizationUsers = ReadOrganizationUsers;
    CreateOrganizationUsers = CreateOrganizationUsers;
    UpdateOrganizationUsers = UpdateOrganizationUsers;
    DeleteOrganizationUsers = DeleteOrganizationUsers;
    ReadOrganizationUserRoles = ReadOrganizationUserRoles;
    CreateOrganizationUserRoles = CreateOrganizationUserRoles;
    DeleteOrganizationUserRoles = DeleteOrganizationUserRoles;
    ReadOrganizationUserPermissions = ReadOrganizationUserPermissions;
    CreateOrganizationUserPermissions = CreateOrganizationUserPermissions;
    DeleteOrganizationUserPermissions = DeleteOrganizationUserPermissions;
    ReadUsers = ReadUsers;
    CreateUsers = CreateUsers;
    UpdateUsers = UpdateUsers;
    DeleteUsers = DeleteUsers;
    ReadRoles = ReadRoles;
    CreateRoles = CreateRoles;
    UpdateRoles = UpdateRoles;
    DeleteRoles = DeleteRoles;
    ReadRolePermissions = ReadRolePermissions;
    UpdateRolePermissions = UpdateRolePermissions;
    DeleteRolePermissions = DeleteRolePermissions;
    ReadPermissions = ReadPermissions;
    CreatePermissions = CreatePermissions;
    UpdatePermissions = UpdatePermissions;
    DeletePermissions = DeletePermissions;
    ReadSystemPermissions = ReadSystemPermissions;
    ReadRoleSystemPermissions = ReadRoleSystemPermissions;
    UpdateRoleSystemPermissions = UpdateRoleSystemPermissions;
    ReadApiKeys = ReadApiKeys;
    CreateApiKeys = CreateApiKeys;
    UpdateApiKeys = UpdateApiKeys;
    DeleteApiKeys = DeleteApiKeys;
    VerifyApiKeys = VerifyApiKeys or ReadApiKeys;
    ReadSigningKeys = ReadSigningKeys;
    UpdateSigningKeys = UpdateSigningKeys;
    ReadPlans = ReadPlans;
    CreatePlans = CreatePlans;
    UpdatePlans = UpdatePlans;
    DeletePlans = DeletePlans;
    ReadAuditEvents = ReadAuditEvents;
}

impl<S> Deref for Platform<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S> Deref for PlatformOrOrganization<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

async fn permitted<S: AnyScope>(parts: &Parts, app: &App) -> Result<Caller, Refusal> {
    let caller = caller_of(parts, app).await?.from(origin_of(parts));
    if let Some(identified) = parts.extensions.get::<Identified>() {
        identified.tell(caller.actor.kind, &caller.actor.id);
    }
    seat(&parts.extensions, &caller.actor)?;
    match S::ANY_OF {
        any_of if any_of.iter().any(|scope| caller.scopes.contains(scope)) => Ok(caller),
        [first, ..] => Err(Refusal::scope_missing(*first)),
        [] => Err(Refusal::new(keyward_wire::ErrorCode::Internal)),
    }
}

impl<S: AnyScope> FromRequestParts<App> for Platform<S> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let caller = permitted::<S>(parts, app).await?;
        caller.require_platform()?;
        Ok(Self(caller, PhantomData))
    }
}

impl<S: AnyScope> FromRequestParts<App> for PlatformOrOrganization<S> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        Ok(Self(permitted::<S>(parts, app).await?, PhantomData))
    }
}
