//! What every door receives: the store, the keys, the clock, and what was told at the start.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use keyward_core::{ClientId, Fill, Keyring, Salts, Timestamp};
use keyward_engine::{Engine, Follower, Tenure, Tick};
use keyward_store::{Change, Database, NewEvent, OpenError, Revision, Store, StoreError, Tx};

use crate::actions::follow::{self, RoundFailure};
use crate::actions::master_secrets;
use crate::caller::Caller;
use crate::first_run::FirstRun;
use crate::folder::{DataFolder, FolderError};
use crate::inputs::{Clock, Entropy};
use crate::issuer::Issuer;
use crate::refusal::Refusal;
use crate::refusal_log::RefusalLog;
use crate::secrets::{self, SecretsError};
use crate::settings::Settings;
use crate::throttle::{Throttle, Throttled};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

/// How long a node on PostgreSQL may answer from memory after it last began to read the head.
const LEASE: Duration = Duration::from_secs(2);

/// The one thing that doors receive. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// What an [`App`] holds.
#[derive(Debug)]
pub struct Inner {
    /// The settings.
    pub settings: Settings,
    /// Who issues tokens.
    pub issuer: Issuer,
    /// What is derived from the master secrets.
    pub keyring: Keyring,
    /// The data folder, held while this lives.
    pub folder: DataFolder,
    /// How the first credentials are handed over.
    pub first_run: FirstRun,
    /// What was refused and is not stored yet.
    pub refusal_log: RefusalLog,
    /// What verifications are answered from.
    pub engine: Arc<Engine>,
    follower: Option<Mutex<Follower>>,
    store: Store,
    throttle: Throttle,
    clock: Clock,
    entropy: Entropy,
}

/// Why Keyward cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The master secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// What every store needs could not be made.
    #[error(transparent)]
    Bootstrap(#[from] Refusal),
    /// What verifications are answered from could not be read.
    #[error("the keys could not be read")]
    Follow(#[from] RoundFailure),
    /// A file in the data folder.
    #[error("a file in the data folder cannot be used")]
    Io(#[from] std::io::Error),
}

impl App {
    /// Opens the store and unlocks it.
    pub async fn open(
        settings: Settings,
        mut folder: DataFolder,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, StartError> {
        if let Database::Sqlite(path) = &settings.database {
            folder.hold_database(path)?;
        }
        let masters = secrets::load(&settings, &folder, &entropy)?;
        let store = Store::open(&settings.database).await?;
        let salts = Salts::generate(&mut |bytes| entropy.fill(bytes));
        let keyring = master_secrets::unlock(&store, &masters, &clock, &salts).await?;
        secrets::settle(&folder)?;
        let tenure = if store.kind() == "sqlite" { Tenure::Alone } else { Tenure::Among(LEASE) };
        let app = Self::on(store, Some(tenure), keyring, settings, folder, clock, entropy);
        follow::renew(&app).await?;
        Ok(app)
    }

    /// Opens a store that is there, for a command that comes beside a server: nothing is made, migrated or registered.
    pub async fn attach(
        settings: Settings,
        folder: DataFolder,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, StartError> {
        let masters = secrets::load(&settings, &folder, &entropy)?;
        let store = Store::attach(&settings.database).await?;
        let keyring = master_secrets::recognise(&store, &masters).await?;
        Ok(Self::on(store, None, keyring, settings, folder, clock, entropy))
    }

    fn on(
        store: Store,
        tenure: Option<Tenure>,
        keyring: Keyring,
        settings: Settings,
        folder: DataFolder,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let issuer = Issuer::new(settings.public_url.as_ref(), settings.tls.is_some(), settings.listen.port());
        let (first_run, refusal_log) = (FirstRun::default(), RefusalLog::default());
        let throttle = Throttle::new(&settings.throttle);
        let engine = Arc::<Engine>::default();
        let follower = tenure.map(|tenure| Mutex::new(Follower::new(Arc::clone(&engine), tenure)));
        let inner = Inner {
            settings,
            issuer,
            keyring,
            folder,
            first_run,
            refusal_log,
            engine,
            follower,
            store,
            throttle,
            clock,
            entropy,
        };
        Self(Arc::new(inner))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The instant now, of a clock that never goes back.
    pub fn tick(&self) -> Tick {
        self.clock.tick()
    }

    /// The one that keeps the engine true; none beside a server.
    pub(crate) fn follower(&self) -> Option<&Mutex<Follower>> {
        self.follower.as_ref()
    }

    /// Makes something random, such as an id, at this time.
    pub fn make<T>(&self, make: impl FnOnce(Fill<'_>, Timestamp) -> T) -> T {
        make(&mut |bytes| self.entropy.fill(bytes), self.now())
    }

    /// Begins a transaction that only reads.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.store.read().await
    }

    /// Begins a transaction that counts.
    pub async fn tally(&self) -> Result<Tx, StoreError> {
        self.store.tally().await
    }

    /// Begins a change.
    pub async fn change(&self, caller: &Caller) -> Result<Change, StoreError> {
        Ok(self.store.change(caller.actor.clone(), self.now()).await?.asked_from(caller.origin.clone()))
    }

    /// Commits a change with its audit event, and answers when it is in force on this node.
    pub async fn commit(&self, change: Change, event: NewEvent) -> Result<Revision, StoreError> {
        let salts = self.make(|fill, _| Salts::generate(fill));
        let revision = change.revision();
        // Whether it was committed may remain unknown, and whoever waits for it may go away: it is applied all the same.
        let mut owed = Owed { app: self.clone(), revision, is_paid: false };
        let committed = change.commit(&self.keyring, event, &salts).await;
        if committed.is_ok() {
            follow::put_in_force(self, revision).await;
            owed.is_paid = true;
        }
        committed
    }

    /// Counts a credential that turned out wrong: whether it is to be told to slow down.
    pub fn count_failure(&self, from: IpAddr, client: Option<&ClientId>) -> Result<(), Throttled> {
        self.throttle.count_failure(from, client, &self.clock)
    }

    /// Counts a token for a client that has shown its secret: whether it is to be told to slow down.
    pub fn count_token(&self, client: &ClientId) -> Result<(), Throttled> {
        self.throttle.count_token(client, &self.clock)
    }

    /// Which database holds the store: `sqlite` or `postgres`.
    pub fn database_kind(&self) -> &'static str {
        self.store.kind()
    }

    /// Ends the connections to the database.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// A change that may have been committed and is not applied yet.
struct Owed {
    app: App,
    revision: Revision,
    is_paid: bool,
}

impl Drop for Owed {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else { return };
        if !self.is_paid {
            let (app, revision) = (self.app.clone(), self.revision);
            runtime.spawn(async move {
                if let Err(error) = follow::catch_up(&app, revision).await {
                    tracing::error!(%error, revision, "a change that may have been committed could not be looked for");
                }
            });
        }
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
