//! Looks at the process table: the descendants of a process, their memory and their names.

use std::collections::HashMap;
use std::fs;

/// One running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: i32,
    /// Command name, at most 15 characters.
    pub name: String,
    /// Resident bytes.
    pub resident: u64,
    /// True if it has ended and waits to be reaped.
    pub zombie: bool,
}

/// All descendants of `root`, itself excluded.
pub fn descendants(root: i32) -> Vec<Process> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<i32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        if let Some((parent, process)) = parse_stat(pid, &stat) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for process in children.remove(&pid).unwrap_or_default() {
            open.push(process.pid);
            found.push(process);
        }
    }
    found
}

/// Reads `/proc/PID/stat`: the parent and the process. The name may hold spaces and parentheses.
fn parse_stat(pid: i32, stat: &str) -> Option<(i32, Process)> {
    let open = stat.find('(')?;
    let close = stat.rfind(')')?;
    let fields: Vec<&str> = stat.get(close + 1..)?.split_whitespace().collect();
    let pages: u64 = fields.get(21)?.parse().ok()?;
    Some((
        fields.get(1)?.parse().ok()?,
        Process {
            pid,
            name: stat.get(open + 1..close)?.to_string(),
            resident: pages * rustix::param::page_size() as u64,
            zombie: *fields.first()? == "Z",
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_child_is_a_descendant() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let found = descendants(std::process::id() as i32);
        let pid = child.id() as i32;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.iter().any(|p| p.pid == pid), "{found:?}");
    }

    proptest! {
        #[test]
        fn any_stat_line_is_read_without_panic(text in ".*") {
            let _ = parse_stat(1, &text);
        }
    }
}
