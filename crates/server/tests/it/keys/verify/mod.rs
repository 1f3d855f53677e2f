//! `POST /api/v1/api_keys/verify`

mod asked;
mod callers;
mod denied;
mod invalid;
mod refused;
mod valid;
