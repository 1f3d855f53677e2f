//! The places for connections, over real sockets.

use std::env;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::connections::{PATIENCE, Served, read_some, read_to_end, serve};
use crate::support::TestApp;

const GET: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

async fn is_answered(stream: &mut TcpStream) {
    stream.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\n") {
        answer += &read_some(stream, 1).await;
    }
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

async fn connect(served: &Served) -> TcpStream {
    let mut stream = served.send("").await;
    is_answered(&mut stream).await;
    stream
}

#[tokio::test]
async fn when_all_places_are_taken_whoever_has_asked_nothing_for_longest_gives_theirs() {
    let app = TestApp::start_with("max_connections = 3").await;
    let served = serve(&app).await;
    let (mut first, mut second, mut third) = (connect(&served).await, connect(&served).await, connect(&served).await);
    is_answered(&mut first).await;
    let mut fourth = connect(&served).await;
    assert_eq!(read_to_end(&mut second).await, "");
    for stream in [&mut first, &mut third, &mut fourth] {
        is_answered(stream).await;
    }
}

#[tokio::test]
async fn whoever_is_being_answered_keeps_their_place() {
    let app = TestApp::start_with("max_connections = 1").await;
    let served = serve(&app).await;
    let head = "POST /oauth2/token HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    let mut working = served.send(head).await;
    assert_eq!(read_some(&mut working, 25).await, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(read_to_end(&mut served.send(GET).await).await, "");
    working.write_all(b"grant_typ").await.unwrap();
    assert_eq!(read_some(&mut working, 12).await, "HTTP/1.1 400");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how many is for whoever runs it")]
async fn idle_and_slow_connections_by_the_thousand_hold_up_nobody() {
    let count = env::var("FRONT_CONNECTIONS").map_or(1_000, |count| count.parse().unwrap());
    let app = TestApp::start().await;
    let token = app.admin().await.token.unwrap();
    let served = serve(&app).await;
    let (mut idle, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..count {
        idle.push(served.send(GET).await);
        slow.push(served.send("GET /healthz HTTP/1.1\r\nx: ").await);
    }
    let asked = format!("GET /api/v1/apis HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n");
    for _ in 0..10 {
        for stream in slow.iter_mut().step_by(10) {
            stream.write_all(b"a").await.unwrap();
        }
        let begun = Instant::now();
        let mut stream = served.send(&asked).await;
        assert_eq!(read_some(&mut stream, 12).await, "HTTP/1.1 200");
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn connections_are_counted_while_they_are_open_and_when_they_find_no_place() {
    let app = TestApp::start_with("max_connections = 2").await;
    let served = serve(&app).await;
    let counted = |series: &str| app.metric(series);
    let shed = r#"keyward_http_shed_total{bound="connections"}"#;
    assert_eq!((counted("keyward_http_connections"), counted(shed)), (0.0, 0.0));
    let head = "POST /oauth2/token HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    let mut working = [served.send(head).await, served.send(head).await];
    for stream in &mut working {
        assert_eq!(read_some(stream, 25).await, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    assert_eq!(read_to_end(&mut served.send(GET).await).await, "");
    assert_eq!((counted("keyward_http_connections"), counted(shed)), (2.0, 1.0));
    drop(working);
    let until = Instant::now() + PATIENCE;
    while counted("keyward_http_connections") > 0.0 {
        assert!(Instant::now() < until, "a connection that is closed is counted on");
        sleep(Duration::from_millis(10)).await;
    }
}
