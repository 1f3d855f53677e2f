//! What `docs/security.md` says of algorithms, tables, calls and tests is so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What each constant of the cryptographic libraries is called on the page.
const ALGORITHMS: [(&str, &str); 7] = [
    ("HMAC_SHA256", "HMAC-SHA-256"),
    ("HKDF_SHA256", "HKDF-SHA-256"),
    ("AES_256_GCM", "AES-256-GCM"),
    ("Rsa2048", "RSA 2048"),
    ("RS256", "`RS256`"),
    ("SHA256", "SHA-256"),
    ("crc32fast::hash", "CRC-32"),
];

/// Constants that would be another algorithm.
const OTHERS: [&str; 12] = [
    "SHA1", "SHA384", "SHA512", "MD5", "AES_128", "CHACHA20", "ED25519", "ECDSA_P", "RS384", "RS512", "HS256", "argon2",
];

#[test]
fn every_tag_of_an_algorithm_stands_in_the_table_and_every_tag_of_the_table_in_the_code() {
    let (code, page) = (code(), page());
    let table = section(&page, "## Algorithms");
    let tags = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let told: BTreeSet<String> =
        tags.map(|(tag, _)| tag.replace("\\|", "|")).filter(|tag| tag.contains("v1")).collect();
    let mut used: BTreeSet<String> = after(&code, "derive(\"").map(|purpose| format!("keyward v1 {purpose}")).collect();
    used.extend(after(&code, "\"v1|").map(|rest| format!("v1|{}", rest.split('{').next().unwrap_or_default())));
    assert!(used.len() > 8, "{used:?}");
    assert_eq!(told, used);
    assert!(
        code.contains("b\"keyward v1 \"") && code.contains("b\"keyward\""),
        "the derivation has another salt or tag"
    );
}

#[test]
fn every_algorithm_stands_in_the_table_and_there_is_no_other() {
    let (code, page) = (code(), page());
    let table = section(&page, "## Algorithms");
    for (constant, name) in ALGORITHMS {
        assert!(code.contains(constant), "{constant} is used no more");
        assert!(table.contains(name), "{name} does not stand in the table");
    }
    for other in OTHERS {
        assert!(!code.contains(other), "{other} is used, and does not stand in the table");
    }
}

#[test]
fn every_column_that_is_said_to_hold_something_is_there() {
    let page = page();
    let schema: String = ["0001_first.sql", "0002_access.sql"]
        .map(|name| std::fs::read_to_string(root().join("crates/store/migrations/sqlite").join(name)).unwrap())
        .concat();
    let mut seen = 0;
    for (table, column) in spans(section(&page, "## What is stored")).filter_map(|span| span.split_once('.')) {
        if column == "key" {
            continue; // `secret.key` is a file.
        }
        let (_, rest) = schema.split_once(&format!("CREATE TABLE {table} (")).unwrap_or_else(|| panic!("no {table}"));
        let columns = rest.split(';').next().unwrap();
        assert!(columns.lines().any(|line| line.trim().starts_with(&format!("{column} "))), "{table}.{column}");
        seen += 1;
    }
    assert!(seen > 7, "{seen}");
}

#[test]
fn every_call_that_helps_is_served() {
    let document = serde_json::to_value(keyward_server::routes::document()).unwrap();
    let named = |path: &str| {
        path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
    };
    let paths = document["paths"].as_object().unwrap();
    let served: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, of)| {
            of.as_object().unwrap().keys().map(move |m| format!("{} {}", m.to_uppercase(), named(path)))
        })
        .collect();
    let page = page();
    let calls: Vec<&str> = spans(&page).filter(|span| span.contains(" /api/")).collect();
    assert!(calls.len() >= 3, "{calls:?}");
    for call in calls {
        assert!(served.contains(&named(call)), "{call}");
    }
}

#[test]
fn every_test_that_is_said_to_hold_something_is_there() {
    let page = page();
    let mut seen = 0;
    for span in spans(section(&page, "## Who attacks")) {
        if span.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == ':') {
            assert!(is_test(span), "there is no test {span}");
            seen += 1;
        } else {
            assert!(span.contains('/'), "what is {span}?");
        }
    }
    assert!(seen > 20, "{seen}");
    assert!(!is_test("keys::verify::nothing") && !is_test("rights::nobody_does_this"));
}

/// Whether it is a file or a folder of tests, or a test of one.
fn is_test(name: &str) -> bool {
    let files = |name: &str| -> Vec<PathBuf> {
        let folders = ["server", "store", "cli"].map(|krate| root().join("crates").join(krate).join("tests/it"));
        let path = name.replace("::", "/");
        let each = folders.iter().flat_map(|it| [it.join(format!("{path}.rs")), it.join(&path).join("mod.rs")]);
        each.filter(|file| file.exists()).collect()
    };
    let holds = |file: &PathBuf, test: &str| std::fs::read_to_string(file).unwrap().contains(&format!("fn {test}("));
    let of_test = name.rsplit_once("::").is_some_and(|(of, test)| files(of).iter().any(|file| holds(file, test)));
    of_test || !files(name).is_empty()
}

/// The code of the product, without comments and without the tests in it.
fn code() -> String {
    let mut text = String::new();
    for krate in ["core", "store", "engine", "server"] {
        read_all(&root().join("crates").join(krate).join("src"), &mut text);
    }
    text
}

fn read_all(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let file = std::fs::read_to_string(&path).unwrap();
            let code = file.split("#[cfg(test)]").next().unwrap().lines();
            code.filter(|line| !line.trim_start().starts_with("//")).for_each(|line| *text += &format!("{line}\n"));
        }
    }
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/security.md")).unwrap()
}

/// From a heading to the next one.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(heading).unwrap_or_else(|| panic!("there is no {heading}"));
    rest.split("\n## ").next().unwrap()
}

/// What stands in backquotes.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What follows these words, to the end of its literal.
fn after<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(words).skip(1).filter_map(|rest| rest.split('"').next())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
