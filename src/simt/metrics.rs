//! temporary
use crate::{
    counters::Counters,
    device::Device,
    time::{Prediction, Resources},
};
pub struct LaunchProfile<'a> {
    pub counters: &'a Counters,
    pub prediction: &'a Prediction,
    pub resources: Resources,
}
pub enum Origin {
    Counted,
    Estimated,
}
pub struct Named {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub origin: Origin,
}
pub fn metrics(_: &Device, l: &[LaunchProfile<'_>], _: Option<f64>) -> Vec<Named> {
    vec![Named {
        name: "time_us".into(),
        value: l.iter().map(|l| l.prediction.seconds).sum::<f64>() * 1e6,
        unit: "us",
        origin: Origin::Counted,
    }]
}
