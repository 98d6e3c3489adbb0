//! JSON lines between the controller and a worker (`kernsmith worker --stdio`).
//!
//! The controller sends one [`Request`] at a time; the worker answers `hello` once, then `progress`*, `heartbeat`* and one `result`
//! per request. Success is a `result`, never an exit status, and it counts only for the attempt that is being waited for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::target::{Evaluation, Plan, StageName, TargetName};
use crate::task::Task;

/// Version of the protocol; both sides must agree.
pub const PROTOCOL: u32 = 2;
/// Longest line in bytes.
pub const MAX_LINE: usize = 64 << 20;
/// Seconds between heartbeats.
pub const HEARTBEAT_SECONDS: u64 = 2;

/// What the controller says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Number of the job.
    pub id: u64,
    /// 1 for the first attempt at it.
    pub attempt: u32,
    /// The task with all its sources.
    pub task: Box<Task>,
    /// The candidate.
    pub source: String,
    /// How much to do.
    pub plan: Plan,
    /// Where to leave the work folder when done; None: removed.
    pub keep: Option<String>,
}

/// What a worker can do for one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ability {
    /// Tool versions.
    pub tools: BTreeMap<String, String>,
    /// Required tools that are missing, each with the command that mends it.
    pub missing: Vec<(String, String)>,
}

/// What a worker says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Reply {
    /// First line.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// Program version.
        version: String,
        /// What it can do for each target.
        targets: BTreeMap<TargetName, Ability>,
        /// Active sandbox layers.
        layers: Vec<String>,
    },
    /// A stage starts.
    Progress {
        /// Job.
        id: u64,
        /// Attempt.
        attempt: u32,
        /// Stage.
        stage: StageName,
    },
    /// Still alive.
    Heartbeat,
    /// The verdict.
    Result {
        /// Job.
        id: u64,
        /// Attempt.
        attempt: u32,
        /// The verdict.
        evaluation: Box<Evaluation>,
    },
}
