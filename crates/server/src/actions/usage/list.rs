//! How keys were used, by the hour or the day.

use std::collections::BTreeMap;

use keyward_core::{ApiId, ApiKeyId, OrgCode, OutcomeCode, Timestamp, UserId};
use keyward_store::usage::{UsageFilter, UsageRow, list_usage};
use keyward_store::{Tx, keys};
use keyward_wire::ErrorCode;
use keyward_wire::usage::{KeyUsageQuery, MAX_DAYS, MAX_HOURS, UsageInterval, UsagePeriod, UsageQuery};
use keyward_wire::verify::VerifyCode;

use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Microseconds of an hour, and of a day.
const HOUR: i64 = 60 * 60 * 1_000_000;
const DAY: i64 = 24 * HOUR;

/// How a key was used. It need not be there any more for anybody, but for the caller.
pub async fn get_key_usage(
    app: &App,
    caller: &Caller,
    id: &str,
    query: &KeyUsageQuery,
) -> Result<Vec<UsagePeriod>, Refusal> {
    let filter = read_time(app, query)?;
    let mut tx = app.read().await?;
    let found = match ApiKeyId::parse(id) {
        Some(id) => keys::find_key(&mut tx, &caller.org_scope, &id).await?,
        None => None,
    };
    let row = found.ok_or_else(|| Refusal::new(ErrorCode::KeyNotFound))?;
    list(&mut tx, caller, &UsageFilter { key_id: Some(&row.id), ..filter }).await
}

/// How the keys were used that the caller sees.
pub async fn get_usage(app: &App, caller: &Caller, query: &UsageQuery) -> Result<Vec<UsagePeriod>, Refusal> {
    let UsageQuery { interval, since, until, .. } = query.clone();
    let filter = read_time(app, &KeyUsageQuery { interval, since, until })?;
    // Nothing has an id that none can have.
    let Some(api_id) = named(&query.api_id, ApiId::parse) else { return Ok(Vec::new()) };
    let Some(org_code) = named(&query.org_code, OrgCode::parse) else { return Ok(Vec::new()) };
    let Some(user_id) = named(&query.user_id, UserId::parse) else { return Ok(Vec::new()) };
    let filter =
        UsageFilter { api_id: api_id.as_ref(), org_code: org_code.as_ref(), user_id: user_id.as_ref(), ..filter };
    list(&mut app.read().await?, caller, &filter).await
}

/// None if an id is named that none can have; within, none if none is named.
fn named<T>(text: &Option<String>, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => parse(text).map(Some),
    }
}

fn read_time(app: &App, query: &KeyUsageQuery) -> Result<UsageFilter<'static>, Refusal> {
    let (interval, usual, most, rule) = match query.interval.unwrap_or_default() {
        UsageInterval::Hour => (HOUR, 24, MAX_HOURS, "must be at most 744 hours before `until`"),
        UsageInterval::Day => (DAY, 30, MAX_DAYS, "must be at most 400 days before `until`"),
    };
    let until = query.until.unwrap_or_else(|| app.now()).as_micros();
    let since = query.since.map_or_else(|| until.saturating_sub(usual * interval), Timestamp::as_micros);
    if since > until {
        return Err(Refusal::field("since", "must not be after `until`"));
    }
    let begin = since.div_euclid(interval).saturating_mul(interval);
    let end = until.div_euclid(interval).saturating_add(1).saturating_mul(interval);
    if end.saturating_sub(begin) / interval > i64::from(most) {
        return Err(Refusal::field("since", rule));
    }
    Ok(UsageFilter {
        since: Timestamp::from_micros(begin),
        until: Timestamp::from_micros(end),
        interval,
        key_id: None,
        api_id: None,
        org_code: None,
        user_id: None,
    })
}

async fn list(tx: &mut Tx, caller: &Caller, filter: &UsageFilter<'_>) -> Result<Vec<UsagePeriod>, Refusal> {
    let rows = list_usage(tx, &caller.org_scope, filter).await?;
    let mut periods: BTreeMap<Timestamp, UsagePeriod> = BTreeMap::new();
    for UsageRow { begins_at, outcome, count, cost } in rows {
        let code = u8::try_from(outcome).ok().and_then(OutcomeCode::from_number);
        let code = code.ok_or_else(|| Refusal::caused_by(ErrorCode::Internal, "an outcome that nobody knows"))?;
        let period = periods.entry(begins_at).or_insert_with(|| UsagePeriod {
            starts_on: begins_at,
            count: 0,
            cost: 0,
            outcomes: BTreeMap::new(),
        });
        period.count = period.count.saturating_add(count);
        period.cost = period.cost.saturating_add(cost);
        period.outcomes.insert(code_of(code), count);
    }
    Ok(periods.into_values().collect())
}

/// The code that such a verification was answered with.
const fn code_of(outcome: OutcomeCode) -> VerifyCode {
    match outcome {
        OutcomeCode::Verified => VerifyCode::Verified,
        OutcomeCode::WrongApi => VerifyCode::WrongApi,
        OutcomeCode::Revoked => VerifyCode::Revoked,
        OutcomeCode::Disabled => VerifyCode::Disabled,
        OutcomeCode::OwnerSuspended => VerifyCode::OwnerSuspended,
        OutcomeCode::Expired => VerifyCode::Expired,
        OutcomeCode::IpNotAllowed => VerifyCode::IpNotAllowed,
        OutcomeCode::InsufficientScope => VerifyCode::InsufficientScope,
        OutcomeCode::RateLimited => VerifyCode::RateLimited,
        OutcomeCode::CreditsExhausted => VerifyCode::CreditsExhausted,
    }
}
