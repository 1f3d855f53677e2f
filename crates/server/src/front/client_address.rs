//! The address of whoever sent a request: the connection's other end, or behind proxies that are trusted the hop before
//! them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;
use keyward_core::bounds;

use crate::app::App;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What stands for a peer that is not known, as where a request reaches the router without a socket. It is an address
/// like any other: it may be limited, and is trusted only by whoever lists it.
const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Who sent a request. An IPv4 address that was written as IPv6 is IPv4 here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// Proxies whose word about the hop before them is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads a list of addresses and networks in CIDR notation; `None` if an entry is neither.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        entries.into_iter().map(|entry| bounds::cidr(entry.trim()).ok()).collect::<Option<_>>().map(Self)
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Notes who sent a request.
pub(crate) async fn find_client(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get().map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| peer.ip());
    let found = client_address(peer, request.headers(), &app.settings.trusted_proxies);
    request.extensions_mut().insert(ClientAddress(found));
    next.run(request).await
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

impl ClientAddress {
    /// Who sent this request.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().copied().unwrap_or(Self(UNKNOWN))
    }

    /// The address for what is kept of a request; none if it is not known.
    pub(crate) fn known(extensions: &Extensions) -> Option<IpAddr> {
        extensions.get().map(|Self(address)| *address).filter(|address| *address != UNKNOWN)
    }
}

/// The rightmost hop that is not trusted. Each trusted one is asked who came before it: that is the element of
/// `X-Forwarded-For` which it added on the right. What stands further left was written by somebody whom nobody trusts.
///
/// An element that is no address, an empty one too, ends the walk at the trusted hop that wrote it: skipping it would be
/// to believe the next one, which a client may have sent.
fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let mut address = peer.unwrap_or(UNKNOWN).to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>().into_iter().rev();
    let mut elements = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    while trusted.contains(address) {
        let Some(before) = elements.next().and_then(read_element) else { break };
        address = before;
    }
    address
}

/// An address with or without a port, an IPv6 one with or without brackets.
fn read_element(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?.trim_matches([' ', '\t']);
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok();
    let address = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, ""))) => address.parse::<Ipv6Addr>().ok()?.into(),
        Some(Some((address, port))) if port.strip_prefix(':').is_some_and(is_port) => {
            address.parse::<Ipv6Addr>().ok()?.into()
        }
        Some(_) => return None,
        None => match text.split_once(':') {
            Some((address, port)) if is_port(port) && address.contains('.') => address.parse::<Ipv4Addr>().ok()?.into(),
            _ => text.parse::<IpAddr>().ok()?,
        },
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
