//! The page as its sections, and what each shows.

/// The section of a code.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) code: String,
    /// What it says before its examples.
    pub(super) text: String,
    pub(super) examples: Vec<Example>,
}

/// A request and its answer.
#[derive(Debug)]
pub(super) struct Example {
    /// What is broken meanwhile.
    pub(super) fault: Option<String>,
    pub(super) request: String,
    pub(super) status: String,
    pub(super) body: String,
}

/// Every section of a code, from its heading on.
pub(super) fn sections(page: &str) -> Vec<Section> {
    let parts = page.split("\n### `").skip(1).filter_map(|part| part.split_once("`\n"));
    parts.map(|(code, rest)| section(code, rest.split("\n## ").next().unwrap_or_default())).collect()
}

fn section(code: &str, rest: &str) -> Section {
    let (text, _) = rest.split_once("```").unwrap_or((rest, ""));
    let mut fault = None;
    let mut blocks: Vec<(Option<String>, String)> = Vec::new();
    for (at, part) in rest.split("```").enumerate() {
        // Text and blocks take turns.
        if at % 2 == 0 {
            let marked = part.split_once("<!-- fault: ").and_then(|(_, rest)| rest.split_once(" -->"));
            fault = marked.map(|(what, _)| what.to_owned());
        } else {
            let block = part.strip_prefix("http\n").unwrap_or_else(|| panic!("{code} shows something else: {part}"));
            blocks.push((fault.take(), block.trim_end().to_owned()));
        }
    }
    let examples = blocks.chunks(2).map(|pair| {
        let [(fault, request), (_, answer)] = pair else { panic!("{code} has a request without its answer") };
        let (status, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
        Example { fault: fault.clone(), request: request.clone(), status: status.to_owned(), body: body.to_owned() }
    });
    Section { code: code.to_owned(), text: text.trim().to_owned(), examples: examples.collect() }
}
