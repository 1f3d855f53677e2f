//! Organizations: owners of keys.

use keyward_core::bounds::fold;
use keyward_core::{Balance, OrgCode, OrgScope, PlanId, RateLimit, Timestamp};

use crate::change::Change;
use crate::credits::balance_of;
use crate::db::{execute, fetch_all, fetch_optional};
use crate::row::{hit_one, row, to_json};
use crate::{Revision, StoreError, Tx};

row! {
    /// An organization as it is stored.
    pub struct OrganizationRow {
        /// The organization's code.
        pub code: OrgCode,
        /// The platform's own id of it.
        pub external_id: Option<String>,
        /// What people call it.
        pub name: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// Since when it is suspended.
        pub suspended_at: Option<Timestamp>,
        /// Its plan.
        pub plan_id: Option<PlanId>,
        /// The limits of rate of its own; none beside a plan.
        pub rate_limits: Vec<RateLimit>,
        /// The credits that all its keys share, if it has any.
        pub credits: Option<Balance>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

/// An organization to store.
#[derive(Clone, Debug)]
pub struct NewOrganization<'a> {
    /// The organization's code.
    pub code: &'a OrgCode,
    /// The platform's own id of it.
    pub external_id: Option<&'a str>,
    /// What people call it.
    pub name: &'a str,
    /// Its plan.
    pub plan_id: Option<&'a PlanId>,
    /// The limits of rate of its own; none beside a plan.
    pub rate_limits: &'a [RateLimit],
}

/// An order of organizations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT code, external_id, name, created_at, suspended_at, plan_id, rate_limits, revision, ",
            balance_of!("code"),
            " FROM organizations \
             WHERE deleted_at IS NULL AND ($1 IS NULL OR code = $1) AND ",
            $rest
        )
    };
}

/// An organization by its code.
pub async fn find_organization(
    tx: &mut Tx,
    scope: &OrgScope,
    code: &OrgCode,
) -> Result<Option<OrganizationRow>, StoreError> {
    let within = scope.org_code().map(OrgCode::as_str);
    Ok(fetch_optional!(tx, select!("code = $2"), within, code.as_str())?)
}

/// An organization by the platform's own id of it.
pub async fn find_organization_by_external_id(
    tx: &mut Tx,
    scope: &OrgScope,
    external_id: &str,
) -> Result<Option<OrganizationRow>, StoreError> {
    let within = scope.org_code().map(OrgCode::as_str);
    Ok(fetch_optional!(tx, select!("external_id = $2"), within, external_id)?)
}

/// A page of organizations: those behind one of them, which may have been deleted since. Who is kept to one organization
/// finds nothing behind any: where the name of another stands in the order is not to be told.
pub async fn list_organizations(
    tx: &mut Tx,
    scope: &OrgScope,
    external_id: Option<&str>,
    (sort, after, limit): (OrganizationSort, Option<&str>, u32),
) -> Result<Vec<OrganizationRow>, StoreError> {
    let sql = match sort {
        OrganizationSort::NameAsc => select!(
            "($2 IS NULL OR external_id = $2) AND ($3 IS NULL OR (name_folded, code) > \
             (SELECT name_folded, code FROM organizations WHERE code = $3 AND $1 IS NULL)) \
             ORDER BY name_folded, code LIMIT $4"
        ),
        OrganizationSort::NameDesc => select!(
            "($2 IS NULL OR external_id = $2) AND ($3 IS NULL OR (name_folded, code) < \
             (SELECT name_folded, code FROM organizations WHERE code = $3 AND $1 IS NULL)) \
             ORDER BY name_folded DESC, code DESC LIMIT $4"
        ),
    };
    let within = scope.org_code().map(OrgCode::as_str);
    Ok(fetch_all!(tx, sql, within, external_id, after, i64::from(limit))?)
}

/// Stores an organization.
pub async fn insert_organization(change: &mut Change, new: &NewOrganization<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO organizations (code, external_id, name, name_folded, plan_id, rate_limits, \
         created_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let (plan_id, limits) = (new.plan_id.map(PlanId::as_str), to_json(&new.rate_limits));
    let code = new.code.as_str();
    execute!(change, SQL, code, new.external_id, new.name, fold(new.name), plan_id, limits, now, stamp)?;
    Ok(())
}

/// Writes an organization that was found back: its name, its external id, suspended or not, its plan, its limits.
pub async fn update_organization(change: &mut Change, organization: &OrganizationRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE organizations SET name = $2, name_folded = $3, external_id = $4, suspended_at = $5, \
         plan_id = $6, rate_limits = $7, revision = $8 WHERE code = $1 AND deleted_at IS NULL";
    let stamp = change.stamp();
    let updated = execute!(
        change,
        SQL,
        organization.code.as_str(),
        organization.name.as_str(),
        fold(&organization.name),
        organization.external_id.as_deref(),
        organization.suspended_at.map(Timestamp::as_micros),
        organization.plan_id.as_ref().map(PlanId::as_str),
        to_json(&organization.rate_limits),
        stamp
    )?;
    hit_one("organizations", updated)
}

/// Deletes an organization that was found: this one row, through which its keys, its members and its applications end.
pub async fn delete_organization(change: &mut Change, organization: &OrganizationRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE organizations SET deleted_at = $2, revision = $3 WHERE code = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("organizations", execute!(change, SQL, organization.code.as_str(), now, stamp)?)
}
