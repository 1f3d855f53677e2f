//! How long is the body? Content-Length and Transfer-Encoding, together, doubled and misspelt.

use super::{Answered, Refused, try_all};

#[tokio::test]
async fn a_length_that_is_unclear_is_refused() {
    try_all(&[
        ("two different ones", "{post}content-length: 0\r\ncontent-length: {length}\r\n\r\n{smuggled}", Refused(400)),
        (
            "two different ones, the other way round",
            "{post}content-length: {length}\r\ncontent-length: 0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        ("a list of two", "{post}content-length: {length}, {length}\r\n\r\n{smuggled}", Refused(400)),
        ("a plus", "{post}content-length: +{length}\r\n\r\n{smuggled}", Refused(400)),
        ("a minus", "{post}content-length: -{length}\r\n\r\n{smuggled}", Refused(400)),
        ("minus zero", "{post}content-length: -0\r\n\r\n{smuggled}", Refused(400)),
        ("hexadecimal", "{post}content-length: 0x{hex}\r\n\r\n{smuggled}", Refused(400)),
        ("a letter", "{post}content-length: 5e\r\n\r\n{smuggled}", Refused(400)),
        ("a space within", "{post}content-length: 5 9\r\n\r\n{smuggled}", Refused(400)),
        ("a fraction", "{post}content-length: {length}.0\r\n\r\n{smuggled}", Refused(400)),
        ("quotes", "{post}content-length: \"{length}\"\r\n\r\n{smuggled}", Refused(400)),
        ("nothing", "{post}content-length:\r\n\r\n{smuggled}", Refused(400)),
        ("more than 64 bits", "{post}content-length: 18446744073709551616\r\n\r\n{smuggled}", Refused(400)),
        ("64 bits", "{post}content-length: 18446744073709551615\r\n\r\n{smuggled}", Refused(431)),
        ("other digits", "{post}content-length: \u{0665}\r\n\r\n{smuggled}", Refused(400)),
    ])
    .await;
}

#[tokio::test]
async fn a_length_that_is_clear_holds_whatever_stands_in_the_body() {
    try_all(&[
        (
            "twice the same",
            "{post}content-length: {length}\r\ncontent-length: {length}\r\n\r\n{smuggled}{last}",
            Answered(&[405, 204]),
        ),
        ("with zeros before it", "{post}content-length: 00{length}\r\n\r\n{smuggled}{last}", Answered(&[405, 204])),
        ("with space around it", "{post}content-length: \t {length} \t\r\n\r\n{smuggled}{last}", Answered(&[405, 204])),
        ("of a GET", "{get}content-length: {length}\r\n\r\n{smuggled}{last}", Answered(&[204, 204])),
        (
            "of a HEAD",
            "HEAD /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{smuggled}{last}",
            Answered(&[204, 204]),
        ),
        (
            "of a method that the route lacks",
            "PUT /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{smuggled}{last}",
            Answered(&[405, 204]),
        ),
        (
            "of a caller who is not let in",
            "POST /api/v1/apis HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{smuggled}{last}",
            Answered(&[401, 204]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_transfer_encoding_that_is_unclear_is_refused() {
    try_all(&[
        ("another word", "{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("a longer word", "{post}transfer-encoding: chunkedx\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        (
            "chunked and then identity",
            "{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        (
            "identity and then chunked",
            "{post}transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        ("gzip and then chunked", "{post}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        (
            "chunked twice in a list",
            "{post}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        (
            "chunked twice in two headers",
            "{post}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        (
            "chunked and another in two headers",
            "{post}transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        (
            "another and chunked in two headers",
            "{post}transfer-encoding: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        ("identity", "{post}transfer-encoding: identity\r\n\r\n{smuggled}", Refused(400)),
        ("nothing", "{post}transfer-encoding:\r\n\r\n{smuggled}", Refused(400)),
        ("a comma before it", "{post}transfer-encoding: ,chunked\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("a comma behind it", "{post}transfer-encoding: chunked,\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("a parameter", "{post}transfer-encoding: chunked;q=1\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("quotes", "{post}transfer-encoding: \"chunked\"\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("a vertical tab", "{post}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("folded", "{post}transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("a space before the colon", "{post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        ("a tab before the colon", "{post}transfer-encoding\t: chunked\r\n\r\n0\r\n\r\n{smuggled}", Refused(400)),
        (
            "a space before the name",
            "{post}x: y\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
        (
            "in HTTP/1.0",
            "POST /healthz HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Refused(400),
        ),
    ])
    .await;
}

#[tokio::test]
async fn chunks_that_are_clear_are_read_and_beside_a_length_the_connection_ends() {
    try_all(&[
        (
            "a length before",
            "{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Answered(&[405]),
        ),
        (
            "a length behind",
            "{post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n{smuggled}",
            Answered(&[405]),
        ),
        (
            "a length that covers all",
            "{post}content-length: 59\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
            Answered(&[405]),
        ),
        (
            "a length that is none",
            "{post}transfer-encoding: chunked\r\ncontent-length: x\r\n\r\n0\r\n\r\n{smuggled}",
            Answered(&[405]),
        ),
        (
            "capitals, a tab and spaces",
            "{post}transfer-encoding:\t CHUNKED \t\r\n\r\n{hex}\r\n{smuggled}\r\n0\r\n\r\n{last}",
            Answered(&[405, 204]),
        ),
    ])
    .await;
}
