//! Verifying the audit log: whatever is done to it, the first event that does not fit is named.

use keyward_core::{Keyring, MasterSecret};
use keyward_store::audit::{Checked, Fault, Kept, Verification, VerifyError, list_events};
use keyward_store::{Actor, ActorKind, NewEvent, Origin, StoreError, Tx};

use crate::given::{keyring, later};
use crate::test_store::{TestStore, commit_event, db_execute};

conformance! {
    an_untouched_log_is_whole,
    an_empty_log_is_whole,
    any_change_of_any_column_is_found_and_the_event_named,
    a_removed_event_is_named,
    an_added_event_is_named,
    events_that_changed_places_are_named,
    a_log_that_was_written_anew_under_another_key_is_found,
    a_log_that_was_cut_back_is_found_by_a_head_that_was_kept,
    a_log_that_was_written_anew_is_found_by_a_head_that_was_kept,
    a_log_that_grows_while_it_is_read_is_whole,
    events_of_the_first_format_verify,
}

/// Events in a log of these tests.
const EVENTS: u64 = 7;

/// A log with all that there can be in one: values, an origin, two subjects in an event, and an erasure.
async fn fill(store: &TestStore) {
    for revision in 1..=EVENTS {
        let actor = Actor { kind: ActorKind::Application, id: "client".into(), name: "Deploys".into() };
        let address = Some("2001:db8::7".parse().unwrap());
        let origin = Origin { request_id: Some(format!("{revision:016x}")), address, user_agent: None };
        let change = store.change(actor, later(revision)).await.unwrap();
        let event = NewEvent::new("user.updated", format!("kp_{}", revision % 3));
        let (change, event) = match revision {
            2 | 5 => (change.asked_from(origin), event.personal("given_name", "Kim", format!("Kim {revision}"))),
            6 => (change, event.erasing("kp_2")),
            _ => (change, event.value("is_suspended", false, true)),
        };
        commit_event(change, event).await.unwrap();
    }
}

async fn fault(mut verification: Verification, tx: &mut Tx, keyring: &Keyring, batch: u32) -> Option<VerifyError> {
    loop {
        match verification.check(tx, keyring, batch).await {
            Ok(Checked::More) => {}
            Ok(Checked::Whole) => return None,
            Err(error) => return Some(error),
        }
    }
}

/// What verifying says after some statements, which are rolled back. In large batches, and where one of those cannot be
/// read, one event at a time, as the action does it.
async fn after(store: &TestStore, statements: &[String], kept: &[Kept]) -> Option<Fault> {
    for batch in [100, 1] {
        let mut tx = store.tally().await.unwrap();
        for sql in statements {
            assert!(db_execute(&mut tx, sql).await.unwrap() > 0, "{sql}");
        }
        match fault(Verification::new(kept.to_vec()), &mut tx, &keyring(), batch).await {
            None => return None,
            Some(VerifyError::Fault(fault)) => return Some(fault),
            Some(VerifyError::Store(StoreError::Corrupt(_))) if batch > 1 => {}
            Some(VerifyError::Store(error)) => panic!("{error:?}"),
        }
    }
    unreachable!("one event at a time is named or read")
}

async fn after_one(store: &TestStore, sql: &str) -> Option<Fault> {
    after(store, &[sql.to_owned()], &[]).await
}

async fn an_untouched_log_is_whole(store: &TestStore) {
    fill(store).await;
    for batch in [1, 2, 3, 100] {
        let mut verification = Verification::new([]);
        let mut tx = store.read().await.unwrap();
        while verification.check(&mut tx, &keyring(), batch).await.unwrap() == Checked::More {}
        let counted = (verification.revision(), verification.personal, verification.erased);
        // Two origins and two names, of which one name is erased twice over.
        assert_eq!(counted, (EVENTS, 4, 2), "in batches of {batch}");
    }
}

async fn an_empty_log_is_whole(store: &TestStore) {
    assert_eq!(after(store, &[], &[]).await, None);
}

/// The columns with values that they do not have; of numbers, those beside it and far from it.
const COLUMNS: [(&str, &[&str]); 14] = [
    ("revision", &["revision + 100", "-revision", "0"]),
    ("created_at", &["created_at + 1", "created_at - 1", "0", "-1"]),
    ("actor_kind", &["'setup'", "''"]),
    ("actor_id", &["'x'", "''", "actor_id || ' '"]),
    ("action", &["'x'", "''"]),
    ("target_id", &["'x'", "''"]),
    ("org_code", &["''", "'org_1'"]),
    ("details", &["'{ }'", "''", "'x'", "details || ' '"]),
    ("request_id", &["''", "'x'"]),
    ("personal", &["'[ ]'", "''", "'[[\"kp_1\",\"00\"]]'", "personal || ' '"]),
    ("erased_subject", &["''", "'kp_1'"]),
    ("format", &["1", "3", "0", "-1"]),
    ("secret_version", &["2", "0", "-1"]),
    ("link", &["x'00'", "x''"]),
];

/// A literal of bytes as the database writes it.
fn bytes(store: &TestStore, value: &str) -> String {
    match value.strip_prefix("x'") {
        Some(hex) if store.kind() == "postgres" => format!("'\\x{hex}"),
        _ => value.to_owned(),
    }
}

async fn any_change_of_any_column_is_found_and_the_event_named(store: &TestStore) {
    fill(store).await;
    let mut tried = 0;
    for revision in 1..=EVENTS {
        for (column, values) in COLUMNS {
            for value in values {
                let sql =
                    format!("UPDATE audit_events SET {column} = {} WHERE revision = {revision}", bytes(store, value));
                let found = after_one(store, &sql).await;
                let named = match found {
                    Some(Fault::Changed(at) | Fault::Missing(at)) => at,
                    Some(Fault::Unreadable(behind)) => behind + 1,
                    // The event has the number of none, and comes before all others.
                    Some(Fault::Added(0)) if column == "revision" => revision,
                    other => panic!("{other:?} after {sql}"),
                };
                // One with a negative number is met where the first one should be.
                let is_met_first = column == "revision" && *value == "-revision";
                assert_eq!(named, if is_met_first { 1 } else { revision }, "{sql}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 7 * 39);
    for (row, event) in
        [("revision = 2 AND number = 0", 2), ("revision = 2 AND number = 1", 2), ("revision = 5 AND number = 1", 5)]
    {
        for change in
            ["salt = x'00'", "content = COALESCE(content, '') || ' '", "content = ''", "subject = 'kp_9'", "number = 7"]
        {
            let sql =
                format!("UPDATE audit_personal SET {} WHERE {row}", change.replace("x'00'", &bytes(store, "x'00'")));
            let found = after_one(store, &sql).await;
            assert!(matches!(found, Some(Fault::Personal(at, _)) if at == event), "{found:?} after {sql}");
        }
        for change in ["revision = 3", "revision = 100", "revision = 0"] {
            let sql = format!("UPDATE audit_personal SET {change} WHERE {row}");
            let found = after_one(store, &sql).await;
            assert!(matches!(found, Some(Fault::Personal(..))), "{found:?} after {sql}");
        }
        let found = after_one(store, &format!("DELETE FROM audit_personal WHERE {row}")).await;
        assert_eq!(found, Some(Fault::Personal(event, "removed")));
    }
    let unsaid = "UPDATE audit_personal SET salt = NULL, content = NULL WHERE revision = 2 AND number = 1";
    let is_unsaid =
        |found: &Option<Fault>| matches!(found, Some(Fault::Personal(2, what)) if what.contains("no event"));
    let found = after_one(store, unsaid).await;
    assert!(is_unsaid(&found), "whatever is erased, an event must say so: {found:?}");
    for half in ["salt", "content"] {
        let sql = format!("UPDATE audit_personal SET {half} = NULL WHERE revision = 2 AND number = 1");
        assert_eq!(after_one(store, &sql).await, Some(Fault::Personal(2, "changed")));
    }
    for (change, found) in [
        ("revision = revision + 1", Fault::Missing(EVENTS + 1)),
        ("revision = revision - 1", Fault::Added(EVENTS)),
        ("chain = x'00'", Fault::Head(EVENTS)),
        ("revision = -1", Fault::NoHead),
    ] {
        let sql = format!("UPDATE head SET {}", change.replace("x'00'", &bytes(store, "x'00'")));
        assert_eq!(after_one(store, &sql).await, Some(found), "{change}");
    }
    assert_eq!(after_one(store, "DELETE FROM head").await, Some(Fault::NoHead));
}

async fn a_removed_event_is_named(store: &TestStore) {
    fill(store).await;
    for revision in 1..=EVENTS {
        let sql = format!("DELETE FROM audit_events WHERE revision = {revision}");
        assert_eq!(after_one(store, &sql).await, Some(Fault::Missing(revision)));
        // With all that is behind it too.
        let sql = format!("DELETE FROM audit_events WHERE revision >= {revision}");
        assert_eq!(after_one(store, &sql).await, Some(Fault::Missing(revision)));
    }
}

async fn an_added_event_is_named(store: &TestStore) {
    fill(store).await;
    let columns =
        "created_at, actor_kind, actor_id, action, target_id, details, personal, format, secret_version, link";
    for (revision, found) in [(EVENTS + 1, Fault::Changed(EVENTS + 1)), (0, Fault::Added(0))] {
        let sql = format!(
            "INSERT INTO audit_events (revision, {columns}) SELECT {revision}, {columns} FROM audit_events WHERE revision = 3"
        );
        assert_eq!(after_one(store, &sql).await, Some(found));
    }
    // One that fits, since it is the last of the log itself: the head says less.
    let sql = "UPDATE head SET revision = 6, chain = (SELECT link FROM audit_events WHERE revision = 6)";
    assert_eq!(after_one(store, sql).await, Some(Fault::Added(EVENTS)));
    let sql = "INSERT INTO audit_personal (revision, number, subject) VALUES (3, 0, 'kp_1')";
    assert_eq!(after_one(store, sql).await, Some(Fault::Personal(3, "added to")));
    let sql = "INSERT INTO audit_personal (revision, number, subject) VALUES (99, 0, 'kp_1')";
    assert!(matches!(after_one(store, sql).await, Some(Fault::Personal(99, _))));
}

async fn events_that_changed_places_are_named(store: &TestStore) {
    fill(store).await;
    for (one, other) in [(1, 2), (3, 4), (2, 7)] {
        let swap = [(one, 1_000), (other, one), (1_000, other)]
            .map(|(from, to)| format!("UPDATE audit_events SET revision = {to} WHERE revision = {from}"));
        assert_eq!(after(store, &swap, &[]).await, Some(Fault::Changed(one)));
    }
}

/// Whoever can write the database but has not the master secret computes all links anew, and the head too.
async fn a_log_that_was_written_anew_under_another_key_is_found(store: &TestStore) {
    fill(store).await;
    let master = MasterSecret::parse("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").unwrap();
    let wrong = Keyring::new((1, &master), &[]);
    let rows = list_events(&mut store.read().await.unwrap(), 0, 100).await.unwrap();
    let mut chain = vec![0; 32];
    let mut statements = Vec::new();
    for mut row in rows {
        if row.revision == 3 {
            row.actor_id = "somebody".into();
            statements.push("UPDATE audit_events SET actor_id = 'somebody' WHERE revision = 3".to_owned());
        }
        chain = wrong.audit_link(1, &chain, &row.covered()).unwrap().to_vec();
        let link = bytes(store, &format!("x'{}'", keyward_core::ids::hex(&chain)));
        statements.push(format!("UPDATE audit_events SET link = {link} WHERE revision = {}", row.revision));
        statements.push(format!("UPDATE head SET chain = {link}"));
    }
    assert_eq!(after(store, &statements, &[]).await, Some(Fault::Changed(1)));

    // Under that key it is whole: so it is the key that tells the two apart.
    let mut tx = store.tally().await.unwrap();
    for sql in &statements {
        db_execute(&mut tx, sql).await.unwrap();
    }
    assert!(fault(Verification::new([]), &mut tx, &wrong, 100).await.is_none());
}

async fn head(store: &TestStore) -> Kept {
    let row = keyward_store::head::get_head(&mut store.read().await.unwrap()).await.unwrap();
    Kept { revision: row.revision, chain: row.chain }
}

async fn a_log_that_was_cut_back_is_found_by_a_head_that_was_kept(store: &TestStore) {
    let empty = head(store).await;
    fill(store).await;
    let kept = head(store).await;
    let heads = [empty, kept];
    assert_eq!(after(store, &[], &heads).await, None, "untouched, both lie on it");
    let cut = [
        "DELETE FROM audit_personal WHERE revision > 4".to_owned(),
        "DELETE FROM audit_events WHERE revision > 4".to_owned(),
        "UPDATE head SET revision = 4, chain = (SELECT link FROM audit_events WHERE revision = 4)".to_owned(),
    ];
    // What was erased by an event that is gone has an event no more that says so; another log would have none.
    let undo = "DELETE FROM audit_personal WHERE revision = 2".to_owned();
    let plain = "UPDATE audit_events SET personal = '[]' WHERE revision = 2".to_owned();
    let found = after(store, &[&cut[..], &[undo, plain]].concat(), &[]).await;
    assert_eq!(found, Some(Fault::Changed(2)), "that cannot be hidden either");
    let all = [
        "DELETE FROM audit_personal".to_owned(),
        "DELETE FROM audit_events WHERE revision > 1".to_owned(),
        "UPDATE head SET revision = 1, chain = (SELECT link FROM audit_events WHERE revision = 1)".to_owned(),
    ];
    assert_eq!(after(store, &all, &[]).await, None, "a chain alone cannot tell");
    assert_eq!(after(store, &all, &heads).await, Some(Fault::CutOff { end: 1, kept: EVENTS }));
}

async fn a_log_that_was_written_anew_is_found_by_a_head_that_was_kept(store: &TestStore) {
    fill(store).await;
    let mut kept = head(store).await;
    kept.chain[31] ^= 1;
    assert_eq!(after(store, &[], &[kept]).await, Some(Fault::Elsewhere(EVENTS)));
    let of_none = Kept { revision: 0, chain: vec![1; 32] };
    assert_eq!(after(store, &[], &[of_none]).await, Some(Fault::Elsewhere(0)));
}

async fn a_log_that_grows_while_it_is_read_is_whole(store: &TestStore) {
    fill(store).await;
    let mut verification = Verification::new([]);
    let check = async |verification: &mut Verification| {
        verification.check(&mut store.read().await.unwrap(), &keyring(), 4).await.unwrap()
    };
    assert_eq!(check(&mut verification).await, Checked::More);
    assert_eq!(check(&mut verification).await, Checked::More);
    assert_eq!(verification.revision(), EVENTS);
    let event = NewEvent::new("user.updated", "kp_1").personal("given_name", "Kim", "Lee");
    commit_event(store.begin().await, event).await.unwrap();
    commit_event(store.begin().await, NewEvent::new("audit.erased", "kp_1").erasing("kp_1")).await.unwrap();
    while check(&mut verification).await == Checked::More {}
    assert_eq!((verification.revision(), verification.erased), (EVENTS + 2, 3));
}

/// As a store has them that was made before personal values stood beside the log.
async fn events_of_the_first_format_verify(store: &TestStore) {
    fill(store).await;
    let mut row = list_events(&mut store.read().await.unwrap(), EVENTS - 1, 1).await.unwrap().remove(0);
    row.revision = EVENTS + 1;
    row.format = 1;
    row.request_id = None;
    let covered = row.covered();
    assert_eq!(covered[..8], (EVENTS + 1).to_be_bytes(), "the first format names itself nowhere");
    let link = keyring().audit_link(1, &store.db_chain().await, &covered).unwrap();
    let link = bytes(store, &format!("x'{}'", keyward_core::ids::hex(&link)));
    let columns = "created_at, actor_kind, actor_id, action, target_id, details, secret_version";
    let add = format!(
        "INSERT INTO audit_events (revision, link, {columns}) SELECT 8, {link}, {columns} FROM audit_events WHERE revision = 7"
    );
    let statements = [add, format!("UPDATE head SET revision = 8, chain = {link}")];
    assert_eq!(after(store, &statements, &[]).await, None);
    for more in ["request_id = 'x'", "personal = '[ ]'", "erased_subject = 'x'", "format = 2", "action = 'x'"] {
        let more = format!("UPDATE audit_events SET {more} WHERE revision = 8");
        let found = after(store, &[&statements[..], std::slice::from_ref(&more)].concat(), &[]).await;
        assert_eq!(found, Some(Fault::Changed(8)), "{more}");
    }
}
