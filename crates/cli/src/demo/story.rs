//! What the demo shows, step by step.

use keyward_client::wire::keys::{CreateKeyRequest, KeySecretOnce};
use keyward_client::wire::verify::{VerifyKeyRequest, VerifyKeyResponse};
use keyward_client::{Client, Credentials, request_token};
use keyward_core::PlainSecret;
use keyward_server::App;

use super::things::{self, ORGANIZATION, Things, USER, sign_in};
use crate::Failure;
use crate::output::line;

/// Does the quick start, and ends with what to try next.
pub(super) async fn tell(app: &App) -> Result<(), Failure> {
    // By its address: the name could lead to somebody else who listens on the same port.
    let url = &format!("http://{}", app.settings.listen);
    line(&format!("Keyward listens on {url}\n"));
    let things = match things::find(app)? {
        Some(things) => {
            line("1. Found what the demo made before:");
            say("the API", things.api_id.as_str());
            say("the organization", ORGANIZATION);
            say("the user", USER);
            say("the M2M application", things.backend_id.as_str());
            things
        }
        None => {
            line("1. Registered and created, by the management API:");
            things::make(app, url, say).await?
        }
    };
    let admin = sign_in(url, things.first.client_id.as_str(), &things.first.client_secret).await?;

    line("\n2. Issued a key to the organization and one to the user:");
    let org_key = issue(&admin, &things, true, &["read:orders"]).await?;
    let user_key = issue(&admin, &things, false, &["read:orders", "write:orders"]).await?;
    say("the organization's key", org_key.key.expose());
    say("the user's key", user_key.key.expose());

    line("\n3. Got an M2M token for the backend (POST /oauth2/token):");
    let credentials =
        Credentials { client_id: things.backend_id.as_str(), client_secret: &things.backend_secret, audience: None };
    let token = request_token(url, &credentials).await?;
    say("it carries", &token.scope);
    say("and lives", &format!("{} s", token.expires_in));
    let backend = Client::new(url, token.access_token)?;

    line("\n4. Verified both (POST /api/v1/api_keys/verify); your API goes on:");
    show(&verify(&backend, &org_key.key, "read:orders").await?, 200)?;
    show(&verify(&backend, &user_key.key, "write:orders").await?, 200)?;

    line("\n5. The organization's key lacks write:orders; your API answers 403:");
    show(&verify(&backend, &org_key.key, "write:orders").await?, 403)?;

    line("\n6. Revoked the user's key; your API answers 401 from now on:");
    admin.revoke_key(&user_key.id).await?;
    show(&verify(&backend, &user_key.key, "read:orders").await?, 401)?;

    next(url, &things, &org_key);
    Ok(())
}

fn say(what: &str, id: &str) {
    line(&format!("   {what:<36} {id}"));
}

async fn issue(
    admin: &Client,
    things: &Things,
    is_for_organization: bool,
    scopes: &[&str],
) -> Result<KeySecretOnce, Failure> {
    let mut request = CreateKeyRequest {
        api_id: things.api_id.to_string(),
        scope_ids: Some(scopes.iter().map(ToString::to_string).collect()),
        ..CreateKeyRequest::default()
    };
    if is_for_organization {
        request.name = "Acme production".into();
        request.org_external_id = Some(ORGANIZATION.into());
    } else {
        request.name = "Ada's script".into();
        request.user_external_id = Some(USER.into());
    }
    Ok(admin.create_key(&request).await?.body.api_key)
}

async fn verify(backend: &Client, key: &PlainSecret, scope: &str) -> Result<VerifyKeyResponse, Failure> {
    let scopes = Some(vec![scope.to_owned()]);
    let request = VerifyKeyRequest { scopes, ..VerifyKeyRequest::new(key.expose()) };
    Ok(backend.verify_key(&request).await?)
}

/// Prints an answer whole, and holds it against what the story says.
fn show(answer: &VerifyKeyResponse, wanted: u16) -> Result<(), Failure> {
    for text in serde_json::to_string_pretty(answer)?.lines() {
        line(&format!("   {text}"));
    }
    if answer.http_status == wanted { Ok(()) } else { Err(format!("this should have been {wanted}").into()) }
}

fn next(url: &str, things: &Things, key: &KeySecretOnce) {
    let (id, secret) = (&things.backend_id, things.backend_secret.expose());
    line("\nKeyward stays up until Ctrl-C. Try next, in another terminal:\n");
    line("# 1. a token for the backend");
    line(&format!(
        "TOKEN=$(curl -s {url}/oauth2/token -d grant_type=client_credentials -d client_id={id} \\\n  \
         -d client_secret={secret} | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')\n"
    ));
    line("# 2. verify the organization's key");
    line(&format!(
        "curl -s {url}/api/v1/api_keys/verify -H \"Authorization: Bearer $TOKEN\" \\\n  \
         -H 'Content-Type: application/json' -d '{{\"api_key\":\"{}\",\"scopes\":[\"read:orders\"]}}'\n",
        key.key.expose()
    ));
    line("# 3. everything that can be called");
    line(&format!("curl -s {url}/openapi.json\n"));
}
