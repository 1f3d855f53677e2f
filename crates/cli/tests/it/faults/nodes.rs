//! Two nodes on one PostgreSQL: each hears of what was changed on the other, and goes on when the other one is gone.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::calls::{Caller, answered};
use super::shop::{Kind, Shop};
use super::{Checked, dice, ensure, tell};
use crate::support::Place;

/// Rounds are a quarter of a second apart. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a node answers from memory after it last began to read the head.
const LEASE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_node_follows_the_first_on_postgres() {
    follow().await.unwrap();
}

async fn follow() -> Checked {
    let mut dice = dice();
    let mut shop = Shop::found(Kind::Postgres, &mut dice).await;
    let first = shop.start()?;
    shop.furnish(&first, &mut dice).await?;
    let before = shop.create_key(&shop.caller(&first), "before").await?;
    let place = Place::new();
    let second = shop.start_another(&place)?;
    let (here, there) = (shop.caller(&first), shop.caller(&second));
    ensure!(code(&there, &before.1).await? == "API_KEY_VERIFIED", "it has started without the keys that there were");

    // A key that is made on one is good on the other, and a revoke takes it away there.
    let (id, secret) = shop.create_key(&here, "made").await?;
    let heard = until(&there, &secret, &["API_KEY_INVALID"], "API_KEY_VERIFIED").await?;
    tell(&format!("a new key was good on the other node after {heard:?}"));
    let path = format!("/api/v1/api_keys/{id}");
    answered(here.send(Method::DELETE, &path, None, None).await, 200, "a revoke")?;
    let heard = until(&there, &secret, &["API_KEY_VERIFIED"], "API_KEY_REVOKED").await?;
    ensure!(heard < LEASE + Duration::from_millis(500), "a revoked key was good on the other node for {heard:?}");
    tell(&format!("a revoke was heard of after {heard:?}"));

    // And the other way round, by what the key refers to.
    let organization = answered(there.get("/api/v1/organizations").await, 200, "a list")?;
    let path = format!("/api/v1/organization/{}", organization.text("/organizations/0/code")?);
    let suspended = json!({ "is_suspended": true });
    answered(there.send(Method::PATCH, &path, Some(&suspended), None).await, 200, "a suspension")?;
    until(&here, &before.1, &["API_KEY_VERIFIED"], "API_KEY_OWNER_SUSPENDED").await?;

    // Who calls is known there too, with the token of the other node.
    let (client_id, client_secret) = shop.credentials();
    let issued = answered(there.ask_token(client_id, client_secret).await, 200, "a token")?;
    let with_another = Caller::at(&first.address, &issued.text("/access_token")?);
    ensure!(code(&with_another, &before.1).await? == "API_KEY_OWNER_SUSPENDED", "it knows something else");

    // One dies. The other one verifies, and changes.
    first.process.signal("KILL");
    first.process.wait();
    let restored = json!({ "is_suspended": false });
    answered(there.send(Method::PATCH, &path, Some(&restored), None).await, 200, "a change by the one that is left")?;
    ensure!(code(&there, &before.1).await? == "API_KEY_VERIFIED", "it does not go on");
    drop(second);
    shop.check_books().await?;
    shop.close().await;
    Ok(())
}

/// Asks until a code comes, after none but the ones that may come before: how long that took. Then it stays.
async fn until(caller: &Caller, secret: &str, before: &[&str], wanted: &str) -> Checked<Duration> {
    let begun = Instant::now();
    loop {
        let told = code(caller, secret).await?;
        let took = begun.elapsed();
        if told == wanted {
            for _ in 0..20 {
                let again = code(caller, secret).await?;
                ensure!(again == wanted, "{again} after {wanted}");
            }
            return Ok(took);
        }
        ensure!(before.contains(&&*told), "{told} where {wanted} should come");
        ensure!(took < PATIENCE, "{told} for {took:?} where {wanted} should have come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn code(caller: &Caller, secret: &str) -> Checked<String> {
    answered(caller.verify(secret).await, 200, "a verification")?.text("/code")
}
