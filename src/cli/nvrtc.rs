//! `kernsmith nvrtc` (hidden): the child process of one compilation.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failed};
use super::say;
use crate::gpu::nvrtc;

/// Options of the command.
#[derive(Args)]
pub struct Nvrtc {
    /// What to compile, as JSON
    #[arg(required_unless_present = "version_of")]
    job: Option<PathBuf>,
    /// Print the version of this library
    #[arg(long, conflicts_with = "job", value_name = "LIBRARY")]
    version_of: Option<PathBuf>,
}

/// Runs the command.
pub fn nvrtc(args: &Nvrtc) -> Result<Exit, Failed> {
    let bug = |message: String| Failed::bug(anyhow::anyhow!(message));
    if let Some(library) = &args.version_of {
        say(&nvrtc::reported_version(library).map_err(bug)?);
    }
    if let Some(job) = &args.job {
        nvrtc::serve(job).map_err(bug)?;
    }
    Ok(Exit::Done)
}
