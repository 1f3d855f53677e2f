//! PostgreSQL out of reach, out of room, or not there when the server starts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyward_store::Database;
use reqwest::Method;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::net::{TcpListener, TcpStream};

use super::calls::{Reply, answered};
use super::shop::{Kind, Shop};
use super::{Checked, dice, ensure};

/// How long a node answers from memory after it last began to read the head.
const LEASE: Duration = Duration::from_secs(2);

/// A cable between the server and its database, which can be pulled.
struct Cable {
    address: SocketAddr,
    is_pulled: Arc<AtomicBool>,
    pulled: tokio::sync::watch::Sender<()>,
}

impl Cable {
    async fn to(database: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, is_pulled) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let (pulled, watching) = tokio::sync::watch::channel(());
        let is_dead = Arc::clone(&is_pulled);
        tokio::spawn(async move {
            loop {
                let (mut here, _) = listener.accept().await.unwrap();
                let (database, mut watching, is_dead) = (database.clone(), watching.clone(), Arc::clone(&is_dead));
                watching.mark_unchanged();
                tokio::spawn(async move {
                    if is_dead.load(Ordering::SeqCst) {
                        return;
                    }
                    let mut there = TcpStream::connect(database).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut here, &mut there) => {}
                        _ = watching.changed() => {}
                    }
                });
            }
        });
        Self { address, is_pulled, pulled }
    }

    fn pull(&self) {
        self.is_pulled.store(true, Ordering::SeqCst);
        self.pulled.send_replace(());
    }

    fn plug_in(&self) {
        self.is_pulled.store(false, Ordering::SeqCst);
    }
}

fn url(shop: &Shop) -> String {
    let Database::Postgres(url) = shop.database() else { unreachable!("the shop is on PostgreSQL") };
    url.expose().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_out_of_reach_is_503_and_back_again_all_is_as_before() {
    lose_postgres().await.unwrap();
}

async fn lose_postgres() -> Checked {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Postgres, &mut dice).await;
    let url = url(&shop);
    let host = url.split_once('@').and_then(|(_, rest)| rest.split_once('/')).map(|(host, _)| host).unwrap();
    let cable = Cable::to(host.to_owned()).await;
    shop.environment.push(("KEYWARD_DATABASE", url.replace(host, &cable.address.to_string())));
    let ready = shop.start()?;
    shop.furnish(&ready, &mut dice).await?;
    let caller = shop.caller(&ready);
    let (_, secret) = shop.create_key(&caller, "kept").await?;

    cable.pull();
    // For as long as the lease lasts it is known that nothing has changed.
    tokio::time::sleep(LEASE).await;
    let (client_id, client_secret) = shop.credentials();
    let new_key = shop.new_key("unreachable");
    for _ in 0..2 {
        for (reply, to) in [
            (caller.verify(&secret).await, "a verification"),
            (caller.get("/api/v1/api_keys").await, "a list"),
            (caller.post("/api/v1/api_keys", &new_key).await, "a creation"),
            (caller.get("/readyz").await, "/readyz"),
        ] {
            let refusal = answered(reply, 503, to)?;
            ensure!(refusal.error() == "UNAVAILABLE" && refusal.has_retry_after, "{to}: {}", refusal.body);
        }
        let refusal = answered(caller.ask_token(client_id, client_secret).await, 503, "a token")?;
        ensure!(refusal.error() == "temporarily_unavailable", "{}", refusal.body);
        answered(caller.get("/healthz").await, 204, "/healthz")?;
    }

    cable.plug_in();
    until_ready(&caller).await?;
    let valid = answered(caller.verify(&secret).await, 200, "a verification")?;
    ensure!(valid.body["is_valid"] == true, "{}", valid.body);
    shop.create_key(&caller, "reachable").await?;
    drop(ready);
    shop.close().await;
    Ok(())
}

async fn until_ready(caller: &super::calls::Caller) -> Checked {
    for _ in 0..100 {
        if caller.get("/readyz").await.is_some_and(|reply| reply.status == 204) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("the server does not come back".into())
}

/// The tables that a change of a key writes, in their order, with the code that PostgreSQL tells of its disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_with_a_full_or_broken_disk_refuses_changes_alone() {
    for (code, status) in [("53100", 507), ("58030", 503)] {
        fill_postgres(code, status).await.unwrap();
    }
}

async fn fill_postgres(code: &str, status: u16) -> Checked {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Postgres, &mut dice).await;
    let ready = shop.start()?;
    shop.furnish(&ready, &mut dice).await?;
    let caller = shop.caller(&ready);
    let (id, _) = shop.create_key(&caller, "rotated").await?;
    let (_, secret) = shop.create_key(&caller, "used").await?;
    let url = url(&shop);
    on_database(
        &url,
        &format!(
            "CREATE FUNCTION no_disk() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'the disk' USING ERRCODE = '{code}'; END $$"
        ),
    )
    .await;
    for table in ["head", "organizations", "keys", "key_secrets", "kept_answers", "audit_events", "key_usage"] {
        on_database(&url, &format!("CREATE TRIGGER t BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_disk()"))
            .await;
        let (created, rotated) = change(&shop, &caller, table, &id).await;
        let is_written = |by_a_rotation: bool| match table {
            "organizations" => !by_a_rotation,
            "key_usage" => false,
            _ => true,
        };
        for (reply, by_a_rotation) in [(created, false), (rotated, true)] {
            let wanted = if is_written(by_a_rotation) { status } else { 201 };
            answered(reply, wanted, &format!("a change with {code} at {table}"))?;
        }
        answered(caller.get("/api/v1/api_keys").await, 200, "a list")?;
        // It is counted in a file, and in the database when there is room again.
        answered(caller.verify(&secret).await, 200, &format!("a verification with {code} at {table}"))?;
        let invalid = answered(caller.verify("k_live_garbage").await, 200, "a verification")?;
        ensure!(invalid.body["code"] == "API_KEY_INVALID", "{}", invalid.body);
        on_database(&url, &format!("DROP TRIGGER t ON {table}")).await;
        let (created, rotated) = change(&shop, &caller, table, &id).await;
        answered(created, 201, "a creation with room again")?;
        answered(rotated, 201, "a rotation with room again")?;
    }
    shop.check_books().await?;
    drop(ready);
    shop.close().await;
    Ok(())
}

/// A creation with a new owner and a rotation, each under an `Idempotency-Key`.
async fn change(shop: &Shop, caller: &super::calls::Caller, table: &str, id: &str) -> (Option<Reply>, Option<Reply>) {
    let mut body = shop.new_key(table);
    body["org_external_id"] = table.into();
    let created = caller.send(Method::POST, "/api/v1/api_keys", Some(&body), Some(table)).await;
    let path = format!("/api/v1/api_keys/{id}");
    (created, caller.send(Method::PUT, &path, None, Some(table)).await)
}

async fn on_database(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
