//! Plans, and what the feed tells of their owners.

use keyward_core::{
    AllowedOfApi, AllowedScopes, ApiId, CreditTerms, GrantedCredits, OrgCode, OrgScope, Owner, PlanId, RateLimit,
    Refill, RefillInterval, ScopeNumbers, UserId,
};
use keyward_store::credits::{end_credits_of_plan, list_credits, set_credits_of_plan, update_terms_of_plan};
use keyward_store::feed::{list_applications, list_keys, list_owners};
use keyward_store::keys::{NewKeySecret, insert_key};
use keyward_store::organizations::{
    NewOrganization, delete_organization, find_organization, insert_organization, update_organization,
};
use keyward_store::plans::{
    NewPlan, PlanRow, PlanSort, count_owners, delete_plan, find_plan, find_plan_by_name, insert_plan, list_plans,
    stamp_owners, update_plan,
};
use keyward_store::users::{NewUser, delete_user, find_user, insert_user, update_user};

use crate::given::{self, NAME, NOW, Seed, bare_organization, later, mac, plain_key, rate_limit, unknown_user};
use crate::test_store::{TestStore, commit};

conformance! {
    a_plan_is_found_as_it_was_stored,
    a_plan_is_written_back_with_what_is_new,
    a_name_is_unique_in_any_letters_until_its_plan_is_deleted,
    a_deleted_plan_is_found_by_nothing_and_its_row_stays,
    pages_go_on_behind_a_plan_that_was_deleted_and_after_a_twin,
    an_owner_keeps_its_plan_and_counts_until_it_is_deleted,
    owners_are_told_with_the_limits_in_force_and_what_their_plan_allows,
    a_change_of_a_plan_stamps_those_who_have_it_and_nobody_else,
    credits_of_a_plan_are_set_changed_and_ended_for_those_who_have_it_and_nobody_else,
}

fn allowed(scopes: &[u32]) -> AllowedScopes {
    let api_id = ApiId::parse("a1").unwrap();
    AllowedScopes::new(vec![AllowedOfApi { api_id, scopes: scopes.to_vec().into() }])
}

/// So many credits at first, and so many each day.
fn granted(refill: u64, remaining: u64) -> GrantedCredits {
    let refill = Refill::new(refill, RefillInterval::Day).unwrap();
    GrantedCredits { terms: CreditTerms::new(Some(refill), 2).unwrap(), remaining }
}

/// Stores a plan with one limit and the scope 1 of an API.
async fn plan(store: &TestStore, seed: &mut Seed, name: &str) -> PlanId {
    let id = PlanId::generate(&mut seed.fill(), NOW);
    let (limits, scopes) = ([rate_limit("plan")], allowed(&[1]));
    let new = NewPlan { id: &id, name, rate_limits: &limits, allowed_scopes: Some(&scopes), credits: None };
    let mut change = store.begin().await;
    insert_plan(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();
    id
}

async fn find(store: &TestStore, id: &PlanId) -> Option<PlanRow> {
    find_plan(&mut store.read().await.unwrap(), id).await.unwrap()
}

async fn delete(store: &TestStore, id: &PlanId) {
    let plan = find(store, id).await.unwrap();
    let mut change = store.begin().await;
    delete_plan(&mut change, &plan).await.unwrap();
    commit(change).await.unwrap();
}

async fn list(store: &TestStore, sort: PlanSort, after: Option<&PlanId>, limit: u32) -> Vec<PlanId> {
    let mut tx = store.read().await.unwrap();
    let rows = list_plans(&mut tx, sort, after.map(PlanId::as_str), limit).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

/// Stores an organization and a user, with a plan or with a limit of their own.
async fn owners(store: &TestStore, seed: &mut Seed, plan_id: Option<&PlanId>) -> (OrgCode, UserId) {
    let (code, id) = (seed.org_code(), seed.user_id());
    let own = if plan_id.is_none() { vec![rate_limit("own")] } else { Vec::new() };
    let mut change = store.begin().await;
    let organization = NewOrganization { plan_id, rate_limits: &own, ..bare_organization(&code) };
    insert_organization(&mut change, &organization).await.unwrap();
    insert_user(&mut change, &NewUser { plan_id, rate_limits: &own, ..unknown_user(&id) }).await.unwrap();
    commit(change).await.unwrap();
    (code, id)
}

async fn a_plan_is_found_as_it_was_stored(store: &TestStore) {
    let mut seed = Seed::new(1);
    let id = plan(store, &mut seed, NAME).await;
    let by_name = find_plan_by_name(&mut store.read().await.unwrap(), &NAME.to_uppercase()).await.unwrap();
    for row in [find(store, &id).await, by_name] {
        let PlanRow { id: same, name, rate_limits, allowed_scopes, credits, revision } = row.unwrap();
        assert_eq!((same, name.as_str(), revision), (id.clone(), NAME, 1));
        assert_eq!((rate_limits, allowed_scopes, credits), (vec![rate_limit("plan")], Some(allowed(&[1])), None));
    }
    assert!(find_plan_by_name(&mut store.read().await.unwrap(), "other").await.unwrap().is_none());
    let bare = PlanId::generate(&mut seed.fill(), NOW);
    let mut change = store.begin().await;
    let new = NewPlan { id: &bare, name: "Bare", rate_limits: &[], allowed_scopes: None, credits: None };
    insert_plan(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();
    let row = find(store, &bare).await.unwrap();
    assert_eq!((row.rate_limits, row.allowed_scopes), (Vec::<RateLimit>::new(), None));
}

async fn a_plan_is_written_back_with_what_is_new(store: &TestStore) {
    let mut seed = Seed::new(1);
    let id = plan(store, &mut seed, "A").await;
    let other = plan(store, &mut seed, "B").await;
    let mut row = find(store, &id).await.unwrap();
    (row.name, row.rate_limits, row.allowed_scopes) = (NAME.into(), vec![rate_limit("more"), rate_limit("plan")], None);
    row.credits = Some(granted(50, 7));
    let mut change = store.begin().await;
    update_plan(&mut change, &row).await.unwrap();
    commit(change).await.unwrap();
    let read = find(store, &id).await.unwrap();
    assert_eq!((read.credits, find(store, &other).await.unwrap().credits), (Some(granted(50, 7)), None));
    assert_eq!((read.name.as_str(), read.rate_limits, read.allowed_scopes), (NAME, row.rate_limits, None));
    assert_eq!((read.revision, find(store, &other).await.unwrap().revision), (3, 2));
    let folded = format!("SELECT name_folded FROM plans WHERE id = '{id}'");
    assert_eq!(store.db_texts(&folded).await, ["żółć & søn 東京 🗝"]);
}

async fn a_name_is_unique_in_any_letters_until_its_plan_is_deleted(store: &TestStore) {
    let mut seed = Seed::new(1);
    let first = plan(store, &mut seed, "Pro").await;
    let other = PlanId::generate(&mut seed.fill(), NOW);
    let new = NewPlan { id: &other, name: "PRO", rate_limits: &[], allowed_scopes: None, credits: None };
    assert!(insert_plan(&mut store.begin().await, &new).await.is_err());
    delete(store, &first).await;
    assert!(insert_plan(&mut store.begin().await, &new).await.is_ok());
}

async fn a_deleted_plan_is_found_by_nothing_and_its_row_stays(store: &TestStore) {
    let id = plan(store, &mut Seed::new(1), "Pro").await;
    let row = find(store, &id).await.unwrap();
    delete(store, &id).await;
    assert!(find(store, &id).await.is_none());
    assert!(find_plan_by_name(&mut store.read().await.unwrap(), "Pro").await.unwrap().is_none());
    for sort in [PlanSort::NameAsc, PlanSort::NameDesc] {
        assert!(list(store, sort, None, 9).await.is_empty());
    }
    assert_eq!(store.db_number("SELECT revision FROM plans WHERE deleted_at IS NOT NULL").await, 2);
    assert!(update_plan(&mut store.begin().await, &row).await.is_err());
    assert!(delete_plan(&mut store.begin().await, &row).await.is_err());
}

async fn pages_go_on_behind_a_plan_that_was_deleted_and_after_a_twin(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (last, first) = (plan(store, &mut seed, "Zoë").await, plan(store, &mut seed, "alpha").await);
    // Of twins, one must have been deleted.
    let gone = plan(store, &mut seed, "Twin").await;
    delete(store, &gone).await;
    let twin = plan(store, &mut seed, "TWIN").await;
    assert_eq!(list(store, PlanSort::NameAsc, None, 2).await, [first.clone(), twin.clone()]);
    assert_eq!(list(store, PlanSort::NameAsc, Some(&twin), 9).await, std::slice::from_ref(&last));
    assert_eq!(list(store, PlanSort::NameDesc, None, 1).await, std::slice::from_ref(&last));
    assert_eq!(list(store, PlanSort::NameDesc, Some(&twin), 9).await, std::slice::from_ref(&first));
    let (up, down) = if gone < twin {
        (vec![twin.clone(), last.clone()], vec![first.clone()])
    } else {
        (vec![last], vec![twin, first])
    };
    assert_eq!(list(store, PlanSort::NameAsc, Some(&gone), 9).await, up);
    assert_eq!(list(store, PlanSort::NameDesc, Some(&gone), 9).await, down);
    let unknown = PlanId::generate(&mut seed.fill(), NOW);
    assert!(list(store, PlanSort::NameAsc, Some(&unknown), 9).await.is_empty());
}

async fn an_owner_keeps_its_plan_and_counts_until_it_is_deleted(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (one, two) = (plan(store, &mut seed, "One").await, plan(store, &mut seed, "Two").await);
    let (code, user) = owners(store, &mut seed, Some(&one)).await;
    owners(store, &mut seed, None).await;
    let count = async |id: &PlanId| count_owners(&mut store.read().await.unwrap(), id).await.unwrap();
    assert_eq!((count(&one).await, count(&two).await), (2, 0));

    let organization =
        async || find_organization(&mut store.read().await.unwrap(), &OrgScope::All, &code).await.unwrap().unwrap();
    let of_user = async || find_user(&mut store.read().await.unwrap(), &user).await.unwrap().unwrap();
    assert_eq!((organization().await.plan_id, of_user().await.plan_id), (Some(one.clone()), Some(one.clone())));
    let (mut org_row, mut user_row) = (organization().await, of_user().await);
    (org_row.plan_id, user_row.plan_id) = (Some(two.clone()), None);
    let mut change = store.begin_at(later(5)).await;
    update_organization(&mut change, &org_row).await.unwrap();
    update_user(&mut change, &user_row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!((organization().await.plan_id, of_user().await.plan_id), (Some(two.clone()), None));
    assert_eq!((count(&one).await, count(&two).await), (0, 1));

    user_row.plan_id = Some(two.clone());
    let mut change = store.begin().await;
    update_user(&mut change, &user_row).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(count(&two).await, 2);
    for left in [1, 0] {
        let mut change = store.begin().await;
        match left {
            1 => delete_organization(&mut change, &org_row).await.unwrap(),
            _ => delete_user(&mut change, &user_row, false).await.unwrap(),
        }
        commit(change).await.unwrap();
        assert_eq!(count(&two).await, left);
    }
}

/// The names of limits, and the scopes that are allowed.
fn told(limits: &[RateLimit], scopes: Option<&AllowedScopes>) -> (Vec<String>, Option<AllowedScopes>) {
    (limits.iter().map(|limit| limit.name().to_owned()).collect(), scopes.cloned())
}

async fn owners_are_told_with_the_limits_in_force_and_what_their_plan_allows(store: &TestStore) {
    let mut seed = Seed::new(1);
    let id = plan(store, &mut seed, "Pro").await;
    let other = PlanId::generate(&mut seed.fill(), NOW);
    let (limits, scopes) = ([rate_limit("other")], allowed(&[2]));
    let new = NewPlan { id: &other, name: "Other", rate_limits: &limits, allowed_scopes: Some(&scopes), credits: None };
    let mut change = store.begin().await;
    insert_plan(&mut change, &new).await.unwrap();
    commit(change).await.unwrap();
    let with_plan = owners(store, &mut seed, Some(&id)).await;
    let without = owners(store, &mut seed, None).await;
    let mut change = store.begin().await;
    let api = given::api(&mut change, &mut seed).await;
    for (code, user) in [&with_plan, &without] {
        for owner in [Owner::Organization(code.clone()), Owner::User(user.clone())] {
            let (key, secret) = (seed.key_id(NOW), seed.key_secret());
            let first = NewKeySecret { secret: &secret, mac: mac(7), secret_version: 1 };
            let scopes = ScopeNumbers::default();
            insert_key(&mut change, &plain_key(&key, &api, &owner, &scopes), &first).await.unwrap();
        }
    }
    let mut clients = Vec::new();
    for code in [Some(&with_plan.0), Some(&without.0), None] {
        let id = given::application(&mut change, &mut seed, "App").await;
        clients.push((id, code));
    }
    let (key, secret) = (seed.key_id(NOW), seed.key_secret());
    let first = NewKeySecret { secret: &secret, mac: mac(7), secret_version: 1 };
    let scopes = ScopeNumbers::default();
    insert_key(&mut change, &plain_key(&key, &api, &Owner::Environment, &scopes), &first).await.unwrap();
    commit(change).await.unwrap();
    for (id, code) in &clients {
        if let Some(code) = code {
            let kept = format!("UPDATE applications SET org_code = '{code}' WHERE client_id = '{id}'");
            store.db_execute(&kept).await;
        }
    }

    let of_plan = (vec!["plan".to_owned()], Some(allowed(&[1])));
    let of_own = (vec!["own".to_owned()], None);
    let expected = |owner: &Owner| match owner {
        Owner::Organization(code) if *code == with_plan.0 => of_plan.clone(),
        Owner::User(user) if *user == with_plan.1 => of_plan.clone(),
        _ => of_own.clone(),
    };
    let mut tx = store.read().await.unwrap();
    let rows = list_owners(&mut tx, 0).await.unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!(told(&row.rate_limits, row.allowed_scopes.as_ref()), expected(&row.owner()));
    }
    let rows = list_keys(&mut tx, (0, ""), 9).await.unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let limits = row.owner_rate_limits.as_deref();
        match row.id == key {
            true => assert_eq!((limits, row.owner_allowed_scopes), (None, None)),
            false => assert_eq!(told(limits.unwrap(), row.owner_allowed_scopes.as_ref()), expected(&row.owner())),
        }
    }
    let rows = list_applications(&mut tx, 0).await.unwrap();
    for ((client, _), expected) in clients.iter().zip([Some(of_plan), Some(of_own), None]) {
        let row = rows.iter().find(|row| row.client_id == *client).unwrap();
        let limits = row.org_rate_limits.as_deref();
        assert_eq!(limits.map(|limits| told(limits, row.org_allowed_scopes.as_ref())), expected);
    }
}

async fn a_change_of_a_plan_stamps_those_who_have_it_and_nobody_else(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (one, two) = (plan(store, &mut seed, "One").await, plan(store, &mut seed, "Two").await);
    let (code, user) = owners(store, &mut seed, Some(&one)).await;
    owners(store, &mut seed, Some(&two)).await;
    owners(store, &mut seed, None).await;
    let mut change = store.begin().await;
    stamp_owners(&mut change, &one).await.unwrap();
    let revision = commit(change).await.unwrap();
    let rows = list_owners(&mut store.read().await.unwrap(), revision - 1).await.unwrap();
    let mut stamped: Vec<_> = rows.iter().map(|row| (row.owner().id().to_owned(), row.revision)).collect();
    stamped.sort();
    assert_eq!(stamped, [(user.to_string(), revision), (code.to_string(), revision)]);
}

async fn credits_of_a_plan_are_set_changed_and_ended_for_those_who_have_it_and_nobody_else(store: &TestStore) {
    let mut seed = Seed::new(1);
    let (one, two) = (plan(store, &mut seed, "One").await, plan(store, &mut seed, "Two").await);
    let (code, user) = owners(store, &mut seed, Some(&one)).await;
    let (other_code, other_user) = owners(store, &mut seed, Some(&two)).await;
    owners(store, &mut seed, None).await;
    let told = async || {
        let facts = list_credits(&mut store.read().await.unwrap(), 0).await.unwrap();
        let mut told: Vec<_> = facts
            .into_iter()
            .map(|fact| (fact.holder.clone(), fact.terms(), fact.remaining, fact.generation))
            .collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told
    };
    let of_both = |one: &dyn ToString, two: &dyn ToString, terms: Option<CreditTerms>, remaining: u64, generation| {
        let mut both = [one.to_string(), two.to_string()].map(|holder| (holder, terms, remaining, generation)).to_vec();
        both.sort_by(|one, other| one.0.cmp(&other.0));
        both
    };
    let mut generations = Vec::new();
    for (plan, granted) in [(&two, granted(8, 9)), (&one, granted(50, 7))] {
        let mut change = store.begin().await;
        set_credits_of_plan(&mut change, plan, &granted).await.unwrap();
        generations.push(commit(change).await.unwrap());
    }
    let others = of_both(&other_code, &other_user, Some(granted(8, 9).terms), 9, generations[0]);
    let together = |ours: Vec<_>| {
        let mut all: Vec<_> = ours.into_iter().chain(others.clone()).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    };
    assert_eq!(told().await, together(of_both(&code, &user, Some(granted(50, 7).terms), 7, generations[1])));
    let mut change = store.begin().await;
    update_terms_of_plan(&mut change, &one, &granted(60, 0).terms).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(told().await, together(of_both(&code, &user, Some(granted(60, 0).terms), 7, generations[1])));
    let mut change = store.begin().await;
    end_credits_of_plan(&mut change, &one).await.unwrap();
    let ended = commit(change).await.unwrap();
    assert_eq!(told().await, together(of_both(&code, &user, None, 0, ended)));
    for again in [true, false] {
        let mut change = store.begin().await;
        match again {
            true => end_credits_of_plan(&mut change, &one).await.unwrap(),
            false => update_terms_of_plan(&mut change, &one, &granted(1, 1).terms).await.unwrap(),
        }
        commit(change).await.unwrap();
        assert_eq!(list_credits(&mut store.read().await.unwrap(), ended).await.unwrap().len(), 0);
        assert_eq!(told().await, together(of_both(&code, &user, None, 0, ended)), "there is nothing any more");
    }
    let mut change = store.begin().await;
    set_credits_of_plan(&mut change, &one, &granted(5, 4)).await.unwrap();
    let set = commit(change).await.unwrap();
    assert_eq!(told().await, together(of_both(&code, &user, Some(granted(5, 4).terms), 4, set)));
}
