//! A database of its own on the throwaway server.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::dice::Dice;
use super::variable;

/// A database on the throwaway server, dropped by [`Server::remove`].
pub(super) struct Server {
    address: String,
    name: String,
    pub(super) url: String,
}

impl Server {
    pub(super) async fn create(dice: &mut Dice) -> Self {
        let address = variable("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL must be the address of a throwaway PostgreSQL server; \
             or leave these tests out with `not test(postgres)`",
        );
        let name = format!("crash_{:016x}", dice.throw());
        on_server(&address, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let (server, _) = address.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        Self { address, name, url }
    }

    pub(super) async fn remove(self) {
        on_server(&self.address, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn on_server(address: &str, sql: String) {
    let mut connection = PgConnection::connect(address).await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
