//! `POST /api/v1/api_keys`

mod kept;
mod made;
mod owners;
mod refused;
mod repeated;
mod rights;
