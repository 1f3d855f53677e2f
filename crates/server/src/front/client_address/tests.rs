//! Who sent it? Trusted are 10.0.0.0/8, 192.0.2.1, fd00::/8 and, written as IPv6, 172.16.0.0/12.

use http::HeaderValue;

use super::*;

const TRUSTED: [&str; 4] = ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::ffff:172.16.0.0/108"];

/// What is sent, from which peer, and whose request it is then.
type Vector = (&'static str, &'static str, &'static [&'static [u8]], &'static str);

const FROM_STRANGERS: &[Vector] = &[
    ("nothing is said", "203.0.113.9", &[], "203.0.113.9"),
    ("a stranger names another", "203.0.113.9", &[b"198.51.100.7"], "203.0.113.9"),
    ("a stranger names a trusted proxy", "203.0.113.9", &[b"10.0.0.1"], "203.0.113.9"),
    ("a stranger names us", "203.0.113.9", &[b"127.0.0.1"], "203.0.113.9"),
    ("a stranger sends garbage", "203.0.113.9", &[b"\xff\xfe"], "203.0.113.9"),
    ("a stranger beside a trusted network", "11.0.0.1", &[b"198.51.100.7"], "11.0.0.1"),
    ("a stranger beside a trusted address", "192.0.2.2", &[b"198.51.100.7"], "192.0.2.2"),
    ("loopback is nobody special", "127.0.0.1", &[b"198.51.100.7"], "127.0.0.1"),
    ("a stranger by IPv6", "2001:db8::9", &[b"198.51.100.7"], "2001:db8::9"),
    ("a stranger by IPv4 in IPv6", "::ffff:203.0.113.9", &[b"198.51.100.7"], "203.0.113.9"),
    ("an IPv6 address that ends like a trusted one", "2001:db8::10.0.0.1", &[b"198.51.100.7"], "2001:db8::a00:1"),
    ("an old form of IPv4 in IPv6 is not IPv4", "::10.0.0.1", &[b"198.51.100.7"], "::a00:1"),
];

const FROM_PROXIES: &[Vector] = &[
    ("nothing is said", "10.0.0.1", &[], "10.0.0.1"),
    ("one hop", "10.0.0.1", &[b"198.51.100.7"], "198.51.100.7"),
    ("one hop by IPv6", "10.0.0.1", &[b"2001:db8::7"], "2001:db8::7"),
    ("a proxy by IPv6", "fd00::1", &[b"198.51.100.7"], "198.51.100.7"),
    ("a proxy by IPv4 in IPv6", "::ffff:10.0.0.1", &[b"198.51.100.7"], "198.51.100.7"),
    ("a proxy of the network written as IPv6", "172.31.0.1", &[b"198.51.100.7"], "198.51.100.7"),
    ("outside of the network written as IPv6", "172.32.0.1", &[b"198.51.100.7"], "172.32.0.1"),
    ("what the client made up stands left", "10.0.0.1", &[b"1.1.1.1, 198.51.100.7"], "198.51.100.7"),
    ("it made up a trusted one", "10.0.0.1", &[b"10.0.0.9, 198.51.100.7"], "198.51.100.7"),
    ("it made up many", "10.0.0.1", &[b"1.1.1.1,2.2.2.2,3.3.3.3,10.1.1.1, 198.51.100.7"], "198.51.100.7"),
    ("two proxies", "10.0.0.1", &[b"198.51.100.7, 10.0.0.2"], "198.51.100.7"),
    (
        "three, one by IPv6, one by IPv4 in IPv6",
        "192.0.2.1",
        &[b"198.51.100.7, fd00::2, ::ffff:10.0.0.2"],
        "198.51.100.7",
    ),
    ("two proxies and a made-up start", "10.0.0.1", &[b"1.1.1.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
    ("all are trusted: the leftmost", "10.0.0.1", &[b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    ("a proxy calls for itself", "10.0.0.1", &[b"10.0.0.1"], "10.0.0.1"),
    ("two lines are one list", "10.0.0.1", &[b"1.1.1.1", b"198.51.100.7"], "198.51.100.7"),
    ("two lines, the last is a proxy's", "10.0.0.1", &[b"198.51.100.7", b"10.0.0.2"], "198.51.100.7"),
    (
        "three lines with lists",
        "10.0.0.1",
        &[b"1.1.1.1, 2.2.2.2", b"198.51.100.7, 10.0.0.3", b"10.0.0.2"],
        "198.51.100.7",
    ),
    ("no space", "10.0.0.1", &[b"1.1.1.1,198.51.100.7,10.0.0.2"], "198.51.100.7"),
    ("much space and a tab", "10.0.0.1", &[b" 1.1.1.1 ,\t198.51.100.7 \t,  10.0.0.2  "], "198.51.100.7"),
    ("with a port", "10.0.0.1", &[b"198.51.100.7:4711"], "198.51.100.7"),
    ("brackets and a port", "10.0.0.1", &[b"[2001:db8::7]:4711"], "2001:db8::7"),
    ("brackets alone", "10.0.0.1", &[b"[2001:db8::7]"], "2001:db8::7"),
    ("IPv4 in IPv6 in brackets with a port", "10.0.0.1", &[b"[::ffff:198.51.100.7]:1"], "198.51.100.7"),
    ("IPv4 in IPv6 in hex", "10.0.0.1", &[b"::ffff:c633:6407"], "198.51.100.7"),
    ("capitals and zeros of IPv6", "10.0.0.1", &[b"2001:0DB8:0:0:0:0:0:7"], "2001:db8::7"),
    ("a proxy with a port", "10.0.0.1", &[b"198.51.100.7, 10.0.0.2:80"], "198.51.100.7"),
];

/// Elements that are no address: whoever wrote them is the last that is known.
const NO_ADDRESS: &[&[u8]] = &[
    b"",
    b" ",
    b"unknown",
    b"_hidden",
    b"unix:",
    b"localhost",
    b"proxy.example.com",
    b"198.51.100",
    b"198.51.100.7.1",
    b"198.51.100.256",
    b"0198.51.100.7",
    b"0xc6.51.100.7",
    b"3325256711",
    b"198.51.100.7/32",
    b"198.51.100.7:",
    b"198.51.100.7:http",
    b"198.51.100.7:65536",
    b"198.51.100.7:+80",
    b"198.51.100.7:80:80",
    b"198.51.100.7 1.1.1.1",
    b"198.51.100.7;1.1.1.1",
    b"\"198.51.100.7\"",
    b"for=198.51.100.7",
    b"[198.51.100.7]",
    b"[2001:db8::7",
    b"2001:db8::7]",
    b"[2001:db8::7]80",
    b"[2001:db8::7]:",
    b"[[2001:db8::7]]",
    b"[]",
    b"fe80::1%eth0",
    b"2001:db8:::7",
    b"198.51.100.7\xff",
    b"\xe2\x80\x8b198.51.100.7",
];

fn asked(peer: Option<&str>, lines: &[&[u8]], trusted: &[&str]) -> IpAddr {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
    }
    let trusted = TrustedProxies::parse(trusted.iter().copied()).unwrap();
    client_address(peer.map(|peer| peer.parse().unwrap()), &headers, &trusted)
}

#[test]
fn whoever_is_not_trusted_is_not_asked() {
    for (name, peer, lines, client) in FROM_STRANGERS {
        assert_eq!(asked(Some(peer), lines, &TRUSTED).to_string(), *client, "{name}");
    }
}

#[test]
fn behind_trusted_proxies_it_is_the_rightmost_that_is_not() {
    for (name, peer, lines, client) in FROM_PROXIES {
        assert_eq!(asked(Some(peer), lines, &TRUSTED).to_string(), *client, "{name}");
    }
}

#[test]
fn what_is_no_address_ends_the_walk_at_whoever_wrote_it() {
    for element in NO_ADDRESS {
        let name = String::from_utf8_lossy(element);
        let after_a_made_up_one = [b"1.1.1.1, ", *element].concat();
        let before_a_proxy = [b"1.1.1.1, ", *element, b", 10.0.0.2"].concat();
        assert_eq!(asked(Some("10.0.0.1"), &[element], &TRUSTED).to_string(), "10.0.0.1", "{name}");
        assert_eq!(asked(Some("10.0.0.1"), &[&after_a_made_up_one], &TRUSTED).to_string(), "10.0.0.1", "{name}");
        assert_eq!(asked(Some("10.0.0.1"), &[b"1.1.1.1", element], &TRUSTED).to_string(), "10.0.0.1", "{name}");
        assert_eq!(asked(Some("10.0.0.1"), &[&before_a_proxy], &TRUSTED).to_string(), "10.0.0.2", "{name}");
    }
}

#[test]
fn by_default_nobody_is_trusted() {
    for (name, peer, lines, _) in FROM_STRANGERS.iter().chain(FROM_PROXIES) {
        let peer_itself = peer.parse::<IpAddr>().unwrap().to_canonical();
        assert_eq!(asked(Some(peer), lines, &[]), peer_itself, "{name}");
    }
}

#[test]
fn a_peer_that_is_not_known_is_an_address_that_nobody_has() {
    assert_eq!(asked(None, &[b"198.51.100.7"], &TRUSTED), UNKNOWN);
    assert_eq!(asked(None, &[], &[]), UNKNOWN);
    assert_eq!(asked(None, &[b"198.51.100.7"], &["0.0.0.0"]).to_string(), "198.51.100.7", "unless it is listed");
}

#[test]
fn everybody_may_be_trusted_and_then_the_leftmost_counts() {
    let all = ["0.0.0.0/0", "::/0"];
    assert_eq!(asked(Some("203.0.113.9"), &[b"1.1.1.1, 2001:db8::7, 10.0.0.2"], &all).to_string(), "1.1.1.1");
}

#[test]
fn a_list_of_proxies_is_of_addresses_and_networks() {
    for entry in ["", "proxy.example.com", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "10.0.0.0/8,", "[::1]", "unix:"] {
        assert_eq!(TrustedProxies::parse([entry]), None, "{entry}");
    }
    for entry in ["10.0.0.0/8", "10.0.0.1", "::1", "fd00::/8", " 10.0.0.1 ", "10.0.0.1/8", "::ffff:10.0.0.1"] {
        assert!(TrustedProxies::parse([entry]).is_some(), "{entry}");
    }
}
