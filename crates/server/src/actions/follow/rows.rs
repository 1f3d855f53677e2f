//! From rows of the store to what the engine is told. They are not one type: the engine knows no store.

use keyward_core::Owner;
use keyward_engine::facts;
use keyward_store::credits::CreditsFact;
use keyward_store::feed::{ApiFact, ApplicationFact, GrantFact, KeyFact, OwnerFact, ScopeFact, SecretFact};
use keyward_store::signing_keys::SigningKeyRow;
use keyward_store::usage::UsedRow;

use crate::actions::signing_keys::public_half;
use crate::app::App;

pub(super) fn api(fact: ApiFact, management_audience: &str) -> facts::Api {
    facts::Api {
        id: fact.id,
        is_management_api: fact.audience.is_none(),
        audience: fact.audience.unwrap_or_else(|| management_audience.to_owned()),
        is_deleted: fact.deleted_at.is_some(),
        revision: fact.revision,
    }
}

pub(super) fn scope(fact: ScopeFact) -> facts::Scope {
    facts::Scope {
        api_id: fact.api_id,
        number: fact.number,
        key: fact.key,
        is_deleted: fact.deleted_at.is_some(),
        revision: fact.revision,
    }
}

pub(super) fn credits(fact: CreditsFact) -> facts::Credits {
    facts::Credits {
        terms: fact.terms(),
        holder: fact.holder,
        generation: fact.generation,
        period: fact.period,
        left: fact.remaining,
        revision: fact.revision,
    }
}

pub(super) fn used(row: UsedRow) -> facts::UsedHour {
    facts::UsedHour { key_id: row.key_id, hour_at: row.hour_at, count: row.count, cost: row.cost }
}

pub(super) fn owner(fact: OwnerFact) -> facts::Owner {
    facts::Owner {
        id: fact.owner(),
        external_id: fact.external_id,
        is_suspended: fact.suspended_at.is_some(),
        is_deleted: fact.deleted_at.is_some(),
        rate_limits: fact.rate_limits,
        allowed_scopes: fact.allowed_scopes,
        revision: fact.revision,
    }
}

pub(super) fn application(fact: ApplicationFact) -> facts::Application {
    let organization = fact.org_code.zip(fact.org_revision).map(|(code, revision)| facts::Owner {
        id: Owner::Organization(code),
        external_id: fact.org_external_id,
        is_suspended: fact.org_suspended_at.is_some(),
        is_deleted: fact.org_deleted_at.is_some(),
        rate_limits: fact.org_rate_limits.unwrap_or_default(),
        allowed_scopes: fact.org_allowed_scopes,
        revision,
    });
    facts::Application {
        id: fact.client_id,
        name: fact.name,
        organization,
        bound: fact.bound_api_ids,
        is_enabled: fact.disabled_at.is_none(),
        is_deleted: fact.deleted_at.is_some(),
        revision: fact.revision,
    }
}

pub(super) fn grant(fact: GrantFact) -> facts::Grant {
    facts::Grant { client_id: fact.client_id, api_id: fact.api_id, scopes: fact.scopes, revision: fact.revision }
}

pub(super) fn signing_key(app: &App, row: SigningKeyRow) -> facts::SigningKey {
    // One that is retired has no private half any more that its public half could be believed by.
    let is_retired = row.retired_at.is_some_and(|end| end <= app.now());
    let public = public_half(app, &row).inspect_err(|refusal| {
        if !is_retired {
            let error = refusal.cause.as_deref().map(tracing::field::display);
            tracing::error!(error, kid = row.kid, "a signing key is not believed to be ours");
        }
    });
    let public = public.ok().map(|jwk| facts::PublicKey { n: jwk.n, e: jwk.e });
    facts::SigningKey { kid: row.kid, public, retired_at: row.retired_at, revision: row.revision }
}

pub(super) fn secret(fact: SecretFact) -> facts::Secret {
    facts::Secret { selector: fact.selector, mac: fact.mac, version: fact.secret_version, expires_at: fact.expires_at }
}

pub(super) fn key(fact: KeyFact, secrets: Vec<facts::Secret>) -> facts::Key {
    let owned_by = fact.owner();
    let owner = fact.owner_revision.map(|revision| facts::Owner {
        id: owned_by,
        external_id: fact.owner_external_id,
        is_suspended: fact.owner_suspended_at.is_some(),
        is_deleted: fact.owner_deleted_at.is_some(),
        rate_limits: fact.owner_rate_limits.unwrap_or_default(),
        allowed_scopes: fact.owner_allowed_scopes,
        revision,
    });
    facts::Key {
        id: fact.id,
        api_id: fact.api_id,
        owner,
        name: fact.name,
        scopes: fact.scopes,
        allowed_cidrs: fact.allowed_cidrs,
        rate_limits: fact.rate_limits,
        metadata: fact.metadata,
        bound: fact.bound_api_ids,
        is_enabled: fact.is_enabled,
        is_revoked: fact.revoked_at.is_some(),
        created_at: fact.created_at,
        expires_at: fact.expires_at,
        verification_count: fact.verification_count,
        last_verified_at: fact.last_verified_at,
        revision: fact.revision,
        secrets,
    }
}
