//! The structure of the house, held by tests: which crate may name which, what stands where, how long a file may be.
//!
//! What judges is a function apart from the test, so that a control can hand it a fault and see it found.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each crate may name of the others. Whatever is not here is a fault.
const ARROWS: [(&str, &[&str]); 8] = [
    ("keyward-core", &[]),
    ("keyward-wire", &["keyward-core"]),
    ("keyward-store", &["keyward-core"]),
    ("keyward-engine", &["keyward-core"]),
    ("keyward-server", &["keyward-core", "keyward-wire", "keyward-store", "keyward-engine"]),
    ("keyward-client", &["keyward-core", "keyward-wire"]),
    ("keyward", &["keyward-core", "keyward-server", "keyward-client"]),
    ("example-axum", &["keyward-client"]),
];

/// Folders of the server that answer requests, and never open a transaction.
const DOORS: [&str; 4] = ["routes", "oauth", "admin", "portal"];

/// How a transaction is opened, or the store is reached at all.
const TRANSACTIONS: [&str; 4] = [".change(", ".read(", ".tally(", "keyward_store"];

const LONGEST_FILE: usize = 400;

#[test]
fn nothing_points_the_other_way() {
    hold("arrows between crates", wrong_arrows(&metadata()));
}

#[test]
fn a_wrong_arrow_is_seen() {
    let example = workspace(&[
        ("keyward-core", &["keyward-store", "serde"]),
        ("keyward-store", &["keyward-core", "sqlx"]),
        ("keyward-cellar", &[]),
    ]);
    assert_eq!(
        wrong_arrows(&example),
        ["keyward-core -> keyward-store", "keyward-cellar is not in the list of crates: what may it name?"]
    );
}

#[test]
fn a_dependency_of_tests_alone_is_no_arrow() {
    let mut example = workspace(&[("keyward-core", &["keyward-store"]), ("keyward-store", &[])]);
    example["packages"][0]["dependencies"][0]["kind"] = json!("dev");
    assert!(wrong_arrows(&example).is_empty());
}

#[test]
fn sql_is_spoken_in_the_store_alone() {
    hold("sqlx outside of keyward-store", others_with(&metadata(), "sqlx", "keyward-store"));
}

#[test]
fn http_is_served_by_the_server_alone() {
    hold("axum outside of keyward-server", others_with(&metadata(), "axum", "keyward-server"));
}

#[test]
fn a_second_crate_with_sql_is_seen() {
    let example =
        workspace(&[("keyward-store", &["sqlx"]), ("keyward-engine", &["sqlx"]), ("keyward-core", &["serde"])]);
    assert_eq!(others_with(&example, "sqlx", "keyward-store"), ["keyward-engine"]);
}

#[test]
fn no_build_that_serves_can_run_other_statements() {
    hold("features that bring sql-mutants along", asking(&metadata(), "sql-mutants"));
}

#[test]
fn no_build_that_serves_has_its_threads_scheduled_by_a_test() {
    hold("features that bring models along", asking(&metadata(), "models"));
    hold("shuttle outside of keyward-engine", others_with(&metadata(), "shuttle", "keyward-engine"));
}

#[test]
fn a_build_that_can_run_other_statements_is_seen() {
    let mut example = workspace(&[("keyward-store", &[]), ("keyward-server", &["keyward-store"]), ("keyward", &[])]);
    example["packages"][0]["features"] = json!({ "sql-mutants": [] });
    assert!(asking(&example, "sql-mutants").is_empty());
    example["packages"][0]["features"] = json!({ "default": ["sql-mutants"], "sql-mutants": [] });
    example["packages"][1]["dependencies"][0]["features"] = json!(["sql-mutants"]);
    example["packages"][2]["features"] = json!({ "drill": ["keyward-store/sql-mutants"] });
    assert_eq!(asking(&example, "sql-mutants"), ["keyward-store", "keyward-server", "keyward"]);
}

#[test]
fn doors_open_no_transaction() {
    let server = root().join("crates/server/src");
    let doors: Vec<PathBuf> = DOORS.iter().flat_map(|door| rust_files(&server.join(door))).collect();
    assert!(!doors.is_empty(), "the doors have moved, and nothing was read");
    hold("transactions in doors", doors.iter().flat_map(|file| in_file(file, transactions(&read(file)))).collect());
}

#[test]
fn a_transaction_in_a_door_is_seen() {
    let example = "// app.db.change(never mind)\nuse keyward_store::keys;\nlet key = app.db.read().await?;\nlet a = 1;";
    assert_eq!(transactions(example), ["2: use keyward_store::keys;", "3: let key = app.db.read().await?;"]);
}

#[test]
fn every_crate_lives_under_the_lints_of_the_house() {
    let house = read(&root().join("Cargo.toml"));
    assert!(
        house.contains("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"),
        "the workspace forbids no unsafe code"
    );
    let metadata = metadata();
    let manifests = packages(&metadata).map(|package| PathBuf::from(text(&package["manifest_path"])));
    hold("crates without `[lints] workspace = true`", manifests.filter(|m| !obeys(&read(m))).map(shown).collect());
}

#[test]
fn a_crate_with_lints_of_its_own_is_seen() {
    assert!(obeys("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"));
    assert!(!obeys("[package]\nlicense.workspace = true\n\n[lints.rust]\nunsafe_code = \"allow\"\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    let files = folders(&root().join("crates")).into_iter().flat_map(|folder| rust_files(&folder.join("src")));
    let lengths = files.map(|file| (read(&file).lines().count(), file));
    let long = lengths.filter(|(lines, _)| *lines > LONGEST_FILE);
    hold("files over 400 lines", long.map(|(lines, file)| format!("{}: {lines}", shown(file))).collect());
}

#[test]
fn the_text_names_no_workplace() {
    hold(
        "paths of somebody's machine",
        texts().iter().flat_map(|file| in_file(file, workplaces(&read(file)))).collect(),
    );
}

#[test]
fn a_workplace_is_seen() {
    let path = ["", "home", "ada", "keys"].join("/");
    assert_eq!(workplaces(&format!("fine\nKEYS={path}")), [format!("2: KEYS={path}")]);
    assert!(workplaces(&format!("see https://example.com{path}")).is_empty());
}

fn wrong_arrows(metadata: &Value) -> Vec<String> {
    let ours: Vec<&str> = packages(metadata).map(name).collect();
    let mut wrong = Vec::new();
    for package in packages(metadata) {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name(package)) else {
            wrong.push(format!("{} is not in the list of crates: what may it name?", name(package)));
            continue;
        };
        let named = dependencies(package).filter(|d| d["kind"] != "dev").map(name);
        let strays = named.filter(|to| ours.contains(to) && !allowed.contains(to));
        wrong.extend(strays.map(|to| format!("{} -> {to}", name(package))));
    }
    wrong
}

/// Who depends on a library apart from the one crate that may. Tests go round the house, and examples show what users
/// write.
fn others_with(metadata: &Value, library: &str, owner: &str) -> Vec<String> {
    packages(metadata)
        .filter(|package| name(package) != owner && !text(&package["manifest_path"]).contains("/examples/"))
        .filter(|package| dependencies(package).any(|d| d["kind"] != "dev" && name(d) == library))
        .map(|package| name(package).to_owned())
        .collect()
}

/// Who brings a feature along: in a dependency, or by a feature of its own.
fn asking(metadata: &Value, feature: &str) -> Vec<String> {
    let is_it = |named: &Value| text(named).split('/').next_back() == Some(feature);
    let among = |named: &Value| named.as_array().is_some_and(|named| named.iter().any(is_it));
    let asks = |package: &&Value| {
        let by_own = package["features"].as_object().is_some_and(|features| features.values().any(among));
        by_own || dependencies(package).any(|dependency| among(&dependency["features"]))
    };
    packages(metadata).filter(asks).map(|package| name(package).to_owned()).collect()
}

fn transactions(source: &str) -> Vec<String> {
    lines_that(source, |line| !line.trim_start().starts_with("//") && TRANSACTIONS.iter().any(|t| line.contains(t)))
}

fn obeys(manifest: &str) -> bool {
    manifest.contains("\n[lints]\nworkspace = true\n")
}

/// Lines with an absolute path below a folder where people work. After a letter or digit it is part of an address.
fn workplaces(source: &str) -> Vec<String> {
    let folders = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let begins = |line: &str, at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c));
    lines_that(source, |line| folders.iter().any(|f| line.match_indices(f.as_str()).any(|(at, _)| begins(line, at))))
}

fn lines_that(source: &str, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let numbered = source.lines().enumerate().filter(|(_, line)| is_wrong(line));
    numbered.map(|(at, line)| format!("{}: {}", at + 1, line.trim())).collect()
}

fn in_file(file: &Path, lines: Vec<String>) -> Vec<String> {
    lines.into_iter().map(|line| format!("{}:{line}", shown(file))).collect()
}

#[track_caller]
fn hold(rule: &str, offenders: Vec<String>) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn metadata() -> Value {
    serde_json::from_str(&output("cargo", &["metadata", "--no-deps", "--format-version", "1"])).unwrap()
}

/// The texts of the project, those not yet committed included.
fn texts() -> Vec<PathBuf> {
    // In CI the checkout often belongs to somebody else than who runs the tests.
    let anyone = ["-c", "safe.directory=*"];
    let listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let files = output("git", &[&anyone[..], &listed[..]].concat());
    let paths = files.split_terminator('\0').map(|file| root().join(file));
    paths.filter(|path| std::fs::read_to_string(path).is_ok()).collect()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// All Rust files below a folder; none when there is no such folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let below = folders(folder).into_iter().flat_map(|inner| rust_files(&inner));
    below.chain(entries(folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"))).collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn shown(file: impl AsRef<Path>) -> String {
    file.as_ref().strip_prefix(root()).unwrap_or(file.as_ref()).display().to_string()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    package["dependencies"].as_array().unwrap().iter()
}

fn name(value: &Value) -> &str {
    text(&value["name"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A workspace as `cargo metadata` tells of it: crates, and what each depends on.
fn workspace(crates: &[(&str, &[&str])]) -> Value {
    let package = |(name, named): &(&str, &[&str])| {
        let dependencies: Vec<Value> = named.iter().map(|name| json!({"name": name, "kind": null})).collect();
        json!({"name": name, "manifest_path": format!("/crates/{name}/Cargo.toml"), "dependencies": dependencies})
    };
    json!({"packages": crates.iter().map(package).collect::<Vec<_>>()})
}
