//! Running a search: [`driver`] executes the strategy's steps and stores what comes of them, [`event`] says what happens meanwhile,
//! [`sink`] shows it, [`batch`] drives a run per task of a suite.

pub mod batch;
pub mod driver;
pub mod event;
pub mod sink;
pub mod vet;
