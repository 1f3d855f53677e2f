//! The rules of Keyward, pure: ids, the format of key secrets, scopes, policy and the decision about a key.
//!
//! Nothing here reads a clock, a file, a socket or a source of randomness: whatever is not known is an argument.
//! So each rule can be tested with literal values, and the server, the engine and the store share one meaning.

pub mod access_key;
pub mod bounds;
pub mod confirm;
pub mod credits;
pub mod decide;
pub mod gcra;
pub mod idempotency;
pub mod ids;
pub mod key_policy;
pub mod keyring;
pub mod limits;
pub mod outcome_code;
pub mod personal;
pub mod plans;
pub mod scopes;
pub mod secret;
pub mod system_permissions;
pub mod tenancy;
pub mod time;

pub use access_key::AccessKey;
pub use bounds::Broken;
pub use confirm::{Preview, SetDigest, Unconfirmed};
pub use credits::{Balance, CreditTerms, GrantedCredits, Refill, RefillInterval};
pub use decide::{KeyFacts, KeyState, KeyStatus, Outcome, Presented, Step, decide};
pub use gcra::{Quota, Usage};
pub use idempotency::{IdempotencyKey, Repeatable};
pub use ids::{ApiId, ApiKeyId, ClientId, OrgCode, PermissionId, PlanId, RoleId, ScopeId, UserId};
pub use key_policy::KeyPolicy;
pub use keyring::{DoesNotOpen, Keyring, MasterSecret, SecretVersion};
pub use limits::RateLimit;
pub use outcome_code::OutcomeCode;
pub use personal::{SALT_BYTES, Salts, personal_hash};
pub use plans::{AllowedOfApi, AllowedScopes};
pub use scopes::{ManagementScope, ScopeKey, ScopeNumber, ScopeNumbers};
pub use secret::{KeyClass, KeyPrefix, KeySecret, PlainSecret, SecretMac, Selector};
pub use system_permissions::SystemPermission;
pub use tenancy::{ApiScope, KeyType, OrgScope, Owner};
pub use time::Timestamp;

/// A source of random bytes. The operating system's generator in production, a seeded one in tests.
pub type Fill<'a> = &'a mut dyn FnMut(&mut [u8]);
