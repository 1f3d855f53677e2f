//! Where requests come in and answers go out: connections, bodies, errors, the log of requests.

mod accept;
mod answer;
mod arriving;
pub(crate) mod body;
mod client_address;
mod connection;
mod intake;
mod log;
mod misfit;
mod node;
mod noted;
mod oauth_answer;
mod rate_limit;
mod reader;
mod repeat;
mod secure;
mod standing;
mod tls;
mod watched;

pub use accept::serve;
pub use answer::Answer;
pub(crate) use answer::Cause;
pub(crate) use body::{Body, NoBody, NoParams, Params, Path, read_form, read_json};
pub use client_address::TrustedProxies;
pub(crate) use client_address::{ClientAddress, find_client};
pub(crate) use intake::let_in;
pub(crate) use log::{RequestId, log_requests};
pub(crate) use noted::{Identified, Told};
pub(crate) use oauth_answer::{refuse, refuse_oauth};
pub(crate) use repeat::{Repeat, RepeatHeader, Repeated, repeated};
pub(crate) use secure::secure_answers;
pub use tls::{Tls, TlsError, TlsFiles};
