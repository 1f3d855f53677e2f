//! Calls to a running server, as anybody would make them.

use crate::canary;
use crate::support::text;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// A server at an address.
pub(crate) struct Http {
    url: String,
    client: Client,
}

impl Http {
    pub(crate) fn at(address: &str) -> Self {
        // A proxy that the machine has is not for this machine itself.
        let client = Client::builder().no_proxy().user_agent("tests of keyward").build().unwrap();
        Self { url: format!("http://{address}"), client }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str) -> Response {
        self.client.post(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// A token for the management API, by the credentials that were printed.
    pub(crate) async fn token(&self, first: &Value) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", text(first, "client_id")),
            ("client_secret", text(first, "client_secret")),
        ];
        let response = self.client.post(format!("{}/oauth2/token", self.url)).form(&form).send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{answer}");
        let token = text(&answer, "access_token");
        [token, text(first, "client_secret")].into_iter().for_each(canary::shown);
        token.to_owned()
    }

    /// A call with a bearer credential: its status and its answer.
    pub(crate) async fn call(&self, bearer: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(bearer).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Issues a key of one API to an organization: the key as it is shown once.
    pub(crate) async fn issue(&self, bearer: &str, api_id: &str, scopes: &[&str]) -> Value {
        let body = json!({
            "name": "Production", "api_id": api_id, "scope_ids": scopes,
            "org_external_id": "customer-42", "create_owner": true,
        });
        let (status, mut answer) = self.call(bearer, Method::POST, "/api/v1/api_keys", &body).await;
        assert!((200..300).contains(&status), "{status}: {answer}");
        canary::shown(text(&answer["api_key"], "key"));
        answer["api_key"].take()
    }

    /// What a verification comes to.
    pub(crate) async fn verify(&self, bearer: &str, key: &str, scopes: &[&str]) -> Value {
        let body = json!({ "api_key": key, "scopes": scopes });
        let (status, answer) = self.call(bearer, Method::POST, "/api/v1/api_keys/verify", &body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}
