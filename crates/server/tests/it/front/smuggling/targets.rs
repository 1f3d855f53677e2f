//! To whom, and for what: hosts, targets and methods.

use super::{Answered, Refused, try_all};

#[tokio::test]
async fn a_host_that_is_unclear_is_refused() {
    try_all(&[
        ("none", "GET /healthz HTTP/1.1\r\n\r\n{smuggled}", Refused(400)),
        ("two", "{get}host: b\r\n\r\n{smuggled}", Refused(400)),
        ("the same twice", "{get}host: a\r\n\r\n{smuggled}", Refused(400)),
        ("two in HTTP/1.0", "GET /healthz HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n{smuggled}", Refused(400)),
        ("a list", "GET /healthz HTTP/1.1\r\nhost: a, b\r\n\r\n{smuggled}", Refused(400)),
        ("a space", "GET /healthz HTTP/1.1\r\nhost: a b\r\n\r\n{smuggled}", Refused(400)),
        ("a user", "GET /healthz HTTP/1.1\r\nhost: u@a\r\n\r\n{smuggled}", Refused(400)),
        ("a path", "GET /healthz HTTP/1.1\r\nhost: a/healthz\r\n\r\n{smuggled}", Refused(400)),
        ("an address", "GET /healthz HTTP/1.1\r\nhost: http://a\r\n\r\n{smuggled}", Refused(400)),
        ("a port that is none", "GET /healthz HTTP/1.1\r\nhost: a:b\r\n\r\n{smuggled}", Refused(400)),
        ("no ASCII", "GET /healthz HTTP/1.1\r\nhost: é\r\n\r\n{smuggled}", Refused(400)),
        ("another than the target's", "GET http://b/healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        (
            "another port than the target's",
            "GET http://a:1/healthz HTTP/1.1\r\nhost: a:2\r\n\r\n{smuggled}",
            Refused(400),
        ),
        ("a target with a user", "GET http://a@a/healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("a target and none", "GET http://a/healthz HTTP/1.1\r\n\r\n{smuggled}", Refused(400)),
    ])
    .await;
}

#[tokio::test]
async fn a_host_that_is_clear_is_served() {
    try_all(&[
        ("the target's too", "GET http://a/healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[204, 404])),
        (
            "in other letters",
            "GET http://KEYS.example.com/healthz HTTP/1.1\r\nhost: keys.EXAMPLE.com\r\n\r\n{smuggled}",
            Answered(&[204, 404]),
        ),
        ("with a port", "GET /healthz HTTP/1.1\r\nhost: a:8080\r\n\r\n{smuggled}", Answered(&[204, 404])),
        ("IPv6", "GET /healthz HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n{smuggled}", Answered(&[204, 404])),
        ("empty", "GET /healthz HTTP/1.1\r\nhost:\r\n\r\n{smuggled}", Answered(&[204, 404])),
        ("none in HTTP/1.0, whose connection ends", "GET /healthz HTTP/1.0\r\n\r\n{smuggled}", Answered(&[204])),
    ])
    .await;
}

#[tokio::test]
async fn targets_that_are_none_of_ours_are_no_door() {
    try_all(&[
        ("a tunnel", "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n{smuggled}", Refused(405)),
        ("a tunnel to a path", "CONNECT /healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(405)),
        ("no slash", "GET healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("a host for a target", "GET a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n{smuggled}", Refused(400)),
        ("another scheme", "GET ftp://a/healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("not ASCII", "GET /é HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("TRACE", "TRACE /healthz HTTP/1.1\r\nhost: a\r\nx-canary: a\r\n\r\n{smuggled}", Answered(&[405, 404])),
        ("a method of nobody", "SMUGGLE /healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[405, 404])),
        ("the server itself", "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("percent signs that encode nothing", "GET /%zz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("an encoded NUL", "GET /healthz%00 HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("an encoded line", "GET /healthz%0d%0ax:%20y HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("an encoded slash", "GET /%2fhealthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("dots", "GET /api/../healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("encoded dots", "GET /api/%2e%2e/healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("two slashes", "GET //healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
        ("a backslash", "GET /\\healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Answered(&[404, 404])),
    ])
    .await;
}
