//! What came of it, written down so that a reader sees what is usual and what is not.

use std::fmt::Write;

use super::routes::Route;
use crate::support::Reply;

/// Which credentials met the same answer, in the order of the first of each.
#[derive(Default, PartialEq)]
pub(super) struct Outcomes(Vec<(String, Vec<&'static str>)>);

impl Outcomes {
    /// Adds an answer: its status, its code, and its challenge (RFC 6750 section 3).
    pub(super) fn add(&mut self, name: &'static str, reply: &Reply) {
        let challenge = reply.header("www-authenticate");
        let outcome =
            format!("{} {} {challenge}", reply.status, reply.error()).split_whitespace().collect::<Vec<_>>().join(" ");
        match self.0.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, names)) => names.push(name),
            None => self.0.push((outcome, vec![name])),
        }
    }

    fn write(&self, into: &mut String) {
        for (outcome, names) in &self.0 {
            writeln!(into, "    {outcome}: {}", names.join("; ")).unwrap();
        }
    }
}

/// The matrix as text.
#[derive(Default)]
pub(super) struct Matrix {
    /// How routes that need a scope answer what is worth nothing: the first of them says so for all.
    usual: Option<Outcomes>,
    rows: String,
}

impl Matrix {
    pub(super) fn add(&mut self, route: &Route, scope: &str, refused: &Outcomes, outcomes: &Outcomes) {
        let whose = if route.is_for_organizations { ", organizations too" } else { "" };
        let needs = if scope.is_empty() { "open".to_owned() } else { format!("{scope}{whose}") };
        writeln!(self.rows, "{} {} ({needs})", route.method, route.path).unwrap();
        let usual = self.usual.get_or_insert_with(|| Outcomes(refused.0.clone()));
        if refused == usual {
            writeln!(self.rows, "    what is worth nothing: as usual").unwrap();
        } else if let [(outcome, _)] = &refused.0[..] {
            writeln!(self.rows, "    {outcome}: what is worth nothing").unwrap();
        } else {
            refused.write(&mut self.rows);
        }
        outcomes.write(&mut self.rows);
    }

    pub(super) fn finish(self) -> String {
        let mut text = String::from("What is worth nothing, as usual\n");
        self.usual.unwrap_or_default().write(&mut text);
        text + &self.rows
    }
}
