//! The log, verified beside the server.

use std::time::Duration;

use keyward_core::PlainSecret;
use keyward_server::actions::audit::{Kept, attach, erase_subject, get_head, verify_events};
use keyward_server::caller::Caller;
use keyward_server::{App, Clock, DataFolder, Entropy, FolderError, StartError, jobs};
use serde_json::json;

use crate::support::{MASTER_SECRET, TestApp, TestDatabase};

async fn said(app: &TestApp) -> String {
    match verify_events(&app.app, Vec::new()).await {
        Ok(verified) => format!("{} events", verified.events),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_log_as_the_server_writes_it_is_whole_and_one_that_was_edited_is_not() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.makes_user("Kim").await;
    let org = admin.makes_organization("Acme").await;
    admin.patch(&format!("/api/v1/organization/{org}"), json!({ "name": "Renamed" })).await;
    let revision = app.revision().await;
    assert_eq!(said(&app).await, format!("{revision} events"));
    let head = get_head(&app.app).await.unwrap();
    let kept = Kept { revision: head.revision, chain: head.chain };
    assert_eq!(verify_events(&app.app, vec![kept.clone(), kept]).await.unwrap().heads, 2);

    app.database.db_run("UPDATE audit_events SET created_at = -created_at WHERE revision = 4").await;
    assert_eq!(said(&app).await, "the event after event 3 cannot be read: it was changed");
    app.database.db_run("UPDATE audit_events SET created_at = -created_at WHERE revision = 4").await;
    assert_eq!(said(&app).await, format!("{revision} events"));
    app.database.db_run("UPDATE audit_events SET actor_id = 'somebody' WHERE revision = 2").await;
    assert_eq!(said(&app).await, "event 2 was changed, or put in the place of another: its link does not fit");
    app.database.db_run("DELETE FROM audit_events WHERE revision = 2").await;
    assert_eq!(said(&app).await, "event 2 is missing");
}

#[tokio::test]
async fn more_events_than_a_batch_has_are_read_to_the_last() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for number in 0..520 {
        admin.makes_role(&format!("role-{number}"), json!({})).await;
    }
    assert_eq!(said(&app).await, format!("{} events", app.revision().await));
    app.database.db_run("UPDATE audit_personal SET content = content || ' ' WHERE revision = 518").await;
    assert_eq!(said(&app).await, "event 518: the personal values beside it were changed");
}

/// As the commands do it. On PostgreSQL the server runs on; an SQLite database is one process's.
#[tokio::test]
async fn a_command_beside_the_server_verifies_and_erases_where_the_database_is_postgresql() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = admin.makes_user("Kim").await;
    let beside = attach(app.app.settings.clone(), Clock::system(), Entropy::system()).await;
    let TestDatabase::Postgres(_) = &app.database else {
        assert!(matches!(beside, Err(StartError::Folder(FolderError::Held { .. }))), "{beside:?}");
        return;
    };
    let beside = beside.unwrap();
    let events = u64::try_from(app.revision().await).unwrap();
    assert_eq!(verify_events(&beside, Vec::new()).await.unwrap().events, events);
    assert_eq!(erase_subject(&beside, &Caller::command_line(), &user).await.unwrap(), 1);
    admin.makes_user("Lee").await;
    let verified = verify_events(&beside, Vec::new()).await.unwrap();
    assert_eq!((verified.events, verified.erased), (events + 2, 1), "the server goes on");
    beside.close().await;
}

#[tokio::test]
async fn whoever_comes_beside_with_another_master_secret_is_refused_and_registers_none() {
    let app = TestApp::start().await;
    app.app.close().await;
    let before = app.revision().await;
    let mut settings = app.app.settings.clone();
    let other = "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3Q=";
    for list in [other.to_owned(), format!("{other},{MASTER_SECRET}")] {
        settings.secret = Some(PlainSecret::new(list));
        let folder = DataFolder::beside(&settings.data);
        let refused = App::attach(settings.clone(), folder, Clock::system(), Entropy::system()).await;
        assert!(matches!(refused, Err(StartError::Secrets(_))), "{refused:?}");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn while_the_store_is_gone_nothing_is_said_of_the_log() {
    let app = TestApp::start().await;
    app.app.close().await;
    assert_eq!(said(&app).await, "the database does not answer as it should");
}

#[tokio::test]
async fn the_head_is_told_to_the_log_of_the_process_again_and_again() {
    let app = TestApp::start().await;
    let rest = Duration::from_millis(1);
    let told = || app.logged().matches("the head of the audit log").count();
    let until = async {
        while told() < 3 {
            tokio::task::yield_now().await;
        }
    };
    jobs::anchor(app.app.clone(), rest, until).await;
    let head = get_head(&app.app).await.unwrap();
    let line = format!("revision={} chain=\"{}\"", head.revision, keyward_core::ids::hex(&head.chain));
    assert!(app.logged().contains(&line), "{line}");
}
