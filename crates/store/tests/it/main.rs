//! The conformance suite: states each behaviour of the store once, and runs it on SQLite and on PostgreSQL.
//!
//! For PostgreSQL, `TEST_POSTGRES_URL` is the address of a throwaway server's maintenance database, such as
//! `postgres://postgres@127.0.0.1:5432/postgres`. Without a server, leave those tests out: `not test(postgres)`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

/// Runs behaviours on both databases: from `name` it makes the tests `sqlite::name` and `postgres::name`.
///
/// A behaviour is an `async fn(&TestStore)` beside it; one that is not listed is reported as dead code.
macro_rules! conformance {
    ($($behaviour:ident,)*) => {
        conformance!(@on sqlite: $($behaviour,)*);
        conformance!(@on postgres: $($behaviour,)*);
    };
    (@on $database:ident: $($behaviour:ident,)*) => {
        mod $database {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    let store = crate::test_store::TestStore::$database().await;
                    super::$behaviour(&store).await;
                    store.remove().await;
                }
            )*
        }
    };
}

mod feed;
mod given;
mod test_store;

mod apis;
mod applications;
mod audit;
mod audit_erase;
mod audit_list;
mod audit_verify;
mod beside;
mod changes;
mod credits;
mod grants;
mod kept_answers;
mod key_filters;
mod key_lists;
mod key_references;
mod key_sets;
mod key_status;
mod keys;
mod lists;
mod master_secrets;
mod member_filters;
mod member_rights;
mod members;
mod opening;
mod organizations;
mod permissions;
mod plans;
mod readers;
mod refusals;
mod roles;
mod schema;
mod signing_keys;
mod tidying;
mod usage;
mod users;
