//! The texts that requests hold, as the OpenAPI document tells their limits: a member names one as its `value_type`.
//!
//! The limits are those of `keyward_core`, where the same rules are kept. That a document and a rule say the same is
//! tested from the outside, with texts that are just long enough and one character longer.

use std::borrow::Cow;

use keyward_core::bounds::{
    MAX_AUDIENCE_CHARS, MAX_DESCRIPTION_CHARS, MAX_EXTERNAL_ID_CHARS, MAX_IDENTITY_CHARS, MAX_NAME_CHARS,
};
use keyward_core::scopes::MAX_SCOPE_KEY_CHARS;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// No control characters and no space at either end, as ECMA-262 writes it.
macro_rules! plain {
    () => {
        r"[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?"
    };
}

macro_rules! texts {
    ($($name:ident $least:literal $most:ident $pattern:expr, $example:literal, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub(crate) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let text = ObjectBuilder::new().schema_type(Type::String).description(Some($meaning));
                    let text = text.min_length(Some($least)).max_length(Some($most)).pattern(Some($pattern));
                    text.examples([$example]).into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )*
    };
}

texts! {
    Name 1 MAX_NAME_CHARS concat!("^", plain!(), "$"), "Acme Inc.",
        "What people call something: no control characters, and no space at either end.";
    ExternalId 1 MAX_EXTERNAL_ID_CHARS concat!("^", plain!(), "$"), "customer-42",
        "The platform's own id of something: no control characters, and no space at either end.";
    Description 0 MAX_DESCRIPTION_CHARS concat!("^(", plain!(), ")?$"), "Read the orders of the account",
        "What something is for: no control characters, and no space at either end. Empty is none.";
    Audience 1 MAX_AUDIENCE_CHARS r"^[^\s\x00-\x1f\x7f-\x9f]+$", "https://api.example.com",
        "What tokens and verifications name an API by: no control characters and no white space.";
    ScopeKey 1 MAX_SCOPE_KEY_CHARS r"^[!#-\[\]-~]+$", "read:orders",
        "By what code knows a scope: printable ASCII without spaces, quotes and backslashes.";
    AccessKey 1 MAX_SCOPE_KEY_CHARS r"^[!#-+\--\[\]-~]+$", "admin",
        "By what code knows a role or a permission: printable ASCII without spaces, commas, quotes and backslashes.";
    Email 1 MAX_IDENTITY_CHARS
        r"^([^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*)?@([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$", "ada@example.com",
        "An e-mail address: an @, no control characters, and no space at either end.";
    Identity 1 MAX_IDENTITY_CHARS concat!("^", plain!(), "$"), "ada",
        "A telephone number or a user name: no control characters, and no space at either end.";
}
