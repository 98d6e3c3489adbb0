//! The objective: a product of metric names, such as `area_um2 * delay_ns`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Metrics that an objective or a limit may name, with their units.
pub const METRICS: [(&str, &str); 8] = [
    ("area_um2", "um2"),
    ("delay_ns", "ns"),
    ("power_mw", "mW"),
    ("cells", ""),
    ("flip_flops", ""),
    ("logic_depth", "cells"),
    ("toggles_per_cycle", ""),
    ("latency_cycles", "cycles"),
];

/// A product of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product(Vec<String>);

impl Product {
    /// Reads `name * name * …`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut factors = Vec::new();
        for factor in text.split('*').map(str::trim) {
            known_metric(factor)?;
            factors.push(factor.to_string());
        }
        Ok(Self(factors))
    }

    /// The factors, at least one.
    pub fn factors(&self) -> &[String] {
        &self.0
    }

    /// The value, given each metric's; the error is the name of the first unknown metric.
    pub fn value(&self, metric: impl Fn(&str) -> Option<f64>) -> Result<f64, String> {
        self.0.iter().try_fold(1.0, |product, name| metric(name).map(|v| product * v).ok_or_else(|| name.clone()))
    }

    /// The unit, for instance `um2*ns`.
    pub fn unit(&self) -> String {
        let units: Vec<&str> = self.0.iter().map(|name| unit(name)).filter(|u| !u.is_empty()).collect();
        units.join("*")
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" * "))
    }
}

/// An error that lists the known names unless `name` is one of them.
pub fn known_metric(name: &str) -> Result<(), String> {
    if METRICS.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    let known: Vec<&str> = METRICS.iter().map(|(name, _)| *name).collect();
    Err(format!("`{name}` is not a metric; known: {}", known.join(", ")))
}

/// The unit of a known metric, else empty.
pub fn unit(name: &str) -> &'static str {
    METRICS.iter().find(|(known, _)| *known == name).map_or("", |(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_has_value_and_unit() {
        let product = Product::parse("latency_cycles * delay_ns*area_um2").unwrap();
        assert_eq!(product.unit(), "cycles*ns*um2");
        assert_eq!(product.value(|name| (name != "x").then_some(2.0)), Ok(8.0));
        assert_eq!(product.value(|name| (name == "delay_ns").then_some(2.0)), Err("latency_cycles".into()));
        assert!(Product::parse("area").unwrap_err().contains("area_um2"));
        assert!(Product::parse("").is_err());
    }
}
