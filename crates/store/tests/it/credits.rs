//! Credits: set and changed with their holder, taken in blocks, filled up once a period, given back.

use keyward_core::{ApiKeyId, Balance, CreditTerms, OrgScope, Owner, Refill, RefillInterval, Timestamp};
use keyward_store::credits::{
    CreditsFact, LeftRow, Wanted, add_spent, end_credits, forget_worthless, give_back, list_credits, list_holders,
    look_left, set_credits, strand, take_block, turn_period, update_terms,
};
use keyward_store::head::get_revision;
use keyward_store::keys::KeyFilter;
use keyward_store::organizations::{
    NewOrganization, OrganizationSort, find_organization, find_organization_by_external_id, insert_organization,
    list_organizations,
};
use keyward_store::users::{
    NameRange, NewUser, UserColumn, find_user, find_user_by, insert_user, list_users, search_users,
};
use keyward_store::{Revision, keys};

use crate::given::{self, NOW, Seed};
use crate::test_store::{TestStore, commit};

conformance! {
    credits_are_set_changed_and_ended_and_the_feed_tells_each_once,
    keys_and_owners_show_the_balance_that_is_theirs,
    whoever_finds_a_key_or_an_owner_sees_its_balance_and_no_other,
    what_is_taken_is_no_longer_there_and_still_left,
    what_is_spent_is_taken_off_the_purse_it_was_paid_out_of,
    a_period_is_begun_once_and_never_left_again,
    credits_for_good_have_no_period,
    another_generation_is_not_asked,
    what_was_not_spent_comes_back_of_this_balance_and_period_alone,
    what_is_stranded_is_lost_and_nothing_else,
    the_holders_of_an_opening_are_listed_in_their_order,
    taking_takes_no_revision,
    more_than_there_is_cannot_be_taken,
    what_is_worth_nothing_any_more_is_forgotten_in_batches_and_nothing_else,
}

const HOLDER: &str = "org_1";
const DAY: u64 = 24 * 60 * 60;

fn terms(refill: Option<u64>, cost: u32) -> CreditTerms {
    let refill = refill.map(|amount| Refill::new(amount, RefillInterval::Day).unwrap());
    CreditTerms::new(refill, cost).unwrap()
}

async fn set(store: &TestStore, holder: &str, terms: &CreditTerms, remaining: u64) -> Revision {
    let mut change = store.begin().await;
    set_credits(&mut change, holder, terms, remaining).await.unwrap();
    commit(change).await.unwrap()
}

async fn facts(store: &TestStore, above: Revision) -> Vec<CreditsFact> {
    list_credits(&mut store.read().await.unwrap(), above).await.unwrap()
}

/// What no node has taken.
async fn untaken(store: &TestStore, holder: &str) -> u64 {
    facts(store, 0).await.into_iter().find(|fact| fact.holder == holder).unwrap().remaining
}

/// The day that an instant lies in.
fn day(at: Timestamp) -> Timestamp {
    terms(Some(1), 1).period_at(at)
}

fn days_later(days: u64) -> Timestamp {
    day(given::later(days * DAY))
}

async fn turn(store: &TestStore, generation: Revision, period: Timestamp) -> Option<(Timestamp, u64)> {
    let mut tx = store.tally().await.unwrap();
    let turned = turn_period(&mut tx, &Wanted { holder: HOLDER, generation, period }).await.unwrap();
    tx.commit().await.unwrap();
    turned.map(|LeftRow { period, remaining }| (period, remaining))
}

async fn look(store: &TestStore, generation: Revision, period: Timestamp) -> Option<(Timestamp, u64)> {
    let wanted = Wanted { holder: HOLDER, generation, period };
    let left = look_left(&mut store.read().await.unwrap(), &wanted).await.unwrap();
    left.map(|LeftRow { period, remaining }| (period, remaining))
}

async fn take(store: &TestStore, of: (&str, Revision, Timestamp), purse: (&str, u32), units: u64) {
    let (holder, generation, period) = of;
    let mut tx = store.tally().await.unwrap();
    take_block(&mut tx, &Wanted { holder, generation, period }, period, purse, units).await.unwrap();
    tx.commit().await.unwrap();
}

async fn spend(store: &TestStore, purse: (&str, u32), units: u64) {
    let mut tx = store.tally().await.unwrap();
    add_spent(&mut tx, purse, units).await.unwrap();
    tx.commit().await.unwrap();
}

async fn blocks(store: &TestStore) -> Vec<String> {
    let sql = "SELECT opening || ' ' || purse || ' ' || holder || ' ' || taken || ' ' || spent FROM credit_blocks \
               ORDER BY opening, purse";
    store.db_texts(sql).await
}

async fn credits_are_set_changed_and_ended_and_the_feed_tells_each_once(store: &TestStore) {
    let first = set(store, HOLDER, &terms(Some(50), 2), 7).await;
    set(store, "org_2", &terms(None, 1), 9).await;
    let told = facts(store, 0).await;
    let fact = told.iter().find(|fact| fact.holder == HOLDER).unwrap();
    assert_eq!((told.len(), fact.terms(), fact.remaining), (2, Some(terms(Some(50), 2)), 7));
    assert_eq!((fact.generation, fact.revision, fact.period), (first, first, day(NOW)));

    let mut change = store.begin().await;
    update_terms(&mut change, HOLDER, &terms(None, 3)).await.unwrap();
    let second = commit(change).await.unwrap();
    let told = facts(store, second - 1).await;
    assert_eq!(told.len(), 1, "the other one is not told again");
    assert_eq!((told[0].terms(), told[0].remaining), (Some(terms(None, 3)), 7));
    assert_eq!((told[0].generation, told[0].revision), (first, second), "what is left stays");

    let third = set(store, HOLDER, &terms(None, 1), 4).await;
    assert_eq!((untaken(store, HOLDER).await, untaken(store, "org_2").await), (4, 9));
    let mut change = store.begin().await;
    end_credits(&mut change, HOLDER).await.unwrap();
    let fourth = commit(change).await.unwrap();
    let ended = facts(store, third).await.remove(0);
    assert_eq!((ended.terms(), ended.remaining, ended.generation), (None, 0, fourth));
    for ended in [true, false] {
        let mut change = store.begin().await;
        let done = match ended {
            true => end_credits(&mut change, HOLDER).await,
            false => update_terms(&mut change, HOLDER, &terms(None, 1)).await,
        };
        assert!(done.is_err(), "there is nothing any more to end or to change");
    }
    assert_eq!(untaken(store, "org_2").await, 9);
    let fifth = set(store, HOLDER, &terms(None, 1), 3).await;
    assert_eq!(facts(store, fourth).await[0].terms(), Some(terms(None, 1)));
    assert_eq!(turn(store, fifth, day(NOW)).await.map(|(_, left)| left), Some(3));
}

async fn keys_and_owners_show_the_balance_that_is_theirs(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let (org, user) = (given::organization(&mut change, &mut seed).await, given::user(&mut change, &mut seed).await);
    let key = given::key(&mut change, &mut seed, &api, &Owner::User(user.clone())).await;
    commit(change).await.unwrap();
    let shown = async || {
        let mut tx = store.read().await.unwrap();
        let org = find_organization(&mut tx, &OrgScope::All, &org).await.unwrap().unwrap().credits;
        let user = find_user(&mut tx, &user).await.unwrap().unwrap().credits;
        [keys::find_key(&mut tx, &OrgScope::All, &key).await.unwrap().unwrap().credits, org, user]
    };
    assert_eq!(shown().await, [None, None, None]);
    let balance = |terms: CreditTerms, remaining| Some(Balance { period: terms.period_at(NOW), terms, remaining });
    set(store, key.as_str(), &terms(Some(8), 1), 7).await;
    assert_eq!(shown().await, [balance(terms(Some(8), 1), 7), None, None]);
    set(store, org.as_str(), &terms(None, 2), 5).await;
    let generation = set(store, user.as_str(), &terms(None, 0), 0).await;
    assert_eq!(shown().await[1..], [balance(terms(None, 2), 5), balance(terms(None, 0), 0)]);
    // What was taken by the holder's name, of this balance and in this period, is left; anything else is not.
    let of_org = facts(store, 0).await.into_iter().find(|fact| fact.holder == org.as_str()).unwrap();
    take(store, (org.as_str(), of_org.generation, of_org.period), ("a", 1), 4).await;
    spend(store, ("a", 1), 1).await;
    assert_eq!(shown().await[1], balance(terms(None, 2), 4));
    for (purse, holder, generation, period) in [
        (2, user.as_str(), generation, of_org.period),
        (3, org.as_str(), generation, of_org.period),
        (4, org.as_str(), of_org.generation, days_later(1)),
    ] {
        let sql = format!(
            "INSERT INTO credit_blocks VALUES ('a', {purse}, '{holder}', {generation}, {}, 90, 0)",
            period.as_micros()
        );
        store.db_execute(&sql).await;
    }
    assert_eq!(shown().await[1], balance(terms(None, 2), 4));
    let mut change = store.begin().await;
    end_credits(&mut change, org.as_str()).await.unwrap();
    commit(change).await.unwrap();
    assert_eq!(shown().await[1], None);
}

/// Two keys and two owners of each kind, of which the first have credits: each statement that finds them shows just that.
async fn whoever_finds_a_key_or_an_owner_sees_its_balance_and_no_other(store: &TestStore) {
    let (mut change, mut seed) = (store.begin().await, Seed::new(1));
    let api = given::api(&mut change, &mut seed).await;
    let (orgs, users) = ([seed.org_code(), seed.org_code()], [seed.user_id(), seed.user_id()]);
    let names = ["one", "two"];
    for (at, name) in names.into_iter().enumerate() {
        let new = NewOrganization { external_id: Some(name), ..given::bare_organization(&orgs[at]) };
        insert_organization(&mut change, &new).await.unwrap();
        let known = Some(name);
        let new = NewUser {
            external_id: known,
            email: known,
            phone: known,
            username: known,
            ..given::unknown_user(&users[at])
        };
        insert_user(&mut change, &new).await.unwrap();
    }
    let owner = Owner::Organization(orgs[0].clone());
    let of_org = [
        given::key(&mut change, &mut seed, &api, &owner).await,
        given::key(&mut change, &mut seed, &api, &owner).await,
    ];
    let owner = Owner::User(users[0].clone());
    let of_user = [
        given::key(&mut change, &mut seed, &api, &owner).await,
        given::key(&mut change, &mut seed, &api, &owner).await,
    ];
    commit(change).await.unwrap();
    for (holder, remaining) in
        [(orgs[0].as_str(), 1), (users[0].as_str(), 2), (of_org[0].as_str(), 3), (of_user[0].as_str(), 4)]
    {
        set(store, holder, &terms(None, 1), remaining).await;
    }

    let mut tx = store.read().await.unwrap();
    let left = |credits: Option<Balance>| credits.map(|balance| balance.remaining);
    let all = OrgScope::All;
    for (at, expected) in [(0, Some(1)), (1, None)] {
        let by_code = find_organization(&mut tx, &all, &orgs[at]).await.unwrap().unwrap();
        let by_id = find_organization_by_external_id(&mut tx, &all, names[at]).await.unwrap().unwrap();
        assert_eq!([left(by_code.credits), left(by_id.credits)], [expected; 2]);
    }
    for sort in [OrganizationSort::NameAsc, OrganizationSort::NameDesc] {
        let rows = list_organizations(&mut tx, &all, None, (sort, None, 9)).await.unwrap();
        let mut seen: Vec<_> = rows.into_iter().map(|row| left(row.credits)).collect();
        seen.sort_unstable();
        assert_eq!(seen, [None, Some(1)]);
    }
    for (at, expected) in [(0, Some(2)), (1, None)] {
        assert_eq!(left(find_user(&mut tx, &users[at]).await.unwrap().unwrap().credits), expected);
        for column in [UserColumn::ExternalId, UserColumn::Email, UserColumn::Phone, UserColumn::Username] {
            let row = find_user_by(&mut tx, column, names[at]).await.unwrap().unwrap();
            assert_eq!(left(row.credits), expected, "{column:?}");
        }
    }
    let listed = list_users(&mut tx, None, None, 9).await.unwrap();
    let forward = search_users(&mut tx, None, NameRange::default(), 9).await.unwrap();
    let mut seen = vec![listed, forward];
    for before in &users {
        seen.push(
            search_users(&mut tx, None, NameRange { after: None, before: Some(before.as_str()) }, 9).await.unwrap(),
        );
    }
    assert_eq!(seen.iter().map(Vec::len).sum::<usize>(), 5);
    for row in seen.into_iter().flatten() {
        assert_eq!(left(row.credits), (row.id == users[0]).then_some(2));
    }
    let expected = |id: &ApiKeyId| match id {
        id if *id == of_org[0] => Some(3),
        id if *id == of_user[0] => Some(4),
        _ => None,
    };
    let narrowed = [
        (KeyFilter::default(), 4),
        (KeyFilter { org_code: Some(&orgs[0]), ..KeyFilter::default() }, 2),
        (KeyFilter { user_id: Some(&users[0]), ..KeyFilter::default() }, 2),
        (KeyFilter { api_id: Some(&api), ..KeyFilter::default() }, 4),
    ];
    for (filter, count) in narrowed {
        let rows = keys::list_keys(&mut tx, &all, &filter, NOW, 9).await.unwrap();
        assert_eq!(rows.len(), count);
        for row in rows {
            assert_eq!(left(row.credits), expected(&row.id));
        }
    }
    for id in of_org.iter().chain(&of_user) {
        assert_eq!(left(keys::find_key(&mut tx, &all, id).await.unwrap().unwrap().credits), expected(id));
    }
}

async fn what_is_taken_is_no_longer_there_and_still_left(store: &TestStore) {
    let generation = set(store, HOLDER, &terms(None, 1), 100).await;
    set(store, "org_2", &terms(None, 1), 50).await;
    let period = Timestamp::from_micros(0);
    take(store, (HOLDER, generation, period), ("a", 1), 30).await;
    take(store, (HOLDER, generation, period), ("a", 1), 5).await;
    take(store, (HOLDER, generation, period), ("b", 1), 1).await;
    assert_eq!((untaken(store, HOLDER).await, untaken(store, "org_2").await), (64, 50));
    assert_eq!(blocks(store).await, ["a 1 org_1 35 0", "b 1 org_1 1 0"]);
}

async fn what_is_spent_is_taken_off_the_purse_it_was_paid_out_of(store: &TestStore) {
    let generation = set(store, HOLDER, &terms(None, 1), 100).await;
    let of = (HOLDER, generation, Timestamp::from_micros(0));
    for purse in [("a", 1), ("a", 2), ("b", 1)] {
        take(store, of, purse, 10).await;
    }
    spend(store, ("a", 1), 3).await;
    spend(store, ("a", 1), 4).await;
    spend(store, ("c", 1), 9).await;
    assert_eq!(blocks(store).await, ["a 1 org_1 10 7", "a 2 org_1 10 0", "b 1 org_1 10 0"]);
    assert_eq!(untaken(store, HOLDER).await, 70);
}

async fn a_period_is_begun_once_and_never_left_again(store: &TestStore) {
    let generation = set(store, HOLDER, &terms(Some(50), 1), 7).await;
    let (today, next) = (day(NOW), days_later(1));
    assert_eq!(turn(store, generation, today).await, Some((today, 7)));
    assert_eq!((look(store, generation, today).await, look(store, generation, next).await), (Some((today, 7)), None));
    assert_eq!(turn(store, generation, next).await, Some((next, 50)));
    take(store, (HOLDER, generation, next), ("a", 1), 20).await;
    for period in [next, today, Timestamp::from_micros(0)] {
        assert_eq!(turn(store, generation, period).await, Some((next, 30)), "{period}");
        assert_eq!(look(store, generation, period).await, Some((next, 30)), "{period}");
    }
    assert_eq!(turn(store, generation, days_later(3)).await, Some((days_later(3), 50)));
}

async fn credits_for_good_have_no_period(store: &TestStore) {
    let generation = set(store, HOLDER, &terms(None, 1), 7).await;
    let epoch = Timestamp::from_micros(0);
    assert_eq!(turn(store, generation, days_later(9)).await, Some((epoch, 7)));
    assert_eq!(look(store, generation, days_later(9)).await, Some((epoch, 7)));
}

async fn another_generation_is_not_asked(store: &TestStore) {
    let first = set(store, HOLDER, &terms(Some(50), 1), 7).await;
    let other = set(store, "org_2", &terms(None, 1), 9).await;
    let second = set(store, HOLDER, &terms(Some(50), 1), 8).await;
    for unknown in [first, other, second + 1] {
        assert_eq!((turn(store, unknown, days_later(1)).await, look(store, unknown, day(NOW)).await), (None, None));
    }
    let mut change = store.begin().await;
    end_credits(&mut change, HOLDER).await.unwrap();
    let ended = commit(change).await.unwrap();
    assert_eq!((turn(store, ended, day(NOW)).await, look(store, ended, day(NOW)).await), (None, None));
    assert_eq!((untaken(store, HOLDER).await, untaken(store, "org_2").await), (0, 9));
}

async fn what_was_not_spent_comes_back_of_this_balance_and_period_alone(store: &TestStore) {
    let first = set(store, HOLDER, &terms(Some(100), 1), 40).await;
    take(store, (HOLDER, first, day(NOW)), ("a", 1), 10).await;
    let second = set(store, HOLDER, &terms(Some(100), 1), 60).await;
    take(store, (HOLDER, second, day(NOW)), ("a", 2), 10).await;
    assert_eq!(turn(store, second, days_later(1)).await.map(|(_, left)| left), Some(100));
    for (opening, purse, units) in [("a", 3, 30), ("a", 4, 8), ("b", 1, 5)] {
        take(store, (HOLDER, second, days_later(1)), (opening, purse), units).await;
    }
    let other = set(store, "org_2", &terms(None, 1), 50).await;
    take(store, ("org_2", other, Timestamp::from_micros(0)), ("a", 5), 20).await;
    spend(store, ("a", 3), 12).await;
    // Of the same opening: a block of the generation before in this period, and one of another holder who has all else in common.
    let period = days_later(1).as_micros();
    for (purse, holder, generation) in [(6, HOLDER, first), (7, "org_3", second)] {
        if holder != HOLDER {
            set(store, holder, &terms(None, 1), 9).await;
            let same = format!("UPDATE credits SET generation = {second}, period = {period} WHERE holder = 'org_3'");
            store.db_execute(&same).await;
        }
        let sql = format!("INSERT INTO credit_blocks VALUES ('a', {purse}, '{holder}', {generation}, {period}, 7, 0)");
        store.db_execute(&sql).await;
    }
    let mut tx = store.tally().await.unwrap();
    give_back(&mut tx, "a", HOLDER).await.unwrap();
    tx.commit().await.unwrap();
    // 100, less 43 that were taken, and 18 and 8 come back.
    assert_eq!((untaken(store, HOLDER).await, untaken(store, "org_2").await), (83, 30));
    assert_eq!(untaken(store, "org_3").await, 9);
    assert_eq!(blocks(store).await, ["a 5 org_2 20 0", "a 7 org_3 7 0", "b 1 org_1 5 0"]);
    let mut tx = store.tally().await.unwrap();
    give_back(&mut tx, "a", HOLDER).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(untaken(store, HOLDER).await, 83, "once");
}

async fn what_is_stranded_is_lost_and_nothing_else(store: &TestStore) {
    let generation = set(store, HOLDER, &terms(None, 1), 40).await;
    let other = set(store, "org_2", &terms(None, 1), 40).await;
    let epoch = Timestamp::from_micros(0);
    take(store, (HOLDER, generation, epoch), ("a", 1), 10).await;
    take(store, (HOLDER, generation, epoch), ("b", 1), 10).await;
    take(store, ("org_2", other, epoch), ("a", 2), 10).await;
    let mut tx = store.tally().await.unwrap();
    strand(&mut tx, "a", HOLDER).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((untaken(store, HOLDER).await, untaken(store, "org_2").await), (20, 30));
    assert_eq!(blocks(store).await, ["a 2 org_2 10 0", "b 1 org_1 10 0"]);
}

async fn the_holders_of_an_opening_are_listed_in_their_order(store: &TestStore) {
    for (at, holder) in ["org_3", "org_1", "org_2", "org_4"].into_iter().enumerate() {
        let generation = set(store, holder, &terms(None, 1), 40).await;
        let opening = if holder == "org_4" { "b" } else { "a" };
        for purse in [at * 2, at * 2 + 1] {
            let purse = (opening, u32::try_from(purse).unwrap());
            take(store, (holder, generation, Timestamp::from_micros(0)), purse, 1).await;
        }
    }
    let listed = async |limit| {
        let rows = list_holders(&mut store.read().await.unwrap(), "a", limit).await.unwrap();
        rows.into_iter().map(|row| row.holder).collect::<Vec<_>>()
    };
    assert_eq!(
        (listed(9).await, listed(2).await),
        (["org_1", "org_2", "org_3"].map(String::from).to_vec(), ["org_1", "org_2"].map(String::from).to_vec())
    );
}

async fn taking_takes_no_revision(store: &TestStore) {
    let generation = set(store, HOLDER, &terms(Some(9), 1), 40).await;
    turn(store, generation, days_later(1)).await;
    take(store, (HOLDER, generation, days_later(1)), ("a", 1), 1).await;
    assert_eq!(get_revision(&mut store.read().await.unwrap()).await.unwrap(), generation);
    assert_eq!(facts(store, generation).await.len(), 0);
}

async fn more_than_there_is_cannot_be_taken(store: &TestStore) {
    let generation = set(store, HOLDER, &terms(None, 1), 4).await;
    let mut tx = store.tally().await.unwrap();
    let wanted = Wanted { holder: HOLDER, generation, period: Timestamp::from_micros(0) };
    assert!(take_block(&mut tx, &wanted, Timestamp::from_micros(0), ("a", 1), 5).await.is_err());
    drop(tx);
    assert_eq!((untaken(store, HOLDER).await, blocks(store).await.len()), (4, 0));
}

async fn what_is_worth_nothing_any_more_is_forgotten_in_batches_and_nothing_else(store: &TestStore) {
    let (today, next) = (day(NOW), days_later(1));
    let first = set(store, HOLDER, &terms(Some(50), 1), 40).await;
    take(store, (HOLDER, first, today), ("a", 1), 1).await;
    let second = set(store, HOLDER, &terms(Some(50), 1), 40).await;
    take(store, (HOLDER, second, today), ("a", 2), 2).await;
    take(store, (HOLDER, second, today), ("a", 3), 3).await;
    turn(store, second, next).await;
    take(store, (HOLDER, second, next), ("a", 4), 4).await;
    // Of the generation before, in a period that has the same beginning.
    let sql = format!("INSERT INTO credit_blocks VALUES ('b', 1, '{HOLDER}', {first}, {}, 5, 0)", next.as_micros());
    store.db_execute(&sql).await;
    let other = set(store, "org_2", &terms(None, 1), 40).await;
    take(store, ("org_2", other, Timestamp::from_micros(0)), ("a", 5), 6).await;
    let forget = async |limit| {
        let mut tx = store.tally().await.unwrap();
        let forgotten = forget_worthless(&mut tx, limit).await.unwrap();
        tx.commit().await.unwrap();
        forgotten
    };
    assert_eq!((forget(3).await, forget(9).await, forget(9).await), (3, 1, 0));
    assert_eq!(blocks(store).await, ["a 4 org_1 4 0", "a 5 org_2 6 0"]);
}
