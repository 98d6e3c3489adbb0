//! The catalogues of methods, `prompts/<target>/methods.toml`: the names that a Judge may use, each with its plan.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::target::TargetName;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    plan: String,
}

type Catalogue = LazyLock<BTreeMap<String, Method>>;

// A unit test reads the embedded texts, so a broken catalogue is never shipped.
static VERILOG: Catalogue =
    LazyLock::new(|| toml::from_str(include_str!("../../../prompts/verilog/methods.toml")).unwrap_or_default());
static CUDA: Catalogue =
    LazyLock::new(|| toml::from_str(include_str!("../../../prompts/cuda/methods.toml")).unwrap_or_default());

fn catalogue(target: TargetName) -> &'static BTreeMap<String, Method> {
    match target {
        TargetName::Verilog => &VERILOG,
        TargetName::Cuda => &CUDA,
    }
}

/// The plan of a method; None if the target's catalogue does not have it.
pub fn plan(target: TargetName, method: &str) -> Option<&'static str> {
    catalogue(target).get(method).map(|m| m.plan.as_str())
}

/// All names of a target's catalogue, sorted.
pub fn names(target: TargetName) -> impl Iterator<Item = &'static str> {
    catalogue(target).keys().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_plan() {
        for target in TargetName::ALL {
            assert!(names(target).count() >= 10);
            assert!(names(target).all(|n| plan(target, n).is_some_and(|p| p.ends_with('.'))));
            assert_eq!(plan(target, "magic"), None);
        }
    }
}
