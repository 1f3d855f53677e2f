//! Secrets that nobody knows, by their form alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_core::KeySecret;

/// What stands between prefix and body of a key's secret.
const CLASSES: [&str; 3] = ["_live_", "_test_", "_adm_"];

/// Characters of a key's secret behind its class.
const BODY: usize = 50;

/// What has the form of a key's secret, with a check that is right, or of a token.
pub(crate) fn forms_of_secrets(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found: Vec<String> = text.match_indices(&start_of_tokens()).map(|_| "a token".to_owned()).collect();
    for (at, class) in CLASSES.iter().flat_map(|class| text.match_indices(class)) {
        let is_prefix = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let prefix = text.as_bytes()[..at].iter().rev().take(16).take_while(|byte| is_prefix(byte)).count();
        let Some(body) = text.get(at + class.len()..at + class.len() + BODY) else { continue };
        // What stands before may be part of the prefix or not.
        let secrets = (1..=prefix).map(|length| format!("{}{class}{body}", &text[at - length..at]));
        found.extend(secrets.filter(|secret| KeySecret::parse(secret).is_some()).map(|_| format!("a key{class}…")));
    }
    found
}

/// How every token begins that Keyward signs.
pub(crate) fn start_of_tokens() -> String {
    let mut start = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"RS256","kid":""#);
    // The last letter holds bits of the id that follows.
    start.pop();
    start
}
