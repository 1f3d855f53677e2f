//! How a credential is presented: as RFC 6750 section 2.1 has it, or otherwise.

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{Actor, Reply, TestApp};

/// A credential, what it is called in the matrix, and how it is presented.
pub(super) struct Presented<'a> {
    pub(super) name: &'static str,
    pub(super) actor: Actor<'a>,
    pub(super) how: How,
}

#[derive(Clone, Copy)]
pub(super) enum How {
    Bearer,
    /// The scheme is not a matter of capitals (RFC 9110 section 11.1).
    LowerCase,
    Not,
    Basic,
    Twice,
    /// RFC 6750 section 2.3 allows it, and we do not: addresses are logged everywhere.
    InQuery(&'static str),
}

impl<'a> Presented<'a> {
    /// As a bearer token.
    pub(super) fn new(name: &'static str, actor: Actor<'a>) -> Self {
        Self { name, actor, how: How::Bearer }
    }

    pub(super) async fn call(&self, app: &TestApp, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let token = self.actor.token.as_deref().unwrap_or_default();
        let (values, path) = match self.how {
            How::Bearer if self.actor.token.is_none() => (Vec::new(), path.to_owned()),
            How::Bearer => (vec![format!("Bearer {token}")], path.to_owned()),
            How::LowerCase => (vec![format!("bearer {token}")], path.to_owned()),
            How::Not => (Vec::new(), path.to_owned()),
            How::Basic => (vec![format!("Basic {}", STANDARD.encode(format!("{token}:{token}")))], path.to_owned()),
            How::Twice => (vec![format!("Bearer {token}"); 2], path.to_owned()),
            How::InQuery(name) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                (Vec::new(), format!("{path}{mark}{name}={token}"))
            }
        };
        let mut request = app.anonymous().request(method.parse::<Method>().unwrap(), &path);
        for value in values {
            request = request.header("authorization", value);
        }
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        app.send(request.unwrap()).await
    }
}
