//! Runs one foreign command under limits and leaves nothing behind.
//!
//! The command starts through `kernsmith limit-exec`, which sets limits on itself and then becomes the command; further layers
//! (Landlock, seccomp, namespaces) have their place there. Used by workers only; the main program never runs a tool on a candidate.

pub mod limit;
pub mod process;
pub mod spawn;

pub use limit::Limits;
pub use spawn::{End, Outcome, Runner};

/// The layers that are active here, in the words of `doctor` and of the store.
pub const LAYERS: [&str; 7] =
    ["cleared_environment", "own_folder", "own_process_group", "rlimits", "no_new_privs", "subreaper", "watchdog"];
