//! Why an action was not done.

use std::error::Error;
use std::fmt;

use keyward_core::{Broken, ManagementScope};
use keyward_store::StoreError;
use keyward_wire::ErrorCode;

use crate::throttle::Throttled;

/// Why an action was not done: a code of the catalogue, what is wrong in words, and for the log alone the true cause.
#[derive(Debug)]
pub struct Refusal {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong, by field and rule. It never holds a value that the caller sent.
    pub message: String,
    /// The scope that would do (RFC 6750 section 3).
    pub scope: Option<ManagementScope>,
    /// The budgets that are used up, if that is the reason.
    pub throttled: Option<Throttled>,
    /// The true cause, for the log.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Refusal {
    /// A code with its own meaning as the message.
    pub fn new(code: ErrorCode) -> Self {
        Self::with(code, code.meaning())
    }

    /// A code with a message of its own.
    pub fn with(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), scope: None, throttled: None, cause: None }
    }

    /// A field that breaks a rule; `rule` reads on from the field's name, as in "must be 1 to 128 characters".
    pub fn field(name: &str, rule: &str) -> Self {
        Self::about(ErrorCode::FieldInvalid, name, rule)
    }

    /// A field that is the reason for a code.
    pub fn about(code: ErrorCode, name: &str, rule: &str) -> Self {
        Self::with(code, format!("`{name}` {rule}"))
    }

    /// The credential lacks a scope.
    pub fn scope_missing(scope: ManagementScope) -> Self {
        let message = format!("Scope missing: {}", scope.key());
        Self { scope: Some(scope), ..Self::with(ErrorCode::ScopeMissing, message) }
    }

    /// Something that cannot be known now, or is broken; the cause goes to the log.
    pub fn caused_by(code: ErrorCode, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(code) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Full(_) => ErrorCode::StorageFull,
            StoreError::Unavailable(_) => ErrorCode::Unavailable,
            StoreError::Constraint(_) | StoreError::Corrupt(_) => ErrorCode::Internal,
        };
        Self::caused_by(code, error)
    }
}

impl From<Throttled> for Refusal {
    fn from(throttled: Throttled) -> Self {
        let message = throttled.message();
        Self { throttled: Some(throttled), ..Self::with(ErrorCode::RateLimited, message) }
    }
}

/// Names the field whose rule was broken.
pub trait InField<T> {
    /// The same, or a refusal that names the field and the rule.
    fn in_field(self, name: &str) -> Result<T, Refusal>;
}

impl<T> InField<T> for Result<T, Broken> {
    fn in_field(self, name: &str) -> Result<T, Refusal> {
        self.map_err(|broken| Refusal::field(name, &broken.0))
    }
}
