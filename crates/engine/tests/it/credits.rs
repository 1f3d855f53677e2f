//! Credits, of a key and of its owner: spent all or none with the limits of rate, exactly, filled up once a period, and never
//! before the store has given them.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::thread;

use keyward_core::credits::block_of;
use keyward_core::{
    ApiId, ApiKeyId, CreditTerms, Owner, Quota, RateLimit, Refill, RefillInterval, SecretMac, Selector, Timestamp,
    UserId,
};
use keyward_engine::Tenure;
use keyward_engine::facts::{self, Changes};
use keyward_engine::index::{Block, BlockAsk, Holder, Spent};
use proptest::prelude::*;

use crate::given;
use crate::node::Node;

const SELECTORS: [&str; 2] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
const KEYS: [&str; 2] = ["api_key_1", "api_key_2"];
const OWNER: &str = "kp_1";
const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn terms(refill: Option<u64>) -> CreditTerms {
    let refill = refill.map(|amount| Refill::new(amount, RefillInterval::Day).unwrap());
    CreditTerms::new(refill, 1).unwrap()
}

fn owner() -> Owner {
    Owner::User(UserId::parse(OWNER).unwrap())
}

fn key(number: usize, revision: u64, limits: &[RateLimit]) -> facts::Key {
    let selector = Selector::parse(SELECTORS[number]).unwrap();
    let secret = given::secret(selector, SecretMac::from_bytes(&[1; 32]).unwrap());
    let (id, api) = (ApiKeyId::parse(KEYS[number]).unwrap(), ApiId::parse("a").unwrap());
    facts::Key { rate_limits: limits.to_vec(), ..given::key(&id, &api, &owner(), revision, vec![secret]) }
}

/// What a store has of a holder.
#[derive(Clone, Debug)]
struct Account {
    terms: CreditTerms,
    generation: u64,
    period: Timestamp,
    remaining: u64,
}

/// A store of credits, as plain as can be.
#[derive(Debug, Default)]
struct Bank {
    accounts: HashMap<String, Account>,
    last_number: u32,
}

impl Bank {
    fn set(
        &mut self,
        holder: &str,
        revision: u64,
        refill: Option<u64>,
        remaining: u64,
        now: Timestamp,
    ) -> facts::Credits {
        let terms = terms(refill);
        let account = Account { terms, generation: revision, period: terms.period_at(now), remaining };
        self.accounts.insert(holder.to_owned(), account);
        self.fact(holder, revision)
    }

    fn fact(&self, holder: &str, revision: u64) -> facts::Credits {
        let Account { terms, generation, period, remaining } = self.accounts[holder].clone();
        facts::Credits { holder: holder.to_owned(), terms: Some(terms), generation, period, left: remaining, revision }
    }

    fn answer(&mut self, holder: &str, ask: &BlockAsk, needed: u32) -> Option<Block> {
        let account = self.accounts.get_mut(holder)?;
        if account.generation != ask.generation {
            return None;
        }
        if let Some(refill) = account.terms.refill()
            && account.period < ask.period
        {
            (account.period, account.remaining) = (ask.period, refill.amount());
        }
        self.last_number += 1;
        let number = ask.number().unwrap_or(NonZeroU32::new(self.last_number).unwrap());
        let units = block_of(account.remaining, needed).unwrap_or(0);
        account.remaining -= units;
        Some(Block { period: account.period, number, units, beyond: account.remaining })
    }
}

/// Two keys of one owner, and the store.
struct Shop {
    node: Node,
    bank: Mutex<Bank>,
}

impl Shop {
    fn new(of_keys: Option<u64>, of_owner: Option<u64>, limits: &[RateLimit]) -> Self {
        let mut bank = Bank::default();
        let mut credits = Vec::new();
        for (holder, remaining) in [(KEYS[0], of_keys), (KEYS[1], of_keys), (OWNER, of_owner)] {
            credits.extend(remaining.map(|remaining| bank.set(holder, 1, None, remaining, at(0))));
        }
        let mut node = Node::new(Tenure::Alone);
        let (api, keys) = (given::api(&ApiId::parse("a").unwrap(), 1), vec![key(0, 1, limits), key(1, 1, limits)]);
        node.apply(1, Changes { apis: vec![api], credits, keys, ..Changes::default() });
        Self { node, bank: Mutex::new(bank) }
    }

    fn once(&self, number: usize, cost: Option<u32>, now: Timestamp) -> Spent {
        self.node.see(SELECTORS[number], |entry| entry.spend(cost, now)).unwrap()
    }

    /// Spends, and asks the store for what is wanted in between.
    fn spend(&self, number: usize, cost: Option<u32>, now: Timestamp) -> Spent {
        // Others may be quicker to spend what was taken, but not for ever.
        for _ in 0..10_000 {
            let spent = self.once(number, cost, now);
            if spent.asks.is_empty() {
                return spent;
            }
            assert!(spent.paid.is_empty() && spent.failure().is_none(), "{spent:?}");
            let mut bank = self.bank.lock().unwrap();
            for ask in &spent.asks {
                let Some(needed) = ask.needed(now) else { continue };
                let holder = if ask.holder == Holder::Key { KEYS[number] } else { OWNER };
                ask.put_in(bank.answer(holder, ask, needed).unwrap(), now);
            }
        }
        panic!("it asks the store for ever");
    }

    fn passes(&self, number: usize, cost: u32, now: Timestamp) -> bool {
        self.spend(number, Some(cost), now).failure().is_none()
    }

    fn look(&self, number: usize, now: Timestamp) -> Vec<(Holder, u64)> {
        let seen = self.node.see(SELECTORS[number], |entry| entry.look(Some(0), now)).unwrap();
        assert!(seen.asks.is_empty() && seen.paid.is_empty());
        seen.credits.iter().map(|credits| (credits.holder, credits.remaining)).collect()
    }
}

#[test]
fn nothing_is_paid_before_the_store_has_given_it() {
    let shop = Shop::new(Some(100), None, &[]);
    let first = shop.once(0, Some(3), at(1));
    assert_eq!((first.asks.len(), first.paid.len(), first.failure()), (1, 0, None));
    let ask = &first.asks[0];
    assert_eq!((ask.holder, ask.needed(at(1)), ask.is_doubtful, ask.number()), (Holder::Key, Some(3), false, None));
    let block = shop.bank.lock().unwrap().answer(KEYS[0], ask, 3).unwrap();
    assert_eq!((block.units, block.beyond), (12, 88));
    ask.put_in(block, at(1));
    let paid = shop.once(0, Some(3), at(1));
    assert_eq!(
        paid.paid.iter().map(|paid| (paid.holder, paid.payment.units.get())).collect::<Vec<_>>(),
        [(Holder::Key, 3)]
    );
    assert_eq!(paid.paid[0].payment.purse, block.number);
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 97)]);
    paid.paid[0].take_back();
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 100)], "what could not be written down");
    assert_eq!(ask.needed(at(1)), None, "there is enough now");
    assert_eq!(shop.once(0, Some(20), at(1)).asks[0].needed(at(1)), Some(8), "the rest is there");
}

#[test]
fn limits_and_credits_of_key_and_owner_are_spent_all_or_none() {
    let limit = RateLimit::new("a", Quota::new(5, 1_000_000).unwrap(), 1).unwrap();
    let shop = Shop::new(Some(10), Some(4), &[limit]);
    let units = |spent: &Spent| spent.limits[0].standing.remaining;
    assert!(shop.passes(0, 2, at(1)));
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 8), (Holder::Owner, 2)]);
    // The owner has too few: neither the key's credits nor its limit are touched.
    let refused = shop.spend(0, Some(3), at(1));
    assert_eq!(refused.failure(), Some(keyward_core::Outcome::CreditsExhausted));
    assert_eq!(refused.credits.iter().map(|credits| credits.is_exhausted).collect::<Vec<_>>(), [false, true]);
    assert_eq!((units(&refused), refused.credits[1].wait), (3, None));
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 8), (Holder::Owner, 2)]);
    // The limit is exceeded: that is told, and nobody asks for credits.
    let limited = shop.once(0, Some(4), at(1));
    assert_eq!((limited.failure(), limited.asks.len()), (Some(keyward_core::Outcome::RateLimited), 0));
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 8), (Holder::Owner, 2)]);
    // The other key has its own, and shares the owner's.
    assert!(shop.passes(1, 2, at(1)));
    assert_eq!(shop.look(1, at(1)), [(Holder::Key, 8), (Holder::Owner, 0)]);
    assert!(!shop.passes(0, 1, at(1)) && shop.passes(0, 0, at(1)));
}

#[test]
fn each_spends_its_own_cost_where_none_is_given() {
    let shop = Shop::new(Some(10), Some(10), &[]);
    assert!(shop.spend(0, None, at(1)).failure().is_none());
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 9), (Holder::Owner, 9)]);
}

#[test]
fn of_many_at_once_exactly_as_many_pass_as_there_are_credits() {
    let shop = Arc::new(Shop::new(Some(700), Some(1_000), &[]));
    let spenders = [0, 1, 0, 1, 0, 1].map(|number| {
        let shop = Arc::clone(&shop);
        thread::spawn(move || (0..500).filter(|_| shop.passes(number, 1, at(1))).count())
    });
    let passed: Vec<usize> = spenders.map(|spender| spender.join().unwrap()).into();
    assert_eq!(passed.iter().sum::<usize>(), 1_000);
    for of_key in [0, 1] {
        assert!(passed.iter().skip(of_key).step_by(2).sum::<usize>() <= 700);
    }
}

#[test]
fn a_balance_set_anew_is_in_force_with_its_row_and_what_was_taken_before_is_worth_nothing() {
    let mut shop = Shop::new(Some(100), None, &[]);
    assert!(shop.passes(0, 1, at(1)));
    let late = shop.once(0, Some(20), at(1)).asks.remove(0);
    let set = shop.bank.get_mut().unwrap().set(KEYS[0], 2, None, 5, at(1));
    shop.node.apply(2, Changes { credits: vec![set], keys: vec![key(0, 2, &[])], ..Changes::default() });
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 5)]);
    assert_eq!(shop.bank.get_mut().unwrap().answer(KEYS[0], &late, 20), None, "it does not know of the new balance");
    late.put_in(Block { period: at(0), number: NonZeroU32::new(9).unwrap(), units: 50, beyond: 0 }, at(1));
    assert_eq!(shop.look(0, at(1)), [(Holder::Key, 5)]);
    assert!(shop.passes(0, 5, at(1)) && !shop.passes(0, 1, at(1)));
    let ended = facts::Credits { terms: None, generation: 3, ..shop.bank.get_mut().unwrap().fact(KEYS[0], 3) };
    shop.node.apply(3, Changes { credits: vec![ended], keys: vec![key(0, 3, &[])], ..Changes::default() });
    assert_eq!(shop.look(0, at(1)), []);
    assert!(shop.passes(0, 1_000_000, at(1)));
}

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// A key asks, for so many.
    Ask { of: usize, cost: u32 },
    /// The clock moves, back too.
    Clock { hours: i64 },
    /// The key's row changes, and its credits do not.
    Touch { of: usize },
    /// A balance is set anew: of a key, or of the owner.
    Set { of: Option<usize>, remaining: u64, refill: Option<u64> },
}

fn step() -> impl Strategy<Value = Step> {
    let of = prop_oneof![Just(None), (0..2_usize).prop_map(Some)];
    let refill = prop_oneof![Just(None), (1..40_u64).prop_map(Some)];
    prop_oneof![
        12 => (0..2_usize, 0..12_u32).prop_map(|(of, cost)| Step::Ask { of, cost }),
        4 => (-40..60_i64).prop_map(|hours| Step::Clock { hours }),
        1 => (0..2_usize).prop_map(|of| Step::Touch { of }),
        1 => (of, 0..80_u64, refill).prop_map(|(of, remaining, refill)| Step::Set { of, remaining, refill }),
    ]
}

/// Credits as anybody would write them down.
#[derive(Clone, Debug)]
struct Plain {
    left: u64,
    refill: Option<u64>,
    day: i64,
}

impl Plain {
    /// In a day that comes after all days before there are as many as after a refill.
    fn turn(&mut self, now: i64) {
        let day = now.div_euclid(DAY);
        if let Some(amount) = self.refill
            && self.day < day
        {
            (self.left, self.day) = (amount, day);
        }
    }
}

proptest! {
    #[test]
    fn it_is_as_the_plain_rules_say_whatever_the_clock_does(steps in prop::collection::vec(step(), 1..120)) {
        let mut shop = Shop::new(Some(30), Some(50), &[]);
        let start = |left| Plain { left, refill: None, day: 0 };
        let mut plain = HashMap::from([(Some(0), start(30)), (Some(1), start(30)), (None, start(50))]);
        let (mut now, mut revision) = (400 * DAY, 1);
        for step in steps {
            match step {
                Step::Clock { hours } => now = (now + hours * 3_600).max(0),
                Step::Touch { of } => {
                    revision += 1;
                    shop.node.apply(revision, Changes { keys: vec![key(of, revision, &[])], ..Changes::default() });
                }
                Step::Set { of, remaining, refill } => {
                    revision += 1;
                    let holder = of.map_or(OWNER, |of| KEYS[of]);
                    let set = shop.bank.get_mut().unwrap().set(holder, revision, refill, remaining, at(now));
                    let mut changes = Changes { credits: vec![set], ..Changes::default() };
                    match of {
                        Some(of) => changes.keys.push(key(of, revision, &[])),
                        None => changes.owners.push(given::owner(&owner(), revision)),
                    }
                    shop.node.apply(revision, changes);
                    plain.insert(of, Plain { left: remaining, refill, day: now.div_euclid(DAY) });
                }
                Step::Ask { of, cost } => {
                    let names = [Some(of), None];
                    names.iter().for_each(|name| plain.get_mut(name).unwrap().turn(now));
                    let fits = names.iter().all(|name| plain[name].left >= u64::from(cost));
                    let spent = shop.spend(of, Some(cost), at(now));
                    prop_assert_eq!(spent.failure().is_none(), fits, "cost {} with {:?}", cost, plain);
                    for name in names.iter().filter(|_| fits) {
                        plain.get_mut(name).unwrap().left -= u64::from(cost);
                    }
                    let left: Vec<u64> = spent.credits.iter().map(|credits| credits.remaining).collect();
                    prop_assert_eq!(left, names.map(|name| plain[&name].left));
                }
            }
        }
    }
}
