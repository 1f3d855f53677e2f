//! What there is when the examples are played, by the names that the page has for it, and what can break.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use axum::response::Response;
use keyward_server::caller::Caller;
use serde_json::json;
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::page::Example;
use crate::front::{read_to_end, serve};
use crate::support::{Reply, TestApp, TestDatabase};

pub(super) struct Given<'a> {
    app: &'a TestApp,
    /// The longest name first, since one may begin with another.
    named: Vec<(&'static str, String)>,
}

impl<'a> Given<'a> {
    pub(super) async fn make(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://orders.example.com", &["read:orders"]).await;
        let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
        let kim = json!({ "identities": [{ "type": "email", "details": { "email": "kim@example.com" } }] });
        let user = admin.post("/api/v1/user", kim).await.text("/id");
        let acme = json!({ "name": "Acme", "external_id": "customer-42" });
        let org = admin.post("/api/v1/organization", acme).await.text("/organization/code");
        admin.makes_permission("create:todos", json!({})).await;
        let starter = json!({ "name": "Starter", "allowed_scopes": [{ "api_id": api, "scopes": [] }] });
        let plan = admin.post("/api/v1/plans", starter).await.text("/plan/id");
        let globex = json!({ "name": "Globex", "external_id": "customer-43", "plan_id": plan });
        assert_eq!(admin.post("/api/v1/organization", globex).await.status, 200);
        let key = json!({ "name": "Key", "api_id": api, "user_id": user });
        let (revoked, _) = admin.makes_key(key.clone()).await;
        assert_eq!(admin.delete(&format!("/api/v1/api_keys/{revoked}")).await.status, 200);
        let (_, secret) = admin.makes_key(key.clone()).await;
        let revoke = json!({ "action": "revoke", "filter": { "user_id": user } });
        let stale = admin.post("/api/v1/api_keys/bulk", revoke).await.text("/confirm");
        let repeatable = admin.request(Method::POST, "/api/v1/api_keys").header("idempotency-key", "order-42");
        let repeatable = repeatable.header("content-type", "application/json").body(Body::from(key.to_string()));
        assert_eq!(app.send(repeatable.unwrap()).await.status, 201);
        let strict = json!({
            "name": "Strict", "audience": "https://strict.example.com", "key_policy": { "max_keys_per_owner": 1 },
        });
        let strict = admin.post("/api/v1/apis", strict).await.text("/api/id");
        admin.makes_key(json!({ "name": "Key", "api_id": strict, "user_id": user })).await;
        let (application, _) = admin.makes_application(&[], json!({ "name": "Other" })).await;
        let (client_id, client_secret) = admin.makes_application(&["read:apis"], json!({ "name": "Client" })).await;
        let reader = admin.makes_m2m(&["read:apis"], json!({})).await;
        let maker = admin.makes_m2m(&["create:api_keys"], json!({})).await;
        let of_organization = admin.makes_m2m(&["read:users"], json!({ "org_code": org })).await;
        let mut named = vec![
            ("$TOKEN", admin.token.clone().unwrap()),
            ("$READER_TOKEN", reader.token.unwrap()),
            ("$KEY_MAKER_TOKEN", maker.token.unwrap()),
            ("$ORGANIZATION_TOKEN", of_organization.token.unwrap()),
            ("$MANAGEMENT_API", admin.management_api().await),
            ("$ROLE", admin.makes_role("admin", json!({})).await),
            ("$PLAN", plan),
            ("$API", api),
            ("$STRICT_API", strict),
            ("$SCOPE", scope),
            ("$USER", user),
            ("$ORG", org),
            ("$REVOKED_KEY", revoked),
            ("$KEY_SECRET", secret),
            ("$STALE_CONFIRM", stale),
            ("$APPLICATION", application),
            ("$CLIENT_ID", client_id),
            ("$CLIENT_SECRET", client_secret),
            ("$64_KIB", "k".repeat(64 * 1024)),
        ];
        named.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { app, named }
    }

    /// Sends a request at a socket, whose body is announced to be longer than it is.
    pub(super) async fn play_without_end(&self, example: &Example) -> Reply {
        let text = self.named.iter().fold(example.request.clone(), |text, (name, value)| text.replace(name, value));
        let (head, body) = text.split_once("\n\n").unwrap();
        let (first, rest) = head.split_once('\n').unwrap();
        let head = format!("{first} HTTP/1.1\nHost: keys.example.com\nContent-Length: 9000\n{rest}\n\n");
        let served = serve(self.app).await;
        let mut stream = served.send(&(head.replace('\n', "\r\n") + body)).await;
        let answer = read_to_end(&mut stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply::read(Response::builder().status(status).body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Sends a request while another one has the only place, waiting for somebody who changes something.
    pub(super) async fn play_beside_another(&self, example: &Example) -> Reply {
        let change = self.app.app.change(&Caller::command_line()).await.unwrap();
        let (_, token) = self.named.iter().find(|(name, _)| *name == "$TOKEN").unwrap();
        let admin = self.app.bearer(token);
        let (_, reply) = tokio::join!(admin.post("/api/v1/organization", json!({ "name": "Acme" })), async {
            loop {
                let reply = self.play(example).await;
                if reply.status != 200 {
                    drop(change);
                    return reply;
                }
            }
        });
        reply
    }

    /// Sends the request of an example.
    pub(super) async fn play(&self, example: &Example) -> Reply {
        let text = self.named.iter().fold(example.request.clone(), |text, (name, value)| text.replace(name, value));
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let (method, address) = lines.next().unwrap().split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(address);
        if !head.contains("\nHost: ") {
            request = request.header("host", "keys.example.com");
        }
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        assert!(!head.contains('$'), "nothing is known by that name: {head}");
        self.app.send(request.extension(here()).body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Breaks what the page says is broken: the thing itself, and none that stands for it.
    pub(super) async fn break_it(&self, fault: &str) {
        let database = &self.app.database;
        match fault {
            "the database is away" => self.app.app.close().await,
            "a stored value that nobody wrote" => {
                database.db_run("UPDATE apis SET key_prefix = 'NO PREFIX' WHERE audience IS NOT NULL").await;
                database.db_run("UPDATE applications SET bound_api_ids = 'no list' WHERE name = 'Client'").await;
            }
            "the database is full" => fill(database).await,
            "a customer has 10,001 keys" => {
                let (_, user) = self.named.iter().find(|(name, _)| *name == "$USER").unwrap();
                let (_, token) = self.named.iter().find(|(name, _)| *name == "$TOKEN").unwrap();
                let keys = self.app.bearer(token).get(&format!("/api/v1/api_keys?user_id={user}")).await;
                database.db_copy_key(&keys.text("/api_keys/0/id"), 10_000).await;
            }
            "too many wrong credentials came from here" => {
                for _ in 0..1000 {
                    let wrong = self.app.bearer("wrong").request(Method::GET, "/api/v1/apis").extension(here());
                    if self.app.send(wrong.body(Body::empty()).unwrap()).await.status == 429 {
                        return;
                    }
                }
                panic!("nobody is told to slow down");
            }
            other => panic!("nobody knows how to break: {other}"),
        }
    }
}

/// Where the requests come from.
fn here() -> ConnectInfo<SocketAddr> {
    ConnectInfo(SocketAddr::from(([198, 51, 100, 7], 4711)))
}

/// Lets the database itself say that it is full: at each change, a table has no more room for a row.
async fn fill(database: &TestDatabase) {
    // SQLite says so of a table whose largest number is used; PostgreSQL is told the words for its disk.
    const SQLITE: &str = "CREATE TABLE full_up (id INTEGER PRIMARY KEY AUTOINCREMENT);
        INSERT INTO full_up VALUES (9223372036854775807);
        CREATE TRIGGER fill BEFORE INSERT ON audit_events BEGIN INSERT INTO full_up (id) VALUES (NULL); END;";
    const POSTGRES: &str = "CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'there is no room' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER fill BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION full_up();";
    match database {
        TestDatabase::Sqlite(url) => {
            let mut connection = SqliteConnection::connect(url).await.unwrap();
            sqlx::raw_sql(SQLITE).execute(&mut connection).await.unwrap();
        }
        TestDatabase::Postgres(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(POSTGRES).execute(&mut connection).await.unwrap();
        }
    }
}
