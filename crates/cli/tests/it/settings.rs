//! Settings that cannot be used: said before anything is made.

use crate::support::{Place, Running, end, refusal};

#[test]
fn an_unknown_name_in_the_file_is_an_error_that_names_the_nearest() {
    let place = Place::new();
    std::fs::write(place.path("keyward.toml"), "lisen = '127.0.0.1:0'\n").unwrap();
    assert_eq!(
        refusal(place.serve().args(["--config", "keyward.toml"])),
        "keyward: keyward.toml: there is no setting `lisen`; did you mean `listen`?\n"
    );
    assert!(!place.data().exists(), "a folder was made with settings that nobody meant");
}

#[test]
fn an_unknown_name_in_the_environment_is_an_error_that_names_the_nearest() {
    let place = Place::new();
    assert_eq!(
        refusal(place.serve().env("KEYWARD_PUBLIC_ULR", "https://keys.example.com")),
        "keyward: the environment: there is no setting `public_ulr`; did you mean `public_url`?\n"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let place = Place::new();
    let why = refusal(place.serve().args(["--config", "absent.toml"]));
    assert!(
        why.starts_with("keyward: the file of settings absent.toml cannot be read\n  because: No such file"),
        "{why}"
    );
}

#[test]
fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let place = Place::new();
    let file = "data = 'of-the-file'\nlisten = 'nonsense'\nlog_format = 'text'\n";
    std::fs::write(place.path("keyward.toml"), file).unwrap();
    let mut command = place.keyward(&["serve", "--config", "keyward.toml", "--data", "data"]);
    command.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_DATA", "of-the-environment");
    let mut server = Running::start(&mut command);
    server.line_with("Keyward is ready");
    assert!(server.stderr().lines().all(|line| !line.starts_with('{')), "the file asks for text: {}", server.stderr());
    assert!(place.data().exists() && !place.path("of-the-file").exists() && !place.path("of-the-environment").exists());
}

#[test]
fn on_postgresql_a_master_secret_must_be_given_and_the_error_says_how_to_make_one() {
    let place = Place::new();
    // Port 1 answers nobody: the secrets are looked for before the database is opened.
    let why = refusal(place.serve().env("KEYWARD_DATABASE", "postgres://canary:canary@127.0.0.1:1/canary"));
    assert!(why.contains("by KEYWARD_SECRET or secret_file") && why.contains("openssl rand -base64 32"), "{why}");
    assert!(!why.contains("canary") && !place.data().join("secret.key").exists(), "{why}");
}

#[test]
fn a_master_secret_that_is_none_is_told_by_its_place_and_never_shown() {
    let place = Place::new();
    let why = refusal(place.serve().env("KEYWARD_SECRET", "canary"));
    assert_eq!(why.lines().last(), Some("keyward: master secret 1 of the list is not base64 of 32 bytes"));
    assert!(!why.contains("canary"));
}

#[test]
fn what_is_printed_is_a_file_to_begin_with() {
    let place = Place::new();
    let printed = end(&mut place.keyward(&["settings"]));
    assert!(printed.stdout.contains("\nlisten = \"127.0.0.1:8080\"\n"), "{}", printed.stdout);
    std::fs::write(place.path("keyward.toml"), printed.stdout).unwrap();
    let mut command = place.keyward(&["init", "--config", "keyward.toml", "--json"]);
    assert_eq!(end(&mut command).code, Some(0));
    assert!(place.path("keyward-data/keyward.db").exists());
}
