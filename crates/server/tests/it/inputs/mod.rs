//! Bad input: what each operation refuses. The cases are made from the OpenAPI document, so that an operation or a
//! member that is added is covered by itself; what is left out stands in a list, with its reason.
//!
//! Each refusal is a 4xx in the usual shape with a code of the catalogue. It names the field and the rule, repeats no
//! value, and changes nothing.

mod bodies;
mod given;
mod headers;
mod held;
mod limits;
mod mass_assignment;
mod members;
mod names;
mod operations;
mod paths;
mod queries;
mod routes;
mod rules;
mod values;
