//! What every door receives: the store, the keys, the clock, and what was told at the start.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use keyward_core::{ClientId, Fill, Keyring, Salts, Timestamp};
use keyward_engine::{Engine, Follower, Tick};
use keyward_store::{Change, Database, NewEvent, OpenError, Revision, Store, StoreError, Tx};
use tokio::sync::Mutex;

use crate::actions::callers::SignedTokens;
use crate::actions::follow::{self, RoundFailure};
use crate::actions::master_secrets;
use crate::caller::Caller;
use crate::counting::{Counting, describe};
use crate::first_run::FirstRun;
use crate::folder::{DataFolder, FolderError};
use crate::inputs::{Clock, Entropy};
use crate::issuer::Issuer;
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use crate::refusal_log::RefusalLog;
use crate::secrets::{self, SecretsError};
use crate::settings::Settings;
use crate::throttle::{Throttle, Throttled};
use crate::traces::{self, TraceError, Traces};

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
    /// What is counted for whoever watches.
    pub metrics: Metrics,
    /// What verifications are answered from.
    pub engine: Arc<Engine>,
    /// The tokens of callers whose signatures were checked.
    pub(crate) signed_tokens: SignedTokens,
    follower: OnceLock<Mutex<Follower>>,
    counting: OnceLock<Counting>,
    traces: OnceLock<Traces>,
    store: Store,
    throttle: Throttle,
    clock: Clock,
    entropy: Arc<Entropy>,
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
    /// Where traces are to go.
    #[error(transparent)]
    Trace(#[from] TraceError),
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
        Ok(Self::on(store, keyring, settings, folder, clock, entropy))
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
        Ok(Self::on(store, keyring, settings, folder, clock, entropy))
    }

    fn on(
        store: Store,
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
        let inner = Inner {
            settings,
            issuer,
            keyring,
            folder,
            first_run,
            refusal_log,
            metrics: Metrics::default(),
            engine,
            signed_tokens: SignedTokens::default(),
            follower: OnceLock::new(),
            counting: OnceLock::new(),
            traces: OnceLock::new(),
            store,
            throttle,
            clock,
            entropy: Arc::new(entropy),
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

    /// The one that keeps the engine true; none where nothing is verified, as in a command.
    pub(crate) fn follower(&self) -> Option<&Mutex<Follower>> {
        self.follower.get()
    }

    /// Has the engine kept true from now on. The first one stays.
    pub(crate) fn follow_with(&self, follower: Follower) {
        let _ = self.follower.set(Mutex::new(follower));
    }

    /// What counts verifications; none where nothing is verified, as in a command.
    pub(crate) fn counting(&self) -> Option<&Counting> {
        self.counting.get()
    }

    /// Has verifications counted from now on. The first one stays.
    pub(crate) fn count_with(&self, counting: Counting) {
        let _ = self.counting.set(counting);
    }

    /// What traces requests; none where the settings do not say where to, and in a command.
    pub fn traces(&self) -> Option<&Traces> {
        self.traces.get()
    }

    /// Has requests traced from now on, if the settings say where to.
    pub(crate) fn trace(&self) -> Result<(), TraceError> {
        if let Some(settings) = &self.settings.traces {
            // The first one stays, and a node begins once.
            let _ = self.traces.set(Traces::begin(settings, Arc::clone(&self.entropy))?);
        }
        Ok(())
    }

    /// Why verifications are not counted; none while they are.
    pub fn counting_trouble(&self) -> Option<&'static str> {
        self.counting().and_then(|counting| counting.journal.trouble()).map(describe)
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
        let revision = traces::over(self, "commit", change.commit(&self.keyring, event, &salts)).await?;
        traces::over(self, "put in force", follow::put_in_force(self, revision)).await;
        Ok(revision)
    }

    /// Ends a change that found its effect there already, and answers when what it found is in force on this node.
    pub async fn leave(&self, change: Change, made_by: Revision) -> Revision {
        // Whoever waits for the head is not to wait for this.
        drop(change);
        follow::put_in_force(self, made_by).await;
        made_by
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

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
