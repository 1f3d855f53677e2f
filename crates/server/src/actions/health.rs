//! Whether this node can do its work.

use keyward_store::head;

use crate::actions::follow;
use crate::app::App;
use crate::refusal::Refusal;

/// Whether the store answers, and this node may answer from memory.
pub async fn check_ready(app: &App) -> Result<(), Refusal> {
    let mut tx = app.read().await?;
    head::get_revision(&mut tx).await?;
    drop(tx);
    follow::answer(app, |_| ()).await?;
    Ok(())
}
