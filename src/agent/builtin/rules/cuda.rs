//! Rules for CUDA.

use super::Rule;

/// All rules.
pub(super) const RULES: &[Rule] = &[];
