//! `keyward demo`: the story to its end, and what it invites to try.

use std::net::TcpListener;
use std::process::Command;

use crate::support::{Ended, Place, Running, end, mode, refusal};
use serde_json::{Deserializer, Value};

const END: &str = "Keyward stays up until Ctrl-C";

#[test]
fn in_an_empty_folder_it_tells_the_whole_story() {
    let place = Place::new();
    let mut demo = start(&place);
    demo.line_with(END);
    demo.signal("INT");
    let Ended { code, stdout, stderr } = demo.wait();
    assert_eq!((code, &*stderr), (Some(0), ""));
    let outcomes: Vec<&str> = stdout.lines().filter_map(|line| line.trim().strip_prefix(r#""code": "#)).collect();
    assert_eq!(
        outcomes,
        [
            r#""API_KEY_VERIFIED","#,
            r#""API_KEY_VERIFIED","#,
            r#""API_KEY_INSUFFICIENT_SCOPE","#,
            r#""API_KEY_REVOKED","#
        ]
    );
    assert_eq!(mode(&place.path("keyward-demo")), 0o700);
    assert_eq!(mode(&place.path("keyward-demo/demo.json")), 0o600);
}

#[test]
fn what_it_prints_to_try_next_works_in_a_shell() {
    assert!(
        Command::new("curl").arg("--version").output().is_ok(),
        "this test runs curl, which is not on this machine"
    );
    let place = Place::new();
    let mut demo = start(&place);
    demo.line_with("/openapi.json");
    let said = demo.stdout();
    let (_, lines) = said.split_once("in another terminal:").unwrap();

    let shell = end(Command::new("sh").args(["-euc", lines]).env("no_proxy", "localhost").current_dir(place.path("")));
    assert_eq!((shell.code, &*shell.stderr), (Some(0), ""));
    let answers: Vec<Value> = Deserializer::from_str(&shell.stdout).into_iter().collect::<Result<_, _>>().unwrap();
    let [verified, document] = &answers[..] else { panic!("two answers are expected: {}", shell.stdout) };
    assert_eq!(verified["code"], "API_KEY_VERIFIED");
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
}

#[test]
fn a_second_run_finds_its_things_again_and_issues_fresh_keys() {
    let place = Place::new();
    let [first, second] = [(); 2].map(|()| {
        let mut demo = start(&place);
        demo.line_with(END);
        demo.signal("INT");
        demo.wait().stdout
    });
    assert!(first.contains("1. Registered and created") && second.contains("1. Found what the demo made before"));
    assert_eq!(told(&first, "M2M application"), told(&second, "M2M application"));
    for key in ["the organization's key", "the user's key"] {
        assert_ne!(told(&first, key), told(&second, key));
    }
}

#[test]
fn a_busy_port_is_said_and_the_next_free_one_is_taken() {
    let place = Place::new();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let mut demo = Running::start(&mut place.keyward(&["demo", "--port", &port.to_string()]));
    let listens = demo.line_with("Keyward listens on http://127.0.0.1:");
    assert!(demo.stdout().contains(&format!("Port {port} is taken; trying the next one.\n")), "{}", demo.stdout());
    let taken: u16 = listens.trim().rsplit(':').next().unwrap().parse().unwrap();
    assert!(taken > port);
}

#[test]
fn a_second_demo_is_told_who_holds_the_folder() {
    let place = Place::new();
    let mut demo = start(&place);
    let listens = demo.line_with("Keyward listens on");
    let port = listens.trim().rsplit(':').next().unwrap();
    let why = refusal(&mut place.keyward(&["demo"]));
    let holder = format!("process {}, a demo on http://127.0.0.1:{port}", demo.id());
    assert_eq!(why, format!("keyward: keyward-demo is held by {holder}\n"));
}

#[test]
fn a_folder_with_something_else_is_left_alone_and_the_error_says_what_to_do() {
    let place = Place::new();
    assert_eq!(end(&mut place.keyward(&["init", "--data", "keyward-demo"])).code, Some(0));
    let ended = start(&place).wait();
    let advice = "keyward: keyward-demo holds something else than a demo: name another folder by --data\n";
    assert_eq!((ended.code, &*ended.stderr), (Some(1), advice));
}

/// On a port that was free a moment ago; if it is not, the demo takes another.
fn start(place: &Place) -> Running {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Running::start(&mut place.keyward(&["demo", "--port", &free.to_string()]))
}

/// What stands behind these words at the end of their line.
fn told<'a>(said: &'a str, words: &str) -> &'a str {
    let line = said.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("no {words} in:\n{said}"));
    line.split_whitespace().last().unwrap()
}
