//! Bodies in chunks: sizes, extensions, trailers.

use super::{Answered, Refused, try_all};

/// A request whose body is read, in these chunks, and then the other.
fn post(chunks: &str) -> String {
    format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         {chunks}"
    )
}

#[tokio::test]
async fn chunks_that_are_unclear_end_the_request_and_the_connection() {
    let mut vectors = Vec::new();
    for (name, chunks) in [
        ("a negative size", "-1\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a size with a plus", "+2\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a size with 0x", "0x2\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a size with an underscore", "0_2\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("no size", "\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a space before the size", " 2\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a size of more than 64 bits", "10000000000000002\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a size of very many digits", "fffffffffffffffffffffffffffffffffffffff2\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a size with a letter", "2g\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a bare line feed behind the size", "2\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a bare carriage return behind the size", "2\r{}\r\n0\r\n\r\n{smuggled}"),
        ("a bare line feed in an extension", "2;a\nb\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a bare carriage return in an extension", "2;a\rb\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a NUL in the size", "2\0\r\n{}\r\n0\r\n\r\n{smuggled}"),
        ("a chunk longer than its size", "2\r\n{} \r\n0\r\n\r\n{smuggled}"),
        ("a chunk that no line ends", "2\r\n{}0\r\n\r\n{smuggled}"),
        ("a chunk that a line feed ends", "2\r\n{}\n0\r\n\r\n{smuggled}"),
        ("a last chunk that a line feed ends", "2\r\n{}\r\n0\n\n{smuggled}"),
        ("a trailer without a colon", "2\r\n{}\r\n0\r\ntrailer\r\n\r\n{smuggled}"),
        ("a trailer with a bare line feed", "2\r\n{}\r\n0\r\na: b\nc: d\r\n\r\n{smuggled}"),
    ] {
        vectors.push((name, post(chunks), Refused(400)));
    }
    let endless = format!("2;{}\r\n{{}}\r\n0\r\n\r\n{{smuggled}}", "a".repeat(20_000));
    vectors.push(("an extension of 20,000 bytes", post(&endless), Refused(400)));
    let trailers = format!("2\r\n{{}}\r\n0\r\na: {}\r\n\r\n{{smuggled}}", "a".repeat(20_000));
    vectors.push(("a trailer of 20,000 bytes", post(&trailers), Refused(400)));
    let many = format!("2\r\n{{}}\r\n0\r\n{}\r\n{{smuggled}}", "a: b\r\n".repeat(2_000));
    vectors.push(("2,000 trailers", post(&many), Refused(400)));
    let vectors: Vec<_> = vectors.iter().map(|(name, text, outcome)| (*name, text.as_str(), *outcome)).collect();
    try_all(&vectors).await;
}

#[tokio::test]
async fn chunks_that_are_clear_are_a_body_and_nothing_else() {
    let inside = "{hex}\r\n{smuggled}\r\n0\r\n\r\n{last}";
    let vectors = [
        ("a request in a chunk", post(inside), Answered(&[400, 204])),
        ("a size in capitals, with zeros", post("000A\r\n          \r\n0\r\n\r\n{smuggled}"), Answered(&[400, 404])),
        ("an extension", post("2;name=\"value\"\r\n{}\r\n0\r\n\r\n{smuggled}"), Answered(&[401, 404])),
        (
            "a trailer that names a length",
            post("2\r\n{}\r\n0\r\ncontent-length: {length}\r\n\r\n{smuggled}"),
            Answered(&[401, 404]),
        ),
        (
            "a trailer that names a host and a key",
            post("2\r\n{}\r\n0\r\nhost: b\r\nauthorization: Bearer x\r\n\r\n{smuggled}"),
            Answered(&[401, 404]),
        ),
    ];
    let vectors: Vec<_> = vectors.iter().map(|(name, text, outcome)| (*name, text.as_str(), *outcome)).collect();
    try_all(&vectors).await;
}
