use std::time::Duration;

use keyward_core::Timestamp;
use keyward_store::usage::forget_hours;

use crate::app::App;
use crate::refusal::Refusal;

/// Rows that are forgotten at a time.
const BATCH: u32 = 500;

/// Forgets a batch of what is counted by the hour and older than the settings keep it; false when there was none.
pub async fn forget_usage(app: &App) -> Result<bool, Refusal> {
    let kept = Duration::from_secs(u64::from(app.settings.plain.usage_kept_days) * 24 * 60 * 60);
    let micros = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let before = Timestamp::from_micros(app.now().as_micros().saturating_sub(micros));
    let mut tx = app.tally().await?;
    let forgotten = forget_hours(&mut tx, before, BATCH).await?;
    tx.commit().await?;
    Ok(forgotten > 0)
}
