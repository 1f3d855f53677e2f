//! Random requests of an organization's application over every operation, with names of its own, of others and of nobody
//! in every place. Whatever they come to, no row of anybody else differs afterwards, and no answer holds a name of
//! anybody else.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::places::{Kind, Operation, Part, Place, operations};
use super::requests::request;
use super::world::{Names, World, of_nobody};
use crate::support::{Actor, Reply, Rows, TestApp};

/// How many runs of a property; the runner sets it for all of them.
const CASES: &str = "PROPTEST_CASES";
/// Where the random numbers begin, to see a failure again.
const SEED: &str = "TENANTS_SEED";
/// Requests of a run, after which the rows are compared.
const REQUESTS: usize = 40;

/// Where an organization's application writes, through its keys. Every other table stays as it is, whole.
const WRITTEN: &[&str] = &["audit_events", "audit_personal", "kept_answers", "key_secrets", "key_usage", "keys"];
/// The order of changes, which every change moves on.
const HEAD: &str = "head";

#[tokio::test]
async fn nothing_that_an_organization_does_changes_or_shows_what_is_not_its_own() {
    let app = TestApp::start().await;
    let world = World::make(&app).await;
    let seed = Player::seed();
    let mut player = Player::new(&world, world.own.application.clone(), seed);
    let mut before = app.database.db_rows().await;
    for _ in 0..cases() {
        player.play(&app, REQUESTS).await;
        let after = app.database.db_rows().await;
        player.faults.extend(differences(&world, &before, &after));
        assert!(player.faults.is_empty(), "{SEED}={seed}: {:#?}", player.faults);
        before = after;
    }
    // Whoever is refused everything harms nobody, and shows nothing.
    let open = player.succeeded();
    assert!(open.contains("POST /api/v1/api_keys") && open.len() >= 10, "{SEED}={seed}: {open:?}");
}

/// The control: the same requests by an application that is not kept to an organization.
#[tokio::test]
async fn an_application_that_sees_everything_is_caught_at_it() {
    let app = TestApp::start().await;
    let world = World::make(&app).await;
    let mut player = Player::new(&world, world.admin.clone(), 1);
    // A rotation at once would end its own token too.
    player.leave_out("/api/v1/signing_keys");
    let before = app.database.db_rows().await;
    let mut untouched = BTreeSet::from(["apis", "applications", "keys", "organizations", "users"]);
    for _ in 0..20 {
        player.play(&app, 100).await;
        let changed = differences(&world, &before, &app.database.db_rows().await);
        untouched.retain(|table| !changed.iter().any(|fault| fault.starts_with(table)));
        if untouched.is_empty() && !player.faults.is_empty() {
            return;
        }
    }
    panic!("{} answers showed something, and no change was seen of {untouched:?}", player.faults.len());
}

/// Sends random requests, and looks at the answers.
pub(super) struct Player<'a> {
    world: &'a World<'a>,
    caller: Actor<'a>,
    operations: Vec<Operation>,
    random: Random,
    own: Names,
    marks: Vec<String>,
    /// Each operation with each status that it has answered.
    answered: BTreeSet<(String, u16)>,
    /// What the platform keeps to itself, asked for less often than the rest.
    closed: BTreeSet<String>,
    faults: Vec<String>,
}

impl<'a> Player<'a> {
    pub(super) fn new(world: &'a World<'a>, caller: Actor<'a>, seed: u64) -> Self {
        let (own, marks) = (world.own.names.clone(), world.marks());
        let (answered, closed, faults) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        Self { world, caller, operations: operations(), random: Random(seed), own, marks, answered, closed, faults }
    }

    /// Where the random numbers of a run begin.
    pub(super) fn seed() -> u64 {
        setting(SEED).unwrap_or_else(|| u64::from(std::process::id()) << 20)
    }

    /// Asks nothing of this path.
    pub(super) fn leave_out(&mut self, path: &str) {
        self.operations.retain(|operation| operation.path != path);
    }

    /// The operations that succeeded once.
    pub(super) fn succeeded(&self) -> BTreeSet<String> {
        self.answered.iter().filter(|(_, status)| *status < 300).map(|(name, _)| name.clone()).collect()
    }

    pub(super) async fn play(&mut self, app: &TestApp, requests: usize) {
        for _ in 0..requests {
            let operation = self.operation();
            let values = self.values(&operation);
            let request = request(&self.caller, &operation, &values);
            let asked = format!("{} {}", request.method(), request.uri());
            let reply = app.send(request).await;
            for mark in self.marks.iter().filter(|mark| holds(&reply, mark)) {
                self.faults.push(format!("{asked} {values:?} was answered with {mark}: {reply}"));
            }
            if reply.error() == "PLATFORM_ONLY" && operation.name() != "POST /api/v1/api_keys" {
                self.closed.insert(operation.name());
            }
            self.answered.insert((operation.name(), reply.status));
            if let (201, Some(id)) = (reply.status, reply.body.pointer("/api_key/id").and_then(Value::as_str)) {
                self.own.get_mut(&Kind::Key).unwrap().push(id.to_owned());
                self.own.get_mut(&Kind::KeySecret).unwrap().push(reply.text("/api_key/key"));
            }
        }
    }

    fn operation(&mut self) -> Operation {
        loop {
            let operation = self.random.one_of(&self.operations).clone();
            if !self.closed.contains(&operation.name()) || self.random.below(8) == 0 {
                return operation;
            }
        }
    }

    /// Values for the places that need one, and for some of the others.
    fn values<'o>(&mut self, operation: &'o Operation) -> Vec<(&'o Place, Value)> {
        let often = *self.random.one_of(&[2, 4, 16]);
        let mut values = Vec::new();
        for place in &operation.places {
            let is_wanted = place.is_required || place.part == Part::Path || place.name == "org_code";
            if is_wanted || self.random.below(often) == 0 {
                values.push((place, self.value(place)));
            }
        }
        values
    }

    fn value(&mut self, place: &Place) -> Value {
        if place.kind == Kind::Plain {
            return self.random.one_of(&[place.example.clone(), place.example.clone(), json!(2), json!("")]).clone();
        }
        let others = [&self.world.other.names, &self.world.platform];
        // What was asked for stands in the answer, so the scopes that are asked for are one's own; and whoever has the
        // secret of an application is that application.
        let is_own = [Kind::ScopeKey, Kind::ApplicationSecret].contains(&place.kind);
        let whose = if is_own { 0 } else { self.random.below(6) };
        let names = match whose {
            0..3 => &self.own,
            whose => others[whose % 2],
        };
        let Some(names) = names.get(&place.kind) else { return json!("nobody") };
        let name = self.random.one_of(names).clone();
        json!(if whose == 5 { of_nobody(place.kind, &name) } else { name })
    }
}

/// Whether an answer shows a name, in its body, in a header or within a cursor.
fn holds(reply: &Reply, mark: &str) -> bool {
    let token = reply.body["next_token"].as_str().and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
    let headers = reply.headers.values().map(|value| value.as_bytes().to_vec());
    let texts = headers.chain(token).chain([reply.bytes.clone()]);
    texts.into_iter().any(|text| String::from_utf8_lossy(&text).to_lowercase().contains(&mark.to_lowercase()))
}

/// What differs among the rows that are not the organization's own.
fn differences(world: &World<'_>, before: &Rows, after: &Rows) -> Vec<String> {
    let mut own = vec![world.own.org.clone(), world.own.client_id.clone()];
    let keys = after["keys"].iter().filter(|row| row.contains(&world.own.org));
    own.extend(keys.map(|row| row[row.find("api_key_").unwrap()..][..40].to_owned()));
    let own: BTreeSet<&str> = own.iter().map(String::as_str).collect();
    let is_own = |row: &&String| row.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| own.contains(word));
    let mut faults = Vec::new();
    for table in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let is_written = WRITTEN.contains(&table.as_str());
        let of_others = |rows: &Rows| -> BTreeSet<String> {
            let rows = rows.get(table).into_iter().flatten();
            rows.filter(|row| !is_written || !is_own(row)).cloned().collect()
        };
        let (before, after) = (of_others(before), of_others(after));
        if table != HEAD {
            faults.extend(before.symmetric_difference(&after).map(|row| format!("{table}: {row}")));
        }
    }
    faults
}

/// How many runs there are to be.
pub(super) fn cases() -> u64 {
    setting(CASES).unwrap_or(256)
}

#[expect(clippy::disallowed_methods, reason = "the runner says how many cases, and a developer which")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        usize::try_from(word % end as u64).unwrap()
    }

    fn one_of<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}
