//! Requests that are HTTP by their letters and ambiguous by their meaning: refused before any door, and their connection
//! is closed, so that nobody in front of us and we can take different bytes for the next request (RFC 9112 section 11.2).
//!
//! What is no HTTP at all is refused before, by hyper.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method, Version};
use keyward_wire::ErrorCode;

use crate::front::refuse;
use crate::refusal::Refusal;

/// Lets in what has one meaning.
pub(crate) async fn let_in(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Err(refusal) = check(&parts) else {
        name_host(&mut parts);
        return next.run(Request::from_parts(parts, body)).await;
    };
    let mut response = refuse(parts.uri.path(), refusal);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn check(parts: &Parts) -> Result<(), Refusal> {
    if parts.method == Method::CONNECT {
        return Err(Refusal::new(ErrorCode::MethodNotAllowed));
    }
    check_target(parts)?;
    check_host(parts)?;
    check_transfer_encoding(parts)
}

/// A path, or an address of http with one (RFC 9112 section 3.2), in ASCII.
fn check_target(parts: &Parts) -> Result<(), Refusal> {
    let is_address = match parts.uri.scheme_str() {
        Some(scheme) => matches!(scheme, "http" | "https"),
        None => parts.uri.authority().is_none(),
    };
    let is_clear = is_address && parts.uri.path_and_query().is_some_and(|target| target.as_str().is_ascii());
    let message = "The target must be a path, or an address of http with one, in ASCII.";
    if is_clear { Ok(()) } else { Err(Refusal::with(ErrorCode::RequestMalformed, message)) }
}

/// One host, in one place or the same in both (RFC 9112 sections 3.2 and 3.2.2).
fn check_host(parts: &Parts) -> Result<(), Refusal> {
    let unclear = |message: &str| Err(Refusal::with(ErrorCode::RequestMalformed, message));
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return unclear("The Host header stands more than once."),
        (None, _) if parts.version == Version::HTTP_11 => return unclear("The Host header is missing."),
        (None, _) => None,
        (Some(value), None) if value.is_empty() => None,
        (Some(value), None) => match value.to_str().ok().and_then(|text| text.parse().ok()).filter(is_host) {
            Some(host) => Some(host),
            None => return unclear("The Host header is not a host, with or without a port."),
        },
    };
    match (parts.uri.authority(), host) {
        (Some(target), Some(host)) if *target != host => unclear("The Host header and the target name two hosts."),
        (Some(target), _) if !is_host(target) => unclear("The target's host is not one, with or without a port."),
        _ => Ok(()),
    }
}

/// In HTTP/2 the host stands in `:authority` and seldom in the header, where doors look for it (RFC 9113 section 8.3.1).
fn name_host(parts: &mut Parts) {
    let host = parts.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if parts.version == Version::HTTP_2
        && let Some(host) = host
    {
        parts.headers.entry(HOST).or_insert(host);
    }
}

/// Whether there is no user in it, and a number for a port if any.
fn is_host(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host());
    rest.is_some_and(|port| port.is_empty() || authority.port_u16().is_some())
}

/// `chunked` alone, once (RFC 9112 section 6.1): nothing else is decoded here.
fn check_transfer_encoding(parts: &Parts) -> Result<(), Refusal> {
    let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
    let is_clear = match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    };
    let message = "The Transfer-Encoding header must be `chunked`, once.";
    if is_clear { Ok(()) } else { Err(Refusal::with(ErrorCode::RequestMalformed, message)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_http_2_has_its_host_where_doors_look() {
        for (version, header, host) in [
            (Version::HTTP_2, None, Some("keys.example.com:8443")),
            (Version::HTTP_2, Some("KEYS.example.com:8443"), Some("KEYS.example.com:8443")),
            (Version::HTTP_10, None, None),
        ] {
            let mut request = Request::builder().version(version).uri("https://keys.example.com:8443/healthz");
            if let Some(header) = header {
                request = request.header(HOST, header);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            name_host(&mut parts);
            assert_eq!(parts.headers.get(HOST).map(|host| host.to_str().unwrap()), host);
        }
    }
}
