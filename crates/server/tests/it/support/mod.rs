//! An app to test, and actors who call it.

mod actor;
pub(crate) mod canary;
mod database;
mod log;
mod reply;
mod rows;
pub(crate) mod tokens;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_core::{SALT_BYTES, Timestamp};
use keyward_server::actions::bootstrap;
use keyward_server::actions::first_run::create_first_application;
use keyward_server::actions::follow;
use keyward_server::actions::signing_keys::import_first_signing_key;
use keyward_server::actions::usage;
use keyward_server::caller::Caller;
use keyward_server::{App, Clock, DataFolder, Entropy, Settings, Sources, routes};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) use actor::{Actor, with};
use canary::{Asked, Hit, Place, Watch, leaks};
pub(crate) use database::TestDatabase;
pub(crate) use reply::Reply;
pub(crate) use rows::Rows;

/// Where every test begins.
pub(crate) const START: &str = "2026-11-22T12:00:00Z";

/// Where in the stream of random words a test begins to draw, whatever the ids of a new store's scopes took of it: so one
/// more scope moves no id.
const WORDS_OF_TESTS: u64 = 110;
const WORDS_OF_SALTS: u64 = 1 << 33;

/// The master secret of every test: base64 of 32 bytes.
pub(crate) const MASTER_SECRET: &str = "a2V5d2FyZC10ZXN0LW1hc3Rlci1zZWNyZXQtMDAwMDE=";

/// The key that tokens of every test are signed with; it is used nowhere else.
pub(crate) const SIGNING_KEY: &str = include_str!("signing-key.pem");

/// An app with a store of its own, a clock that stands still, and seeded randomness.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) database: TestDatabase,
    router: Router,
    clock: Arc<AtomicI64>,
    pub(crate) watch: Watch,
    /// Whether what leaked is told when this is dropped: not where a test has asked for it.
    is_watched: bool,
    folder: TempDir,
}

impl TestApp {
    /// An app on an empty store, known to the world as `https://keys.example.com`.
    pub(crate) async fn start() -> Self {
        Self::start_with("public_url = 'https://keys.example.com'").await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(settings: &str) -> Self {
        log::capture();
        let folder = tempfile::tempdir().unwrap();
        let database = TestDatabase::create(folder.path()).await;
        let settings = Settings::load(Sources {
            file: Some(("test".into(), settings.to_owned())),
            environment: vec![("KEYWARD_SECRET".into(), MASTER_SECRET.into())],
            command_line: vec![("data", folder.path().display().to_string()), ("database", database.url().to_owned())],
        });
        let settings = settings.unwrap();
        let held = DataFolder::hold(&settings.data).unwrap();
        let start: Timestamp = START.parse().unwrap();
        let clock = Arc::new(AtomicI64::new(start.as_micros()));
        let told = Arc::clone(&clock);
        let now = Clock::new(move || Timestamp::from_micros(told.load(Ordering::SeqCst)));
        let words = Arc::new(AtomicU64::new(0));
        let app = App::open(settings, held, now, seeded(&words)).await.unwrap();
        bootstrap::ensure_management_api(&app).await.unwrap();
        import_first_signing_key(&app, &signing_key()).await.unwrap();
        bootstrap::begin_verifying(&app).await.unwrap();
        words.store(WORDS_OF_TESTS, Ordering::SeqCst);
        let router = routes::router(&app);
        Self { app, database, router, clock, watch: Watch::default(), is_watched: true, folder }
    }

    /// Another node beside this one, which has read everything just now.
    pub(crate) async fn beside(&self) -> App {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::load(Sources {
            file: Some(("test".into(), "public_url = 'https://keys.example.com'".into())),
            environment: vec![("KEYWARD_SECRET".into(), MASTER_SECRET.into())],
            command_line: vec![
                ("data", folder.path().display().to_string()),
                ("database", self.database.url().to_owned()),
            ],
        });
        let settings = settings.unwrap();
        let held = DataFolder::hold(&settings.data).unwrap();
        let told = Arc::clone(&self.clock);
        let now = Clock::new(move || Timestamp::from_micros(told.load(Ordering::SeqCst)));
        let app = App::attach(settings, held, now, seeded(&Arc::default())).await.unwrap();
        follow::begin(&app).await.unwrap();
        app
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, span: Duration) {
        let micros = i64::try_from(span.as_micros()).unwrap();
        self.clock.fetch_add(micros, Ordering::SeqCst);
    }

    /// Goes round the app: an `UPDATE` on the database itself, as another node would make it, and has the app hear of it.
    pub(crate) async fn db_change(&self, update: &str) {
        let revision = self.database.db_change(update).await;
        // What cannot be applied is the test's to see.
        let _ = follow::catch_up(&self.app, revision).await;
    }

    /// Has what verifications came to counted in the store, as the job does each second.
    pub(crate) async fn fold(&self) {
        usage::fold(&self.app).await.unwrap();
    }

    /// What the page for Prometheus says of a series.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let page = self.app.metrics.page(&self.app).unwrap();
        let found = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("{series} is not on {page}")).parse().unwrap()
    }

    /// How many changes there were.
    pub(crate) async fn revision(&self) -> i64 {
        self.database.db_number("SELECT revision FROM head").await
    }

    /// The folder with everything that the app keeps.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The first application, which may do everything.
    pub(crate) async fn admin(&self) -> Actor<'_> {
        let first = create_first_application(&self.app, &Caller::command_line()).await.unwrap();
        self.remember(first.client_secret.expose());
        self.sign_in(first.client_id.as_str(), first.client_secret.expose()).await
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> Actor<'_> {
        Actor::new(self, None)
    }

    /// Whoever presents this bearer token.
    pub(crate) fn bearer(&self, token: &str) -> Actor<'_> {
        Actor::new(self, Some(token.to_owned()))
    }

    /// An application with a fresh token for the management API.
    pub(crate) async fn sign_in(&self, client_id: &str, client_secret: &str) -> Actor<'_> {
        let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}");
        let reply = self.anonymous().form("/oauth2/token", &form).await;
        let token = reply.body["access_token"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        self.bearer(&token)
    }

    /// Sends a request through the whole router.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        // As the job does each quarter of a second: the clock may have been moved beyond the lease. Where that fails, the
        // request finds out by itself.
        if follow::require_lease(&self.app).is_err() {
            let _ = follow::renew(&self.app).await;
        }
        let asked = Asked::of(&request);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let reply = Reply::read(response).await;
        reply.tells_nothing_of_the_house();
        self.watch.answered(asked, &reply);
        reply
    }

    /// Everything that was logged so far, at every level.
    pub(crate) fn logged(&self) -> String {
        log::captured()
    }

    /// Counts a secret among those that must stand nowhere.
    pub(crate) fn remember(&self, secret: &str) {
        self.watch.remember(secret);
    }

    /// Every secret that was shown or presented so far.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.watch.secrets()
    }

    /// Adds what does not come by [`Self::send`] to what is searched for secrets at the end.
    pub(crate) fn search_in(&self, name: &'static str, bytes: impl Into<Vec<u8>>) {
        self.watch.search_in(Place::Other(name), bytes.into());
    }

    /// Ends the app, and tells what leaked in place of failing.
    pub(crate) fn into_leaks(mut self) -> Vec<Hit> {
        self.is_watched = false;
        leaks(&self)
    }
}

/// The end of every test: no secret stands where it was not shown.
impl Drop for TestApp {
    fn drop(&mut self) {
        // A test that fails already is told by its own failure.
        if self.is_watched && !std::thread::panicking() {
            let leaks = leaks(self);
            assert!(leaks.is_empty(), "a secret stands where it was not shown: {leaks:?}");
        }
    }
}

/// A generator that draws the same bytes in each run (splitmix64), from a word of its stream on. Salts have a stream of
/// their own, so that what the audit log says moves no id.
fn seeded(words: &Arc<AtomicU64>) -> Entropy {
    let (words, salts) = (Arc::clone(words), AtomicU64::new(WORDS_OF_SALTS));
    Entropy::new(move |bytes| {
        let next = if bytes.len() == SALT_BYTES { &salts } else { &*words };
        for chunk in bytes.chunks_mut(8) {
            let mut word = (next.fetch_add(1, Ordering::SeqCst) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_be_bytes()[..chunk.len()]);
        }
    })
}

/// The private key as PKCS #8, DER.
pub(crate) fn signing_key() -> Vec<u8> {
    der(SIGNING_KEY)
}

/// What stands in a PEM.
fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

/// Hours, for `advance`.
pub(crate) const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}
