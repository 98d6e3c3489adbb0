//! NVIDIA's own libraries, loaded at run time if they are there: nothing of them is needed to build or to start the program.
//!
//! A library that is missing, old or broken is an answer that says what to do, never a panic.

pub mod nvrtc;
