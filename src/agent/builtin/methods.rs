//! The catalogue of methods, `prompts/verilog/methods.toml`: the names that a Judge may use, each with its plan.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    plan: String,
}

static CATALOGUE: LazyLock<BTreeMap<String, Method>> =
    // A unit test reads the embedded text, so a broken catalogue is never shipped.
    LazyLock::new(|| toml::from_str(include_str!("../../../prompts/verilog/methods.toml")).unwrap_or_default());

/// The plan of a method; None if the catalogue does not have it.
pub fn plan(method: &str) -> Option<&'static str> {
    CATALOGUE.get(method).map(|m| m.plan.as_str())
}

/// All names, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.keys().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_plan() {
        assert!(names().count() >= 10);
        assert!(names().all(|n| plan(n).is_some_and(|p| p.ends_with('.'))));
        assert_eq!(plan("magic"), None);
    }
}
