//! The objective: a product of metric names, such as `area_um2 * delay_ns`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::target::TargetName::{self, Cuda, Verilog};

/// Metrics that an objective or a limit may name, with their units, by target.
pub const METRICS: [(TargetName, &str, &str); 9] = [
    (Verilog, "area_um2", "um2"),
    (Verilog, "delay_ns", "ns"),
    (Verilog, "power_mw", "mW"),
    (Verilog, "cells", ""),
    (Verilog, "flip_flops", ""),
    (Verilog, "logic_depth", "cells"),
    (Verilog, "toggles_per_cycle", ""),
    (Verilog, "latency_cycles", "cycles"),
    (Cuda, "time_us", "us"),
];

/// A product of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product(Vec<String>);

impl Product {
    /// Reads `name * name * …`.
    pub fn parse(target: TargetName, text: &str) -> Result<Self, String> {
        let mut factors = Vec::new();
        for factor in text.split('*').map(str::trim) {
            known_metric(target, factor)?;
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
pub fn known_metric(target: TargetName, name: &str) -> Result<(), String> {
    let known: Vec<&str> = METRICS.iter().filter(|(t, ..)| *t == target).map(|(_, name, _)| *name).collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(format!("`{name}` is not a metric; known: {}", known.join(", ")))
}

/// The unit of a known metric, else empty.
pub fn unit(name: &str) -> &'static str {
    METRICS.iter().find(|(_, known, _)| *known == name).map_or("", |(_, _, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_has_value_and_unit() {
        let product = Product::parse(Verilog, "latency_cycles * delay_ns*area_um2").unwrap();
        assert_eq!(product.unit(), "cycles*ns*um2");
        assert_eq!(product.value(|name| (name != "x").then_some(2.0)), Ok(8.0));
        assert_eq!(product.value(|name| (name == "delay_ns").then_some(2.0)), Err("latency_cycles".into()));
        assert!(Product::parse(Verilog, "area").unwrap_err().contains("area_um2"));
        assert!(Product::parse(Verilog, "").is_err());
        assert!(Product::parse(Verilog, "time_us").is_err());
    }
}
