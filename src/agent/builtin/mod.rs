//! The offline agents: a Judge that reads metrics by rules (`judge`), a Coder that takes exemplars from the `library` and sweeps
//! their tunables (`coder`). Both are deterministic functions of the brief; no network, no key.

mod coder;
mod experience;
mod judge;
mod library;
mod methods;
mod rules;

pub use coder::BuiltinCoder;
pub use judge::BuiltinJudge;
pub use library::{Exemplar, Library};

#[cfg(test)]
mod tests;
