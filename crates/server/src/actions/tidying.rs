//! Tidying behind what was deleted or has run out. It changes no answer, and gives way: each call is one short
//! transaction.

use keyward_core::ApiKeyId;
use keyward_store::kept_answers::delete_expired_answers;
use keyward_store::tidying::{self, Reference};

use crate::app::App;
use crate::refusal::Refusal;

/// Rows that one transaction touches.
const BATCH: u32 = 500;

/// How far the tidying behind a deletion has come. Lost with the process, it begins again with the first key.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    of: String,
    after: Option<ApiKeyId>,
}

/// Tidies one batch of keys behind the oldest deletion of some kind; false when nothing was to be done.
pub async fn tidy_keys(app: &App, progress: &mut Progress) -> Result<bool, Refusal> {
    let mut tx = app.read().await?;
    let mut found = None;
    for reference in Reference::ALL {
        if let Some(row) = tidying::find_untidy(&mut tx, *reference).await? {
            found = Some((*reference, row));
            break;
        }
    }
    drop(tx);
    let Some((reference, row)) = found else { return Ok(false) };
    if progress.of != row.id {
        *progress = Progress { of: row.id.clone(), after: None };
    }
    let mut tx = app.tally().await?;
    let last = tidying::tidy_keys(&mut tx, reference, &row, progress.after.as_ref(), BATCH).await?;
    if last.is_none() {
        tidying::set_tidied(&mut tx, reference, &row.id, app.now()).await?;
    }
    tx.commit().await?;
    progress.after = last;
    Ok(true)
}

/// Forgets a batch of answers that were kept for repeated requests and have run out; false when there was none.
pub async fn forget_answers(app: &App) -> Result<bool, Refusal> {
    let mut tx = app.tally().await?;
    let forgotten = delete_expired_answers(&mut tx, app.now(), BATCH).await?;
    tx.commit().await?;
    Ok(forgotten > 0)
}
