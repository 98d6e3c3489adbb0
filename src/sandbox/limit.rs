//! The limits of a command, and the helper side that applies them to itself before it becomes the command.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use serde::{Deserialize, Serialize};

/// What a command may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall-clock seconds for the whole tree.
    pub wall_seconds: f64,
    /// Resident bytes of the whole tree; also the data segment of each process.
    pub memory_bytes: u64,
    /// Bytes on standard output and error together.
    pub output_bytes: u64,
    /// Largest file that a process may write.
    pub file_bytes: u64,
    /// Processes of the tree.
    pub processes: u64,
}

impl Limits {
    /// Limits for an HDL tool: seconds given, 3 GiB, 4 MiB of output, 256 MiB a file, 64 processes.
    pub fn tool(wall_seconds: f64) -> Self {
        Self { wall_seconds, memory_bytes: 3 << 30, output_bytes: 4 << 20, file_bytes: 256 << 20, processes: 64 }
    }
}

/// Applies `limits` to this process and becomes `program`. Returns only if that failed, with the message for standard error.
pub fn exec_limited(limits: &str, program: &str, args: &[String]) -> String {
    match apply(limits) {
        Ok(()) => format!("{program}: {}", Command::new(program).args(args).exec()),
        Err(message) => message,
    }
}

fn apply(limits: &str) -> Result<(), String> {
    let limits: Limits = serde_json::from_str(limits).map_err(|e| format!("limit-exec: bad limits: {e}"))?;
    let cpu = (limits.wall_seconds.max(1.0) as u64).saturating_mul(2) + 1;
    for (resource, value) in [
        (Resource::Core, 0),
        (Resource::Cpu, cpu),
        (Resource::Data, limits.memory_bytes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, 256),
    ] {
        // One second more before the hard limit, so that whoever used up his time dies of SIGXCPU: SIGKILL is the machine's.
        let hard = if resource == Resource::Cpu { value + 1 } else { value };
        setrlimit(resource, Rlimit { current: Some(value), maximum: Some(hard) })
            .map_err(|e| format!("limit-exec: {resource:?} = {value}: {e}"))?;
    }
    close_inherited();
    rustix::thread::set_no_new_privs(true).map_err(|e| format!("limit-exec: no_new_privs: {e}"))?;
    // If the worker dies, so does the command; its own children fall to the next sweep or lose their pipes.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| format!("limit-exec: death signal: {e}"))
}

/// Marks every open file beyond standard error as closed on exec: whatever whoever started us had open is not the candidate's.
fn close_inherited() {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        #[expect(
            unsafe_code,
            reason = "the number comes from our own table; one closed meanwhile gives EBADF, nothing else"
        )]
        let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
        let _ = rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC);
    }
}
