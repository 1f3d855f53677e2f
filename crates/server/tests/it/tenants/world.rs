//! Two organizations with applications of their own, and a platform with things that are neither's. Every name that the
//! other two have given has a word of its own in it, so that it can be found wherever it comes out.

use std::collections::BTreeMap;

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_core::{KeyPrefix, KeySecret, ManagementScope};
use serde_json::{Value, json};

use super::places::Kind;
use crate::support::{Actor, TestApp, with};

/// The names of somebody's things, by what they are the names of.
pub(super) type Names = BTreeMap<Kind, Vec<String>>;

/// An organization and its application.
pub(super) struct Tenant<'a> {
    pub(super) org: String,
    pub(super) client_id: String,
    pub(super) application: Actor<'a>,
    pub(super) names: Names,
}

pub(super) struct World<'a> {
    pub(super) admin: Actor<'a>,
    /// Who asks.
    pub(super) own: Tenant<'a>,
    /// Who must not notice.
    pub(super) other: Tenant<'a>,
    /// Neither's.
    pub(super) platform: Names,
}

/// In every name that the organization which asks has given.
const OWN: &str = "alpaca";
/// In every name that the other organization has given, and in the platform's.
pub(super) const FOREIGN: [&str; 2] = ["quagga", "tarpan"];

impl<'a> World<'a> {
    pub(super) async fn make(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let shared = admin.makes_api("https://shared.example.com", &["read:shared"]).await;
        for key in ["viewer", "editor"] {
            admin.makes_role(key, json!({})).await;
            admin.makes_permission(key, json!({})).await;
        }
        let mut own = tenant(app, &admin, OWN, &shared).await;
        // Roles and permissions are the platform's. Their keys are no secret: members are listed with those they have.
        own.names.insert(Kind::RoleKey, vec!["viewer".into()]);
        own.names.insert(Kind::PermissionKey, vec!["viewer".into()]);
        let other = tenant(app, &admin, FOREIGN[0], &shared).await;
        let users = [&own, &other].map(|tenant| tenant.names[&Kind::User][0].as_str());
        let platform = platform(app, &admin, FOREIGN[1], users).await;
        app.fold().await;
        Self { admin, own, other, platform }
    }

    /// Everything that answers to the organization must not hold.
    pub(super) fn marks(&self) -> Vec<String> {
        use Kind::{Application, Key, KeySecret, Organization, User};
        let ids = [Organization, User, Key, KeySecret, Application, Kind::Api, Kind::Scope];
        let of_others = [&self.other.names, &self.platform];
        let marks = of_others.iter().flat_map(|names| ids.iter().filter_map(|kind| names.get(kind))).flatten().cloned();
        marks.chain(FOREIGN.map(ToOwned::to_owned)).collect()
    }
}

/// An organization with members, an API of its own, keys, and an application with every scope.
async fn tenant<'a>(app: &'a TestApp, admin: &Actor<'a>, word: &str, shared: &str) -> Tenant<'a> {
    let every: Vec<&str> = ManagementScope::ALL.iter().map(|scope| scope.key()).collect();
    let made = admin.post("/api/v1/organization", json!({ "name": format!("{word} Ltd"), "external_id": word })).await;
    let org = made.text("/organization/code");
    let mut names = people(admin, word, &["Ann", "Bea", "Cyd"]).await;
    let members: Vec<Value> = names[&Kind::User]
        .iter()
        .map(|id| json!({ "id": id, "roles": ["viewer"], "permissions": ["viewer"] }))
        .collect();
    assert_eq!(
        admin.post(&format!("/api/v1/organizations/{org}/users"), json!({ "users": members })).await.status,
        200
    );

    let name = json!({ "org_code": org, "name": format!("{word} backend") });
    let (client_id, client_secret) = admin.makes_application(&every, name).await;
    let application = app.sign_in(&client_id, &client_secret).await;
    let api = protected(admin, word, &mut names).await;
    for api in [api.as_str(), shared] {
        admin.authorizes(api, &application).await;
    }
    let scope = format!("/api/v1/apis/{api}/applications/{client_id}/scopes/{}", names[&Kind::Scope][0]);
    assert_eq!(admin.call(Method::POST, &scope, None).await.status, 200);
    for at in 0..4 {
        let body = json!({ "name": format!("{word} key {at}"), "api_id": api, "org_code": org });
        let body = with(&body, json!({ "scope_ids": [format!("{word}:read")], "metadata": { "of": word } }));
        let made = application.makes_key(body).await;
        assert_eq!(application.verify(&made.1, json!({})).await.body["is_valid"], true);
        keep_key(&mut names, made, &format!("{word} key {at}"));
    }

    let more = [
        (Kind::Organization, org.clone()),
        (Kind::OrganizationExternalId, word.to_owned()),
        (Kind::OrganizationToken, token("organizations", &org)),
        (Kind::Application, client_id.clone()),
        (Kind::ApplicationSecret, client_secret),
        (Kind::Maker, format!("{word} backend")),
        (Kind::Repeat, format!("{word}-0001")),
    ];
    for (kind, name) in more {
        names.entry(kind).or_default().push(name);
    }
    Tenant { org, client_id, application, names }
}

/// What belongs to nobody but the platform.
async fn platform(app: &TestApp, admin: &Actor<'_>, word: &str, users: [&str; 2]) -> Names {
    let mut names = people(admin, word, &["Dot"]).await;
    protected(admin, word, &mut names).await;
    let (id, secret) = admin.makes_application(&["read:api_keys"], json!({ "name": format!("{word} app") })).await;
    let machine = admin.makes_environment_key(&["read:api_keys"], json!({ "name": format!("{word} machine") })).await;
    // A member's own key is not the organization's.
    for (at, user) in users.into_iter().enumerate() {
        let name = format!("{word} user's {at}");
        let of_user = json!({ "name": name, "api_id": names[&Kind::Api][0], "user_id": user });
        keep_key(&mut names, admin.makes_key(of_user).await, &name);
    }
    for key in admin.get("/api/v1/api_keys?key_type=environment").await.body["api_keys"].as_array().unwrap() {
        names.entry(Kind::Key).or_default().push(key["id"].as_str().unwrap().to_owned());
    }
    names.entry(Kind::KeySecret).or_default().push(machine.token.unwrap());
    names.entry(Kind::Application).or_default().push(id);
    names.entry(Kind::ApplicationSecret).or_default().push(secret);
    for name in ["Small", "Large"] {
        let limits = json!([{ "name": name.to_lowercase(), "limit": 1_000_000, "window_seconds": 1 }]);
        let body = json!({ "name": format!("{word} {name}"), "rate_limits": limits });
        assert_eq!(admin.post("/api/v1/plans", body).await.status, 201);
    }
    for (kind, path, list) in [
        (Kind::Role, "/api/v1/roles", "/roles"),
        (Kind::Permission, "/api/v1/permissions", "/permissions"),
        (Kind::Plan, "/api/v1/plans", "/plans"),
    ] {
        let listed = admin.get(path).await;
        let ids = listed.body.pointer(list).and_then(Value::as_array).unwrap();
        names.insert(kind, ids.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect());
    }
    app.remember(&names[&Kind::ApplicationSecret][0]);
    names
}

async fn people(admin: &Actor<'_>, word: &str, given: &[&str]) -> Names {
    let mut names = Names::new();
    for (at, given) in given.iter().enumerate() {
        let (email, username) = (format!("{given}@{word}.example").to_lowercase(), format!("{word}-{at}"));
        let phone = format!("+6140000{}{at}", word.bytes().map(u32::from).sum::<u32>());
        let identities = json!([
            { "type": "email", "details": { "email": email } },
            { "type": "username", "details": { "username": username } },
            { "type": "phone", "details": { "phone": phone } },
        ]);
        let profile = json!({ "given_name": given, "family_name": word });
        let body = json!({ "profile": profile, "identities": identities, "provided_id": format!("{word}-user-{at}") });
        let id = admin.post("/api/v1/user", body).await.text("/id");
        let of_user = [
            (Kind::UserToken, token("members", &id)),
            (Kind::User, id),
            (Kind::UserExternalId, format!("{word}-user-{at}")),
            (Kind::Email, email),
            (Kind::Username, username),
            (Kind::Phone, phone),
        ];
        for (kind, name) in of_user {
            names.entry(kind).or_default().push(name);
        }
    }
    names
}

/// An API with a scope.
async fn protected(admin: &Actor<'_>, word: &str, names: &mut Names) -> String {
    let (audience, scope) = (format!("https://{word}.example.com"), format!("{word}:read"));
    let body = json!({ "name": format!("{word} API"), "audience": audience });
    let api = admin.post("/api/v1/apis", body).await.text("/api/id");
    let made = admin.post(&format!("/api/v1/apis/{api}/scopes"), json!({ "key": scope })).await;
    names.insert(Kind::Api, vec![api.clone()]);
    names.insert(Kind::Audience, vec![audience]);
    names.insert(Kind::Scope, vec![made.text("/scope/id")]);
    names.insert(Kind::ScopeKey, vec![scope]);
    api
}

fn keep_key(names: &mut Names, (id, secret): (String, String), name: &str) {
    names.entry(Kind::Key).or_default().push(id);
    names.entry(Kind::KeySecret).or_default().push(secret);
    names.entry(Kind::KeyName).or_default().push(name.to_owned());
}

/// A cursor of a list that names this.
fn token(list: &str, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}.name_asc {id}"))
}

/// A name of the same form, of nobody: right beside the other one in every order.
pub(super) fn of_nobody(kind: Kind, name: &str) -> String {
    match kind {
        Kind::OrganizationToken | Kind::UserToken => {
            let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(name).unwrap()).unwrap();
            URL_SAFE_NO_PAD.encode(of_nobody(Kind::Plain, &decoded))
        }
        Kind::KeySecret => {
            let secret = KeySecret::parse(name).unwrap();
            let other = KeySecret::generate(&KeyPrefix::default(), secret.class(), &mut |bytes| bytes.fill(9));
            other.plain().expose().to_owned()
        }
        _ => {
            let (start, last) = name.split_at(name.len() - 1);
            let digits = "0123456789abcdef";
            let next = match digits.find(last) {
                Some(at) if at + 1 < digits.len() && last != "9" => &digits[at + 1..=at + 1],
                Some(at) => &digits[at - 1..at],
                None if last == "x" => "y",
                None => "x",
            };
            format!("{start}{next}")
        }
    }
}
