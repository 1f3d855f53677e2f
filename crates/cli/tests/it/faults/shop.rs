//! A shop that uses Keyward: its server, which is started again and again, and the accounts that hold keys of it.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use keyward_core::MasterSecret;
use keyward_store::Database;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::account::Account;
use super::books::Books;
use super::calls::Caller;
use super::dice::Dice;
use super::held_key::Since;
use super::postgres::Server;
use super::{Checked, binary, ensure};
use crate::support::{Place, Running, text};

/// How many accounts make changes at the same time.
const ACCOUNTS: usize = 6;
/// How long a start may take, however it was ended before. A crashed store has a log of at most a few megabytes to read.
const STARTS_WITHIN: Duration = Duration::from_secs(10);
/// The master secret where one must be given: base64 of 32 bytes.
const MASTER_SECRET: &str = "Y3Jhc2ggY3Jhc2ggY3Jhc2ggY3Jhc2ggY3Jhc2ggY3I=";

/// Which database the shop has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A shop with one store.
pub(crate) struct Shop {
    pub(crate) place: Place,
    postgres: Option<Server>,
    /// What the server finds in its environment beside its settings.
    pub(crate) environment: Vec<(&'static str, String)>,
    program: std::path::PathBuf,
    credentials: Option<(String, String)>,
    api_id: String,
    pub(crate) accounts: Vec<Account>,
    books: Books,
    /// How many answers there were.
    pub(crate) answers: Arc<AtomicU64>,
    pub(crate) slowest_start: Duration,
}

/// A server that is ready.
pub(crate) struct Ready {
    pub(crate) process: Running,
    pub(crate) address: String,
}

impl Shop {
    /// A shop whose server has not been started yet.
    pub(crate) async fn found(kind: Kind, dice: &mut Dice) -> Self {
        let postgres = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Server::create(dice).await),
        };
        Self {
            place: Place::new(),
            postgres,
            environment: Vec::new(),
            program: binary(),
            credentials: None,
            api_id: String::new(),
            accounts: Vec::new(),
            books: Books::default(),
            answers: Arc::default(),
            slowest_start: Duration::ZERO,
        }
    }

    /// The same with a binary that can be told to make a mistake.
    pub(crate) fn mistaken(mut self, mistake: &str) -> Self {
        self.program = crate::support::KEYWARD.into();
        self.environment.push(("TEST_FAULTS", mistake.to_owned()));
        self
    }

    pub(crate) fn command(&self) -> Command {
        self.command_in(&self.place)
    }

    fn command_in(&self, place: &Place) -> Command {
        let arguments = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];
        let mut command = place.command(&self.program, &arguments);
        // Tokens are to outlive the process, whatever its port.
        command.env("KEYWARD_PUBLIC_URL", "http://keys.example.com");
        if let Some(server) = &self.postgres {
            command.env("KEYWARD_DATABASE", &server.url).env("KEYWARD_SECRET", MASTER_SECRET);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the server, which must be ready soon.
    pub(crate) fn start(&mut self) -> Checked<Ready> {
        let (process, address) = self.launch()?;
        let address = address.ok_or_else(|| format!("the server does not start: {}", process.stderr()))?;
        Ok(Ready { process, address })
    }

    /// Starts one more server on the same database, in a place of its own.
    pub(crate) fn start_another(&self, place: &Place) -> Checked<Ready> {
        let mut process = Running::start(&mut self.command_in(place));
        let address = process.address_if_ready();
        let address = address.ok_or_else(|| format!("the other server does not start: {}", process.stderr()))?;
        Ok(Ready { process, address })
    }

    /// Starts the server, which may end before it is ready: then it has no address.
    pub(crate) fn launch(&mut self) -> Checked<(Running, Option<String>)> {
        let begun = Instant::now();
        let mut process = Running::start(&mut self.command());
        let address = process.address_if_ready();
        if address.is_some() {
            self.slowest_start = self.slowest_start.max(begun.elapsed());
            ensure!(begun.elapsed() < STARTS_WITHIN, "the start took {:?}", begun.elapsed());
        }
        Ok((process, address))
    }

    /// Registers the API and opens the accounts, if that has not been done. The first credentials are taken from their
    /// file, as an operator would.
    pub(crate) async fn furnish(&mut self, ready: &Ready, dice: &mut Dice) -> Checked {
        if !self.accounts.is_empty() {
            return Ok(());
        }
        if self.credentials.is_none() {
            let file = std::fs::read_to_string(self.place.data().join("first-run.json"));
            let file = file.map_err(|error| format!("the first credentials: {error}"))?;
            let first: Value = serde_json::from_str(&file).map_err(|error| format!("first-run.json: {error}"))?;
            self.credentials = Some((text(&first, "client_id").to_owned(), text(&first, "client_secret").to_owned()));
        }
        let (id, secret) = self.credentials.clone().unwrap();
        let Some(reply) = Caller::at(&ready.address, "").ask_token(&id, &secret).await else { return Ok(()) };
        ensure!(reply.status == 200, "the first credentials are worth nothing: {}", reply.body);
        let caller = Caller::at(&ready.address, &reply.text("/access_token")?);
        let body = json!({ "name": "Orders", "audience": format!("https://{:x}.example.com", dice.throw()) });
        let Some(api) = caller.post("/api/v1/apis", &body).await else { return Ok(()) };
        self.api_id = api.text("/api/id")?;
        let path = format!("/api/v1/apis/{}/scopes", self.api_id);
        let Some(reply) = caller.post(&path, &json!({ "key": "read:orders" })).await else { return Ok(()) };
        reply.text("/scope/id")?;
        self.accounts = (0..ACCOUNTS)
            .map(|at| {
                let credentials = (id.clone(), secret.clone());
                Account::new(format!("account-{at}"), &self.api_id, credentials, &caller.token, dice.another())
            })
            .collect();
        Ok(())
    }

    /// Lets every account work until the server answers no more.
    pub(crate) async fn open(&mut self, ready: &Ready) -> Checked {
        let caller = Caller::at(&ready.address, "");
        let accounts = std::mem::take(&mut self.accounts).into_iter().map(|mut account| {
            let (caller, answers) = (caller.clone(), Arc::clone(&self.answers));
            tokio::spawn(async move {
                let done = account.work(caller, &answers).await;
                (account, done)
            })
        });
        let mut outcome = Ok(());
        for working in accounts.collect::<Vec<_>>() {
            let (account, done) = working.await.unwrap();
            self.accounts.push(account);
            outcome = outcome.and(done);
        }
        outcome
    }

    /// Holds the server to its answers, and the store to its own rules.
    pub(crate) async fn check(&mut self, ready: &Ready) -> Checked {
        let caller = Caller::at(&ready.address, "");
        for account in &mut self.accounts {
            account.check(caller.clone()).await?;
        }
        self.check_books().await
    }

    /// The same for all that there ever was.
    pub(crate) async fn check_all(&mut self, ready: &Ready) -> Checked {
        let caller = Caller::at(&ready.address, "");
        for account in &mut self.accounts {
            account.check_all(caller.clone()).await?;
        }
        self.check_books().await
    }

    pub(crate) async fn check_books(&mut self) -> Checked {
        let (database, master) = (self.database(), self.master_secret()?);
        self.books.check(&database, &master).await
    }

    /// From now on, counts may be gone at each check.
    pub(crate) fn power_was_cut(&mut self) {
        self.accounts.iter_mut().for_each(|account| account.since = Since::PowerCut);
    }

    /// Changes and tokens that were answered.
    pub(crate) fn acknowledged(&self) -> u32 {
        self.accounts.iter().map(|account| account.acknowledged).sum()
    }

    /// Somebody with a token that may do all.
    pub(crate) fn caller(&self, ready: &Ready) -> Caller {
        Caller::at(&ready.address, &self.accounts[0].token)
    }

    /// A body that creates a key.
    pub(crate) fn new_key(&self, name: &str) -> Value {
        json!({
            "name": name, "api_id": self.api_id, "scope_ids": ["read:orders"],
            "org_external_id": "other", "create_owner": true,
        })
    }

    /// Creates a key, and answers its id and its secret.
    pub(crate) async fn create_key(&self, caller: &Caller, name: &str) -> Checked<(String, String)> {
        let reply = caller.send(Method::POST, "/api/v1/api_keys", Some(&self.new_key(name)), None).await;
        let reply = super::calls::answered(reply, 201, "a creation")?;
        Ok((reply.text("/api_key/id")?, reply.text("/api_key/key")?))
    }

    /// Creates a key that has so many credits.
    pub(crate) async fn create_key_with(&self, caller: &Caller, credits: u64) -> Checked<(String, String)> {
        let mut body = self.new_key("paying");
        body["credits"] = json!({ "remaining": credits });
        let reply = caller.send(Method::POST, "/api/v1/api_keys", Some(&body), None).await;
        let reply = super::calls::answered(reply, 201, "a creation")?;
        Ok((reply.text("/api_key/id")?, reply.text("/api_key/key")?))
    }

    /// The credentials of the first application.
    pub(crate) fn credentials(&self) -> (&str, &str) {
        self.credentials.as_ref().map(|(id, secret)| (&**id, &**secret)).unwrap()
    }

    pub(crate) fn database(&self) -> Database {
        match &self.postgres {
            Some(server) => server.url.parse().unwrap(),
            None => Database::Sqlite(self.place.data().join("keyward.db")),
        }
    }

    fn master_secret(&self) -> Checked<MasterSecret> {
        let text = match &self.postgres {
            Some(_) => MASTER_SECRET.to_owned(),
            None => std::fs::read_to_string(self.place.data().join("secret.key")).map_err(|e| e.to_string())?,
        };
        MasterSecret::parse(text.trim()).ok_or_else(|| "secret.key is not one".to_owned())
    }

    /// Removes what is left.
    pub(crate) async fn close(self) {
        if let Some(server) = self.postgres {
            server.remove().await;
        }
    }
}
