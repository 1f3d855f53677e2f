//! The headers of 429, for the document: described once, named by each such answer.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response};

/// Each header with its type and what it says.
const HEADERS: [(&str, Type, &str); 4] = [
    ("RateLimit", Type::String, "The budgets that are used up, with the seconds until each allows one more"),
    ("RateLimit-Policy", Type::String, "What these budgets allow"),
    ("RateLimit-Reset", Type::Integer, "Seconds until all of these budgets allow one more"),
    ("Retry-After", Type::Integer, "Seconds until all of these budgets allow one more"),
];

/// Describes the headers.
pub(super) fn describe(components: &mut Components) {
    let described = HEADERS.into_iter().map(|(name, of, says)| {
        let header: Header = HeaderBuilder::new().schema(Some(Object::with_type(of))).description(Some(says)).build();
        (name.to_owned(), header.into())
    });
    components.headers.extend(described);
}

/// Names the headers in an answer.
pub(super) fn name(response: &mut Response) {
    let reference = |name| RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
    response.headers.extend(HEADERS.map(|(name, ..)| (name.to_owned(), reference(name))));
}
