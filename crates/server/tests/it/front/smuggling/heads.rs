//! Lines and headers.

use super::{Answered, Closed, Refused, try_all};

#[tokio::test]
async fn lines_that_are_unclear_are_refused() {
    let huge = format!("{{get}}x: {}\r\n\r\n{{smuggled}}", "a".repeat(17 * 1024));
    let mebibyte = format!("{{get}}x: {}\r\n\r\n{{smuggled}}", "a".repeat(1024 * 1024));
    let many = format!("{{get}}{}\r\n{{smuggled}}", "x: a\r\n".repeat(100));
    let long_name = format!("{{get}}{}: a\r\n\r\n{{smuggled}}", "x".repeat(17 * 1024));
    let long_method = format!("{} /healthz HTTP/1.1\r\nhost: a\r\n\r\n{{smuggled}}", "G".repeat(17 * 1024));
    try_all(&[
        ("a bare carriage return in a value", "{get}x: a\rb\r\n\r\n{smuggled}", Refused(400)),
        ("a bare carriage return as a line's end", "GET /healthz HTTP/1.1\rhost: a\r\r{smuggled}", Refused(400)),
        ("two carriage returns", "GET /healthz HTTP/1.1\r\nhost: a\r\r\n\r\n{smuggled}", Refused(400)),
        ("a NUL in a value", "{get}x: a\0b\r\n\r\n{smuggled}", Refused(400)),
        ("a NUL in a name", "{get}x\0: a\r\n\r\n{smuggled}", Refused(400)),
        ("a NUL in the target", "GET /healthz\0 HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("another control character in a value", "{get}x: a\x01b\r\n\r\n{smuggled}", Refused(400)),
        ("DEL in a value", "{get}x: a\x7fb\r\n\r\n{smuggled}", Refused(400)),
        ("a space before a colon", "GET /healthz HTTP/1.1\r\nhost : a\r\n\r\n{smuggled}", Refused(400)),
        ("no colon", "{get}x\r\n\r\n{smuggled}", Refused(400)),
        ("no name", "{get}: x\r\n\r\n{smuggled}", Refused(400)),
        ("a name in brackets", "{get}(x): x\r\n\r\n{smuggled}", Refused(400)),
        ("a name that is not ASCII", "{get}é: x\r\n\r\n{smuggled}", Refused(400)),
        ("a folded line", "{get}x: a\r\n b\r\n\r\n{smuggled}", Refused(400)),
        ("a line folded by a tab", "{get}x: a\r\n\tb\r\n\r\n{smuggled}", Refused(400)),
        ("a space before the first header", "GET /healthz HTTP/1.1\r\n host: a\r\n\r\n{smuggled}", Refused(400)),
        ("a header of 17 KiB", &huge, Refused(431)),
        ("a header of 1 MiB", &mebibyte, Refused(431)),
        ("101 headers", &many, Refused(431)),
        ("a name of 17 KiB", &long_name, Refused(431)),
        ("a method of 17 KiB", &long_method, Refused(431)),
    ])
    .await;
}

#[tokio::test]
async fn lines_that_a_line_feed_ends_are_lines_and_nothing_hides_between_them() {
    try_all(&[
        ("every line", "GET /healthz HTTP/1.1\nhost: a\n\n{smuggled}", Answered(&[204, 404])),
        ("one line", "GET /healthz HTTP/1.1\r\nhost: a\nx: y\r\n\r\n{smuggled}", Answered(&[204, 404])),
        (
            "a length behind a line feed",
            "{post}x: a\ncontent-length: {length}\r\n\r\n{smuggled}{last}",
            Answered(&[405, 204]),
        ),
        (
            "empty lines before the request",
            "\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}",
            Answered(&[204, 404]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn other_protocols_and_versions_are_refused() {
    try_all(&[
        ("HTTP/0.9", "GET /healthz\r\n\r\n{smuggled}", Refused(400)),
        ("HTTP/0.9 by its name", "GET /healthz HTTP/0.9\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("HTTP/1.2", "GET /healthz HTTP/1.2\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("HTTP/2.0", "GET /healthz HTTP/2.0\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("HTTP/11", "GET /healthz HTTP/11\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("HTTP/1.10", "GET /healthz HTTP/1.10\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("small letters", "GET /healthz http/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("no version", "GET /healthz \r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("another name", "GET /healthz ICAP/1.0\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{smuggled}", Closed),
        ("the header of a PROXY protocol", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n{smuggled}", Refused(400)),
        ("a space more in the line", "GET  /healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("a space within the target", "GET /healthz /x HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("a tab in the line", "GET\t/healthz\tHTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("more behind the version", "GET /healthz HTTP/1.1 x\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("no method", " /healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
        ("a method with a colon", "GET: /healthz HTTP/1.1\r\nhost: a\r\n\r\n{smuggled}", Refused(400)),
    ])
    .await;
}

#[tokio::test]
async fn an_upgrade_is_not_followed() {
    try_all(&[
        ("to HTTP/2", "{get}connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n{smuggled}", Answered(&[204, 404])),
        ("to a web socket", "{get}connection: upgrade\r\nupgrade: websocket\r\n\r\n{smuggled}", Answered(&[204, 404])),
    ])
    .await;
}
