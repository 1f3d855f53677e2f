//! `keyward audit`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use keyward_core::Timestamp;
use keyward_core::ids::hex;
use keyward_server::actions::audit::{
    self, HeadRow, Kept, Verified, erase_subject, get_head, list_events_above, verify_events,
};
use keyward_server::caller::Caller;
use keyward_server::routes::audit_events::wire_event;
use keyward_server::{App, Clock, Entropy, FolderError, StartError};
use serde::{Deserialize, Serialize};

use crate::options::{AuditCommand, Place, settings};
use crate::{Failure, logging, output};

/// A head as it is printed, to be kept elsewhere.
#[derive(Serialize)]
struct PrintedHead {
    revision: u64,
    chain: String,
    read_on: Timestamp,
}

/// What of a line that was kept makes it a head. A line of the server's log has other members too.
#[derive(Deserialize)]
struct KeptHead {
    revision: u64,
    chain: String,
}

/// Verifies the audit log, prints its head or all of it, or erases what is personal in it.
pub(crate) async fn audit(wanted: AuditCommand) -> Result<(), Failure> {
    match wanted {
        AuditCommand::Verify { place, against } => {
            let kept = against.as_deref().map(read_heads).transpose()?.unwrap_or_default();
            let app = open(place).await?;
            let verified = verify_events(&app, kept).await;
            app.close().await;
            output::result(&tell(&verified?))?;
        }
        AuditCommand::Head(place) => {
            let app = open(place).await?;
            let (head, read_on) = (get_head(&app).await, app.now());
            app.close().await;
            let HeadRow { revision, chain } = head?;
            output::result(&serde_json::to_string(&PrintedHead { revision, chain: hex(&chain), read_on })?)?;
        }
        AuditCommand::Export(place) => {
            let app = open(place).await?;
            let exported = export(&app).await;
            app.close().await;
            exported?;
        }
        AuditCommand::Erase { place, subject } => {
            let app = open(place).await?;
            let erased = erase_subject(&app, &Caller::command_line(), &subject).await;
            app.close().await;
            output::result(&match erased? {
                0 => "Nothing personal is kept about this subject.".to_owned(),
                1 => "Erased 1 row of personal values.".to_owned(),
                count => format!("Erased {count} rows of personal values."),
            })?;
        }
    }
    Ok(())
}

async fn open(place: Place) -> Result<App, Failure> {
    let settings = settings(place, None)?;
    logging::start(&settings.plain);
    let app = audit::attach(settings, Clock::system(), Entropy::system()).await;
    app.map_err(|error| match error {
        StartError::Folder(FolderError::Held { .. }) => {
            format!("{error}; an SQLite database is one process's: stop the server first").into()
        }
        other => other.into(),
    })
}

async fn export(app: &App) -> Result<(), Failure> {
    let mut above = 0;
    loop {
        let events = list_events_above(app, above).await?;
        let Some(last) = events.last() else { return Ok(()) };
        above = last.event.revision;
        for event in events {
            output::result(&serde_json::to_string(&wire_event(event))?)?;
        }
    }
}

fn tell(verified: &Verified) -> String {
    let Verified { events, personal, erased, heads } = *verified;
    let heads = if heads == 0 { String::new() } else { format!("; kept heads found on it: {heads}") };
    format!(
        "The audit log is whole: {events} events, {personal} rows of personal values, {erased} of them erased{heads}."
    )
}

/// The heads in a file of JSON lines: printed by `keyward audit head`, or the log of the server with its other lines.
fn read_heads(path: &Path) -> Result<Vec<Kept>, Failure> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut heads = Vec::new();
    for (at, line) in (1..).zip(BufReader::new(File::open(path).map_err(failed)?).lines()) {
        let Ok(head) = serde_json::from_str::<KeptHead>(&line.map_err(failed)?) else { continue };
        let chain = unhex(&head.chain).ok_or_else(|| format!("{}, line {at}: this is no chain", path.display()))?;
        heads.push(Kept { revision: head.revision, chain });
    }
    if heads.is_empty() {
        return Err(format!("no head stands in {}", path.display()).into());
    }
    Ok(heads)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    digits.filter(|d| d.len() == 64).map(|d| d.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
