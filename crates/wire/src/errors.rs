//! The catalogue of error codes of the management API, and the shape in which they are told.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

macro_rules! catalogue {
    ($($name:ident $status:literal $code:literal $meaning:literal,)*) => {
        /// A code of the catalogue. Clients may rely on it; the message beside it is for people.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = concat!($status, ": ", $meaning)] $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The HTTP status that it is told with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The code as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

catalogue! {
    RequestMalformed 400 "REQUEST_MALFORMED" "The request has more than one meaning: its host or its length is unclear.",
    BodyMalformed 400 "BODY_MALFORMED" "The body is not well-formed.",
    FieldMissing 400 "FIELD_MISSING" "A required field is missing.",
    FieldUnknown 400 "FIELD_UNKNOWN" "There is no field of this name here.",
    FieldDuplicate 400 "FIELD_DUPLICATE" "A field stands more than once.",
    FieldInvalid 400 "FIELD_INVALID" "A field breaks a rule, which the message names.",
    AudienceTaken 400 "AUDIENCE_TAKEN" "Another API has this audience.",
    ScopeTaken 400 "SCOPE_TAKEN" "The API has a scope with this key.",
    ExternalIdTaken 400 "EXTERNAL_ID_TAKEN" "Another one of this kind has this external id.",
    IdentityTaken 400 "IDENTITY_TAKEN" "Another user has this identity.",
    OwnerNotFound 400 "OWNER_NOT_FOUND" "There is no owner with this id.",
    ApiUnknown 400 "API_UNKNOWN" "There is no API with this id.",
    ScopeUnknown 400 "SCOPE_UNKNOWN" "The API has no such scope.",
    ApplicationUnknown 400 "APPLICATION_UNKNOWN" "There is no application with this id.",
    UserUnknown 400 "USER_UNKNOWN" "There is no user with this id.",
    RoleUnknown 400 "ROLE_UNKNOWN" "There is no such role.",
    PermissionUnknown 400 "PERMISSION_UNKNOWN" "There is no such permission.",
    RoleTaken 400 "ROLE_TAKEN" "Another role has this key.",
    PermissionTaken 400 "PERMISSION_TAKEN" "Another permission has this key.",
    PlanUnknown 400 "PLAN_UNKNOWN" "There is no plan with this id.",
    PlanTaken 400 "PLAN_TAKEN" "Another plan has this name.",
    ScopeNotInPlan 400 "SCOPE_NOT_IN_PLAN" "The plan of the key's owner does not allow this scope.",
    LastSecret 400 "LAST_SECRET" "An application keeps its newest secret; rotate it, or disable the application.",
    KeyRevoked 400 "API_KEY_REVOKED" "The key has been revoked, for good.",
    ManagementApi 400 "MANAGEMENT_API" "The management API itself cannot be changed in this way.",
    NotAuthorized 400 "APPLICATION_NOT_AUTHORIZED" "The application is not authorised for this API.",
    ConfirmInvalid 400 "CONFIRM_INVALID" "The token to confirm was not given to this caller for this request.",
    TooManyAtOnce 400 "TOO_MANY_AT_ONCE" "More keys would be changed than one change may: 10000.",
    TokenDuplicate 400 "TOKEN_DUPLICATE" "The Authorization header stands more than once.",
    TokenMissing 401 "TOKEN_MISSING" "There is no bearer token.",
    TokenInvalid 401 "TOKEN_INVALID" "The bearer token is not valid, or no longer.",
    ScopeMissing 403 "SCOPE_MISSING" "The credential lacks a scope, which the message names.",
    RightsExceeded 403 "RIGHTS_EXCEEDED" "Nobody can give a right that they do not hold.",
    PlatformOnly 403 "PLATFORM_ONLY" "This is not for the application of an organization.",
    RouteNotFound 404 "ROUTE_NOT_FOUND" "There is no such route.",
    ApiNotFound 404 "API_NOT_FOUND" "There is no API with this id.",
    ScopeNotFound 404 "SCOPE_NOT_FOUND" "The API has no scope with this id.",
    ApplicationNotFound 404 "APPLICATION_NOT_FOUND" "There is no application with this id.",
    OrganizationNotFound 404 "ORGANIZATION_NOT_FOUND" "There is no organization with this code.",
    UserNotFound 404 "USER_NOT_FOUND" "There is no user with this id.",
    MemberNotFound 404 "MEMBER_NOT_FOUND" "The organization has no such member.",
    RoleNotFound 404 "ROLE_NOT_FOUND" "There is no such role here.",
    PermissionNotFound 404 "PERMISSION_NOT_FOUND" "There is no such permission here.",
    PlanNotFound 404 "PLAN_NOT_FOUND" "There is no plan with this id.",
    SecretNotFound 404 "SECRET_NOT_FOUND" "The application has no such secret that is valid.",
    KeyNotFound 404 "API_KEY_NOT_FOUND" "There is no API key with this id.",
    MethodNotAllowed 405 "METHOD_NOT_ALLOWED" "The route has no such method.",
    PreviewStale 409 "PREVIEW_STALE" "The preview is too old, or what it showed has changed since. Preview again.",
    ConfirmRequired 409 "CONFIRM_REQUIRED" "Keys that are there would end sooner. Preview the change, and confirm it.",
    KeyLimitReached 409 "API_KEY_LIMIT_REACHED" "The owner has as many keys as the key policy of the API lets it have.",
    BodyLate 408 "BODY_LATE" "The body did not come whole in time.",
    PlanInUse 409 "PLAN_IN_USE" "The plan is that of owners, and cannot be deleted before they have another.",
    BodyTooLarge 413 "BODY_TOO_LARGE" "The body is larger than this route takes.",
    ContentTypeUnsupported 415 "CONTENT_TYPE_UNSUPPORTED" "The content type is not one that this route reads.",
    IdempotencyKeyReused 422 "IDEMPOTENCY_KEY_REUSED" "Another request was made with this Idempotency-Key.",
    RateLimited 429 "RATE_LIMITED" "Too much was asked for, or too many credentials were wrong. Wait as long as Retry-After says.",
    Internal 500 "INTERNAL" "Something is broken on our side; the request id leads to it in the log.",
    Unavailable 503 "UNAVAILABLE" "The answer cannot be known now. Try again.",
    Overloaded 503 "OVERLOADED" "The server works on as many requests as it may. Try again.",
    RevisionNotReached 503 "REVISION_NOT_REACHED" "This node has not heard of that revision yet. Try again.",
    StorageFull 507 "STORAGE_FULL" "There is no room to store a change. Reading and verifying go on.",
}

/// One error: a code of the catalogue and a message for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorItem {
    /// A code of the catalogue.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "FIELD_INVALID"))]
    pub code: Cow<'static, str>,
    /// What is wrong, by field and rule.
    #[cfg_attr(feature = "openapi", schema(example = "`name` must be 1 to 128 characters"))]
    pub message: String,
}

/// The body of an error answer: a list of errors, but a single one on 404.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What is wrong.
    pub errors: Errors,
}

/// A list of errors, or on 404 a single one in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Errors {
    /// Every status but 404.
    List(Vec<ErrorItem>),
    /// 404.
    One(ErrorItem),
}

impl ErrorBody {
    /// The body that tells one error.
    pub fn new(code: ErrorCode, message: String) -> Self {
        let item = ErrorItem { code: code.as_str().into(), message };
        let errors = if code.status() == 404 { Errors::One(item) } else { Errors::List(vec![item]) };
        Self { errors }
    }

    /// The first error, which is the one that matters.
    pub fn first(&self) -> Option<&ErrorItem> {
        match &self.errors {
            Errors::List(items) => items.first(),
            Errors::One(item) => Some(item),
        }
    }
}
