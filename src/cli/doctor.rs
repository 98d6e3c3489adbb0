//! `kernsmith doctor`: what this machine has, what is missing, and the command that mends it.

use super::exit::{Exit, Failed};
use super::{Places, say};
use crate::gpu::nvrtc;
use crate::target::TargetName;
use crate::target::verilog::tools::Toolbox;
use crate::worker::pool::Pool;

/// Runs the command.
pub async fn doctor(places: &Places) -> Result<Exit, Failed> {
    let program = std::env::current_exe().map_err(Failed::bug)?;
    let pool = Pool::start(&program, 1).await.map_err(Failed::bug)?;
    let abilities = pool.abilities();
    let tools = abilities.tools(TargetName::Verilog);
    say("tools");
    for tool in Toolbox::all() {
        match tools.get(tool.name()) {
            Some(version) => say(&format!("  ok       {:<16} {version}", tool.name())),
            None => {
                let word = if tool.required() { "MISSING " } else { "optional" };
                say(&format!("  {word} {:<16} {}", tool.name(), tool.install_hint()));
            }
        }
    }
    match tools.get("osu018") {
        Some(version) => say(&format!("  ok       {:<16} Liberty file, digest {version}", "osu018")),
        None => say(&format!("  MISSING  {:<16} {}", "osu018", crate::target::verilog::tools::LIBERTY_HINT)),
    }
    match nvrtc::version() {
        Ok(version) => say(&format!("  ok       {:<16} {version}", "nvrtc")),
        Err(missing) => say(&format!("  optional {:<16} {}", "nvrtc", missing.0)),
    }
    say(&format!("sandbox layers\n  {}", abilities.layers.join(", ")));
    say("folders");
    for (name, path) in [("tasks", &places.tasks), ("kernels", &places.kernels), ("results", &places.results)] {
        let state = if path.is_dir() { "ok      " } else { "absent  " };
        say(&format!("  {state} {name:<16} {}", path.display()));
    }
    Ok(if abilities.missing(TargetName::Verilog).is_empty() { Exit::Done } else { Exit::ToolMissing })
}
