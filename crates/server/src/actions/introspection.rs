//! What a key or a token is worth: RFC 7662.

use keyward_core::{KeySecret, OrgScope, Outcome, PlainSecret, Presented};
use keyward_engine::Wanted;
use keyward_store::{grants, scopes};
use keyward_wire::oauth::Claims;

use crate::actions::callers::{self, Unfound};
use crate::actions::verify::{self, Asked, Place, Spending, VerifiedKey};
use crate::actions::{follow, tokens};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Something that is worth what it says.
#[derive(Debug)]
pub enum Active {
    /// An API key.
    Key(Box<VerifiedKey>),
    /// An M2M token, with the scopes that its application still has.
    Token(Box<Claims>),
}

/// What is asked about.
#[derive(Debug)]
pub struct IntrospectAsk<'a> {
    /// The secret of a key, or a token.
    pub token: &'a PlainSecret,
    /// The address that it came from, where the one who asks knows it.
    pub ip: Option<&'a str>,
    /// The host that the request was sent to.
    pub request_host: Option<&'a str>,
}

/// Looks at a key as a verification does, and at an M2M token as the management API does, for whatever API it was issued.
/// None stands for all that is worth nothing to the caller: unknown, ended, or somebody else's. Nothing is counted.
pub async fn introspect(app: &App, caller: &Caller, ask: &IntrospectAsk<'_>) -> Result<Option<Active>, Refusal> {
    let ip = ask.ip.map(|text| verify::read_ip(text, Place::Body)).transpose()?;
    let asked = Asked {
        secret: KeySecret::parse(ask.token.expose()),
        wanted: Wanted { bound: caller.bound.as_deref(), ..Wanted::default() },
        presented: Presented { ip, ..Presented::default() },
        spending: Spending::Nothing,
    };
    let judged = verify::judge_key(app, caller, &asked).await?;
    if let (Outcome::Verified, Some(key)) = (judged.outcome, judged.key) {
        return Ok(Some(Active::Key(Box::new(key))));
    }
    Ok(introspect_token(app, caller, ask).await?.map(|claims| Active::Token(Box::new(claims))))
}

async fn introspect_token(app: &App, caller: &Caller, ask: &IntrospectAsk<'_>) -> Result<Option<Claims>, Refusal> {
    let signed = match callers::read_signed(app, ask.token).await {
        Ok(signed) => signed,
        Err(Unfound::Forged) => return Ok(None),
        Err(Unfound::Refused(refusal)) => return Err(refusal),
    };
    let counts = follow::answer(app, |index| {
        callers::counts(app, index, &signed) && callers::look_up_bearer(index, &signed, |_| ()).is_some()
    });
    let (counts, _) = counts.await?;
    let mut claims = signed.claims.clone();
    let is_seen = match &caller.org_scope {
        OrgScope::All => true,
        OrgScope::One(code) => claims.org_code.as_ref() == Some(code),
    };
    let Some(audience) = claims.aud.first().filter(|_| counts && is_seen) else { return Ok(None) };
    let mut tx = app.read().await?;
    let Some(api) = tokens::find_api(app, &mut tx, audience, ask.request_host).await? else { return Ok(None) };
    if caller.bound.as_ref().is_some_and(|bound| !bound.contains(&api.id)) {
        return Ok(None);
    }
    let Some(grant) = grants::find_grant(&mut tx, &claims.azp, &api.id).await? else { return Ok(None) };
    let rows = scopes::list_scopes(&mut tx, &api.id).await?;
    let has = |key: &String| rows.iter().any(|row| row.key.as_str() == key && grant.scopes.contains(row.number));
    claims.scp.retain(has);
    claims.scope = claims.scp.join(" ");
    Ok(Some(claims))
}
