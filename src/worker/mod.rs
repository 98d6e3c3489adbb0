//! Evaluations happen in worker processes: [`protocol`] is what both sides say, [`serve`] the worker's side, [`pool`] the
//! controller's.

pub mod pool;
pub mod protocol;
pub mod serve;
