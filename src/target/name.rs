//! The names of the targets, and what follows from a name alone: devices and file names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language of kernels and the hardware that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetName {
    /// Hardware modules.
    Verilog,
    /// GPU kernels.
    Cuda,
}

impl TargetName {
    /// All targets.
    pub const ALL: [TargetName; 2] = [Self::Verilog, Self::Cuda];

    /// The target of a task, by its id such as `cuda/softmax`. Ids of Verilog tasks are all the others.
    pub fn of_task(id: &str) -> Self {
        if id.starts_with("cuda/") { Self::Cuda } else { Self::Verilog }
    }

    /// The name in `task.toml`, in paths and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verilog => "verilog",
            Self::Cuda => "cuda",
        }
    }

    /// Where its candidates can be measured, the default first. Devices named `sim:` are simulated.
    pub fn devices(self) -> &'static [&'static str] {
        match self {
            Self::Verilog => &["osu018"],
            Self::Cuda => &["sim:h100", "sim:h200", "sim:a100", "sim:rtx4090", "sim:l4"],
        }
    }

    /// The device that is meant if none is named.
    pub fn default_device(self) -> &'static str {
        self.devices()[0]
    }

    /// The device that is asked for, or the default. An error lists the known ones.
    pub fn device(self, asked: Option<&str>) -> Result<&str, String> {
        match asked {
            None => Ok(self.default_device()),
            Some(device) if self.devices().contains(&device) => Ok(device),
            Some(device) => Err(format!("{device} is not a device for {self}; known: {}", self.devices().join(", "))),
        }
    }

    /// The extension of its source files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Verilog => "v",
            Self::Cuda => "cu",
        }
    }

    /// A source file's name, for instance `candidate.v`.
    pub fn file(self, stem: &str) -> String {
        format!("{stem}.{}", self.extension())
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_one_of_the_targets_or_its_default() {
        assert_eq!(TargetName::Cuda.device(None), Ok("sim:h100"));
        assert_eq!(TargetName::Cuda.device(Some("sim:l4")), Ok("sim:l4"));
        let message = TargetName::Verilog.device(Some("sim:l4")).unwrap_err();
        assert_eq!(message, "sim:l4 is not a device for verilog; known: osu018");
        assert_eq!(TargetName::Cuda.file("candidate"), "candidate.cu");
    }
}
