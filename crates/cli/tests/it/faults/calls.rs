//! Calls that may get no answer, since the server may die under them.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{Checked, ensure};

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Whether it was kept, for a repeated request.
    pub(crate) is_repeated: bool,
    pub(crate) has_retry_after: bool,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn text(&self, pointer: &str) -> Checked<String> {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.map(ToOwned::to_owned).ok_or_else(|| format!("{pointer} is not in {} {}", self.status, self.body))
    }

    /// The code of the first error.
    pub(crate) fn error(&self) -> &str {
        let place = if self.body["error"].is_string() { "/error" } else { "/errors/0/code" };
        self.body.pointer(place).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Somebody who calls a server.
#[derive(Clone)]
pub(crate) struct Caller {
    client: Client,
    url: String,
    pub(crate) token: String,
}

impl Caller {
    pub(crate) fn at(address: &str, token: &str) -> Self {
        let patience = std::time::Duration::from_secs(20);
        let client = Client::builder().no_proxy().timeout(patience).build().unwrap();
        Self { client, url: format!("http://{address}"), token: token.to_owned() }
    }

    /// Sends a request under an `Idempotency-Key`, if there is one; none if no whole answer came.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Option<Reply> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        read(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Reply> {
        self.send(Method::GET, path, None, None).await
    }

    /// A header of an answer.
    pub(crate) async fn header(&self, path: &str, name: &str) -> Option<String> {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.ok()?;
        response.headers().get(name)?.to_str().ok().map(ToOwned::to_owned)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Option<Reply> {
        self.send(Method::POST, path, Some(body), None).await
    }

    pub(crate) async fn verify(&self, secret: &str) -> Option<Reply> {
        self.post("/api/v1/api_keys/verify", &json!({ "api_key": secret })).await
    }

    /// Asks for a token.
    pub(crate) async fn ask_token(&self, client_id: &str, client_secret: &str) -> Option<Reply> {
        let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", client_secret)];
        read(self.client.post(format!("{}/oauth2/token", self.url)).form(&form)).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Option<Reply> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let has = |name: &str| response.headers().contains_key(name);
    let (is_repeated, has_retry_after) = (has("idempotent-replayed"), has("retry-after"));
    let bytes = response.bytes().await.ok()?;
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).ok()? };
    Some(Reply { status, is_repeated, has_retry_after, body })
}

/// The answer that must have come, with this status.
pub(crate) fn answered(reply: Option<Reply>, status: u16, to: &str) -> Checked<Reply> {
    let reply = reply.ok_or_else(|| format!("no answer to {to}"))?;
    ensure!(reply.status == status, "{to}: {} {}", reply.status, reply.body);
    Ok(reply)
}
