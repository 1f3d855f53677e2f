//! What the documents say of files and settings is so.

use std::path::{Path, PathBuf};

/// Before a fenced block: the file that it quotes.
const FROM: (&str, &str) = ("<!-- from: ", " -->");
/// Around what is quoted, in a comment of the file's own language.
const BEGIN: &str = "--- middleware";
const END: &str = "--- end";

#[test]
fn examples_are_quoted_as_they_are() {
    for (page, least) in [("README.md", 2), ("docs/verify.md", 3)] {
        let blocks = quotes(&read(page).unwrap()).unwrap();
        assert!(blocks.len() >= least, "{page} quotes {} examples; there are {least}", blocks.len());
        for (path, block) in blocks {
            assert_eq!(
                Ok(&block),
                read(&path).and_then(|text| marked(&text)).as_ref(),
                "{page} quotes {path} otherwise"
            );
        }
    }
}

#[test]
fn every_field_of_a_verification_stands_on_its_page() {
    let page = read("docs/verify.md").unwrap();
    let (asking, answer) = page.split_once("## The answer").unwrap();
    let document = serde_json::to_value(keyward_server::routes::document()).unwrap();
    for (schema, part) in [("VerifyKeyRequest", asking), ("VerifyKeyResponse", answer)] {
        let rows: Vec<&str> = part.lines().filter(|line| line.starts_with("| `")).collect();
        let fields = document["components"]["schemas"][schema]["properties"].as_object().unwrap();
        assert!(fields.len() > 5, "{schema} has moved");
        for field in fields.keys() {
            let named = format!("`{field}`");
            let stands = rows.iter().any(|row| row.split('|').nth(1).is_some_and(|first| first.contains(&named)));
            assert!(stands, "docs/verify.md lacks {field} of {schema}");
        }
    }
}

#[test]
fn a_quote_and_what_it_quotes_are_found() {
    let readme = "# Hi\n<!-- from: a.rs -->\n\n```rust\nlet a = 1;\n\n    b();\n```\nand\n```sh\nls\n```\n";
    let file = "use x;\n// --- middleware\nlet a = 1;\n\n    b();\n// --- end\nfn main() {}\n";
    assert_eq!(quotes(readme), Ok(vec![("a.rs".to_owned(), marked(file).unwrap())]));
}

#[test]
fn a_quote_without_its_block_is_seen() {
    for broken in
        ["<!-- from: a.rs -->\ntext\n```\n```\n", "<!-- from: a.rs -->\n```rust\nlet a", "<!-- from: a.rs -->"]
    {
        assert!(quotes(broken).is_err(), "{broken}");
    }
    assert!(marked("let a = 1;").is_err() && marked("// --- middleware\nlet a = 1;").is_err());
}

#[test]
fn every_setting_stands_in_the_documents() {
    let (defaults, documented) = (read("crates/server/src/config.default.toml"), read("docs/settings.md").unwrap());
    for line in defaults.unwrap().lines().filter(|line| !line.starts_with('#')) {
        let Some((name, _)) = line.split_once(" = ") else { continue };
        let row = format!("| `{name}` | `KEYWARD_{}` |", name.to_uppercase());
        assert!(documented.contains(&row), "docs/settings.md lacks {row}");
    }
}

#[test]
fn every_path_that_the_readme_names_is_there() {
    let readme = read("README.md").unwrap();
    let quoted = readme.split('`').skip(1).step_by(2);
    let paths: Vec<_> =
        quoted.filter(|text| ["crates/", "tests/", "examples/"].iter().any(|p| text.starts_with(p))).collect();
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        assert!(root().join(path).exists(), "the README names {path}");
    }
}

#[test]
fn every_page_that_a_page_leads_to_is_there() {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let mut seen = 0;
    for page in
        pages.chain(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)))
    {
        let text = std::fs::read_to_string(&page).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://")) {
            let path = target.split('#').next().unwrap_or_default();
            assert!(page.parent().unwrap().join(path).exists(), "{} leads to {target}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn every_code_of_a_verification_stands_where_verifying_is_explained() {
    let (concepts, verify) = (read("docs/concepts.md").unwrap(), read("docs/verify.md").unwrap());
    let document = keyward_server::routes::document();
    let document = serde_json::to_value(document).unwrap();
    let codes = document["components"]["schemas"]["VerifyCode"]["enum"].as_array().unwrap();
    for code in codes {
        let row = format!("| `{}` |", code.as_str().unwrap());
        assert!(concepts.contains(&row), "docs/concepts.md lacks {code}");
        assert!(verify.contains(&row), "docs/verify.md lacks {code}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// The fenced blocks that quote a file, each with its path.
fn quotes(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(path) = line.trim().strip_prefix(FROM.0).and_then(|rest| rest.strip_suffix(FROM.1)) else { continue };
        if !lines.by_ref().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("```")) {
            return Err(format!("no fenced block follows `from: {path}`"));
        }
        let mut block = String::new();
        loop {
            match lines.next() {
                Some("```") => break,
                Some(line) => block += &format!("{line}\n"),
                None => return Err(format!("the block of {path} does not end")),
            }
        }
        found.push((path.to_owned(), block));
    }
    Ok(found)
}

/// The part of a file between its marks.
fn marked(text: &str) -> Result<String, String> {
    let is_mark = |line: &str, mark: &str| line.trim_start_matches(['/', '#', ' ']) == mark;
    let after = text.lines().skip_while(|line| !is_mark(line, BEGIN)).skip(1);
    let part: Vec<&str> = after.clone().take_while(|line| !is_mark(line, END)).collect();
    if part.is_empty() || after.count() == part.len() {
        return Err(format!("there is nothing between `{BEGIN}` and `{END}`"));
    }
    Ok(part.iter().map(|line| format!("{line}\n")).collect())
}

#[test]
fn every_test_that_holds_a_promise_about_limits_is_there() {
    let page = read("docs/usage-and-limits.md").unwrap();
    let files = [
        "engine/tests/it/limits.rs",
        "engine/tests/it/credits.rs",
        "engine/src/index/purse.rs",
        "store/tests/it/credits.rs",
        "server/tests/it/keys/limits.rs",
        "server/tests/it/keys/credits.rs",
        "server/tests/it/plans/credits.rs",
        "server/tests/it/plans/mod.rs",
        "server/tests/it/plans/owners.rs",
        "server/tests/it/plans/scopes.rs",
        "cli/tests/it/faults/counts.rs",
        "cli/tests/it/faults/power.rs",
        "cli/tests/it/faults/broken_disk.rs",
    ];
    let tests = files.map(|file| read(&format!("crates/{file}")).unwrap()).concat();
    let mut tables: Vec<Vec<&str>> = Vec::new();
    let mut lines = page.lines();
    while lines.by_ref().any(|line| line == "| promise | test |") {
        tables.push(lines.by_ref().skip(1).take_while(|line| line.starts_with('|')).collect());
    }
    assert!(tables.len() >= 3 && tables.iter().all(|rows| rows.len() >= 5), "{tables:?}");
    for row in tables.concat() {
        let (_, named) = row.trim_end_matches(" |").rsplit_once("| ").unwrap();
        for name in named.split(", ").map(|name| name.trim_matches('`')) {
            let name = name.rsplit("::").next().unwrap();
            assert!(tests.contains(&format!("fn {name}(")), "{name} is no test");
        }
    }
}
