//! Users: owners of keys, members of organizations.

use keyward_core::bounds::fold;
use keyward_core::{OrgCode, Timestamp, UserId};

use crate::change::Change;
use crate::db::{execute, fetch_optional};
use crate::row::row;
use crate::{StoreError, Tx};

row! {
    /// A user as it is stored.
    pub struct UserRow {
        /// The user's id.
        pub id: UserId,
        /// The platform's own id of the user.
        pub external_id: Option<String>,
        /// The first name.
        pub given_name: Option<String>,
        /// The last name.
        pub family_name: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// The telephone number.
        pub phone: Option<String>,
        /// The user name.
        pub username: Option<String>,
        /// When the user was made.
        pub created_at: Timestamp,
        /// Since when the user is suspended.
        pub suspended_at: Option<Timestamp>,
    }
}

/// A user to store.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The user's id.
    pub id: &'a UserId,
    /// The platform's own id of the user.
    pub external_id: Option<&'a str>,
    /// The first name.
    pub given_name: Option<&'a str>,
    /// The last name.
    pub family_name: Option<&'a str>,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The telephone number.
    pub phone: Option<&'a str>,
    /// The user name.
    pub username: Option<&'a str>,
}

/// A column by which a user is found, and which is unique.
#[derive(Clone, Copy, Debug)]
pub enum UserColumn {
    /// The platform's own id.
    ExternalId,
    /// The e-mail address.
    Email,
    /// The telephone number.
    Phone,
    /// The user name.
    Username,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, external_id, given_name, family_name, email, phone, username, created_at, suspended_at \
             FROM users WHERE deleted_at IS NULL AND ",
            $rest
        )
    };
}

/// A user by id.
pub async fn find_user(tx: &mut Tx, id: &UserId) -> Result<Option<UserRow>, StoreError> {
    Ok(fetch_optional!(tx, select!("id = $1"), id.as_str())?)
}

/// A user by something else that is unique.
pub async fn find_user_by(tx: &mut Tx, column: UserColumn, value: &str) -> Result<Option<UserRow>, StoreError> {
    let sql = match column {
        UserColumn::ExternalId => select!("external_id = $1"),
        UserColumn::Email => select!("email = $1"),
        UserColumn::Phone => select!("phone = $1"),
        UserColumn::Username => select!("username = $1"),
    };
    Ok(fetch_optional!(tx, sql, value)?)
}

/// Stores a user.
pub async fn insert_user(change: &mut Change, new: &NewUser<'_>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO users (id, external_id, given_name, family_name, name_folded, email, phone, \
         username, created_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    let name: Vec<&str> = [new.given_name, new.family_name].into_iter().flatten().collect();
    execute!(
        change,
        SQL,
        new.id.as_str(),
        new.external_id,
        new.given_name,
        new.family_name,
        fold(&name.join(" ")),
        new.email,
        new.phone,
        new.username,
        now,
        stamp
    )?;
    Ok(())
}

/// Makes a user a member of an organization.
pub async fn insert_member(change: &mut Change, org_code: &OrgCode, user_id: &UserId) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO members (org_code, user_id, created_at, revision) VALUES ($1, $2, $3, $4)";
    let (now, stamp) = (change.now().as_micros(), change.stamp());
    execute!(change, SQL, org_code.as_str(), user_id.as_str(), now, stamp)?;
    Ok(())
}
