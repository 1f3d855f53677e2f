//! Plans: what owners are allowed, by a name.

use keyward_core::bounds::fold;
use keyward_core::{AllowedScopes, GrantedCredits, PlanId, RateLimit};

use crate::change::Change;
use crate::db::{execute, fetch_all, fetch_one, fetch_optional};
use crate::row::{CountRow, hit_one, row, to_json};
use crate::{Revision, StoreError, Tx};

row! {
    /// A plan as it is stored.
    pub struct PlanRow {
        /// The plan's id.
        pub id: PlanId,
        /// What people call it.
        pub name: String,
        /// The limits of rate that all keys of one of its owners share.
        pub rate_limits: Vec<RateLimit>,
        /// The scopes that keys of its owners may carry; none for any.
        pub allowed_scopes: Option<AllowedScopes>,
        /// The credits that each of its owners begins with.
        pub credits: Option<GrantedCredits>,
        /// The revision of its last change.
        pub revision: Revision,
    }
}

/// A plan to store.
#[derive(Clone, Debug)]
pub struct NewPlan<'a> {
    /// The plan's id.
    pub id: &'a PlanId,
    /// What people call it.
    pub name: &'a str,
    /// The limits of rate that all keys of one of its owners share.
    pub rate_limits: &'a [RateLimit],
    /// The scopes that keys of its owners may carry; none for any.
    pub allowed_scopes: Option<&'a AllowedScopes>,
    /// The credits that each of its owners begins with.
    pub credits: Option<&'a GrantedCredits>,
}

/// An order of plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanSort {
    /// By name, from A to Z.
    NameAsc,
    /// By name, from Z to A.
    NameDesc,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, rate_limits, allowed_scopes, credits, revision FROM plans WHERE deleted_at IS NULL ",
            $rest
        )
    };
}

/// A plan by its id.
pub async fn find_plan(tx: &mut Tx, id: &PlanId) -> Result<Option<PlanRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND id = $1"), id.as_str())?)
}

/// A plan by its name, in capital letters or small ones.
pub async fn find_plan_by_name(tx: &mut Tx, name: &str) -> Result<Option<PlanRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("AND name_folded = $1"), fold(name))?)
}

/// A page of plans: those behind one of them, which may have been deleted since.
pub async fn list_plans(
    tx: &mut Tx,
    sort: PlanSort,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<PlanRow>, StoreError> {
    let sql = match sort {
        PlanSort::NameAsc => select!(
            "AND ($1 IS NULL OR (name_folded, id) > (SELECT name_folded, id FROM plans WHERE id = $1)) \
             ORDER BY name_folded, id LIMIT $2"
        ),
        PlanSort::NameDesc => select!(
            "AND ($1 IS NULL OR (name_folded, id) < (SELECT name_folded, id FROM plans WHERE id = $1)) \
             ORDER BY name_folded DESC, id DESC LIMIT $2"
        ),
    };
    Ok(fetch_all!(tx, sql, after, i64::from(limit))?)
}

/// How many owners have a plan, of those that were not deleted.
pub async fn count_owners(tx: &mut Tx, id: &PlanId) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT (SELECT COUNT(*) FROM organizations WHERE plan_id = $1 AND deleted_at IS NULL) \
         + (SELECT COUNT(*) FROM users WHERE plan_id = $1 AND deleted_at IS NULL) AS count";
    let row: CountRow = fetch_one!(tx, SQL, id.as_str())?;
    Ok(row.count)
}

/// Stores a plan.
pub async fn insert_plan(change: &mut Change, new: &NewPlan<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO plans (id, name, name_folded, rate_limits, allowed_scopes, credits, created_at, \
         revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let (limits, scopes) = (to_json(&new.rate_limits), new.allowed_scopes.map(to_json));
    let (name, credits) = (fold(new.name), new.credits.map(to_json));
    execute!(change, SQL, new.id.as_str(), new.name, name, limits, scopes, credits, now, stamp)?;
    Ok(())
}

/// Writes a plan that was found back, with whatever of it is new. What it allows is in force with [`stamp_owners`].
pub async fn update_plan(change: &mut Change, plan: &PlanRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE plans SET name = $2, name_folded = $3, rate_limits = $4, allowed_scopes = $5, \
         credits = $6, revision = $7 WHERE id = $1 AND deleted_at IS NULL";
    let stamp = change.stamp();
    let (limits, scopes) = (to_json(&plan.rate_limits), plan.allowed_scopes.as_ref().map(to_json));
    let (name, credits) = (plan.name.as_str(), plan.credits.as_ref().map(to_json));
    hit_one("plans", execute!(change, SQL, plan.id.as_str(), name, fold(name), limits, scopes, credits, stamp)?)
}

/// Gives every owner that has a plan the revision of this change, so that the feed tells them with what the plan allows.
pub async fn stamp_owners(change: &mut Change, id: &PlanId) -> Result<(), StoreError> {
    let stamp = change.stamp();
    execute!(change, "UPDATE organizations SET revision = $2 WHERE plan_id = $1", id.as_str(), stamp)?;
    execute!(change, "UPDATE users SET revision = $2 WHERE plan_id = $1", id.as_str(), stamp)?;
    Ok(())
}

/// Deletes a plan that was found.
pub async fn delete_plan(change: &mut Change, plan: &PlanRow) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE plans SET deleted_at = $2, revision = $3 WHERE id = $1 AND deleted_at IS NULL";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    hit_one("plans", execute!(change, SQL, plan.id.as_str(), now, stamp)?)
}
