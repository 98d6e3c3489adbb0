//! Reads what ptxas says about each kernel (`--ptxas-options=-v`). Strict: a figure that is not understood is an error, never 0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one thread or block of a kernel takes. Bytes, except where it says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// 32-bit registers a thread.
    pub registers: u32,
    /// Static shared memory a block.
    pub static_shared: u64,
    /// Stores to local memory because registers ran out.
    pub spill_stores: u64,
    /// Loads of what was spilled.
    pub spill_loads: u64,
    /// Stack a thread, called functions included: local arrays, spilled registers.
    pub stack: u64,
    /// Constant memory, kernel parameters included where ptxas counts them.
    pub constant: u64,
    /// Hardware barriers, as a number.
    pub barriers: u32,
}

/// The kernels of a log by symbol. Lines that are not about resources are skipped.
pub fn parse(log: &str) -> Result<BTreeMap<String, Resources>, String> {
    let mut kernels: BTreeMap<String, Resources> = BTreeMap::new();
    let mut entry: Option<String> = None;
    let mut described: Option<&str> = None;
    for line in log.lines() {
        let Some(text) = report(line) else { continue };
        let unread = || format!("ptxas's report cannot be read: {line}");
        if let Some(rest) = text.strip_prefix("Compiling entry function '") {
            let symbol = rest.split_once('\'').ok_or_else(unread)?.0;
            kernels.insert(symbol.to_string(), Resources::default());
            entry = Some(symbol.to_string());
        } else if let Some(symbol) = text.strip_prefix("Function properties for ") {
            described = Some(symbol);
        } else if text.contains(" bytes stack frame") {
            let figures = figures(text).ok_or_else(unread)?;
            // Functions that were not inlined are described too; the stack of their callers counts them.
            let Some(kernel) = described.take().and_then(|symbol| kernels.get_mut(symbol)) else { continue };
            for (value, what) in figures {
                match what {
                    "bytes stack frame" => kernel.stack = value,
                    "bytes spill stores" => kernel.spill_stores = value,
                    "bytes spill loads" => kernel.spill_loads = value,
                    _ => return Err(unread()),
                }
            }
        } else if let Some(rest) = text.strip_prefix("Used ") {
            let kernel = entry.take().and_then(|symbol| kernels.get_mut(&symbol)).ok_or_else(unread)?;
            for (value, what) in figures(rest).ok_or_else(unread)? {
                match what {
                    "registers" => kernel.registers = u32::try_from(value).map_err(|_| unread())?,
                    "barriers" => kernel.barriers = u32::try_from(value).map_err(|_| unread())?,
                    "bytes smem" => kernel.static_shared = value,
                    "bytes cumulative stack size" => kernel.stack = kernel.stack.max(value),
                    "bytes lmem" => {}
                    _ if what.starts_with("bytes cmem[") => {
                        kernel.constant = kernel.constant.checked_add(value).ok_or_else(unread)?;
                    }
                    _ => return Err(unread()),
                }
            }
        }
    }
    match kernels.iter().find(|(_, resources)| resources.registers == 0) {
        Some((symbol, _)) => Err(format!("ptxas said nothing about the registers of {symbol}")),
        None => Ok(kernels),
    }
}

/// The log without ptxas's reports: what is left are warnings, errors and advice, which ptxas gives as a number in parentheses.
pub fn without_reports(log: &str) -> String {
    let is_report = |line: &&str| report(line).is_some_and(|text| !text.starts_with('('));
    log.lines().filter(|line| !is_report(line)).flat_map(|line| [line, "\n"]).collect()
}

/// The words of a line in which ptxas reports something, or nothing if the line is something else.
fn report(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("ptxas")?.trim_start();
    let rest = rest.strip_prefix("info").map_or(rest, str::trim_start);
    rest.strip_prefix([':', '.']).map(str::trim)
}

/// `21 registers, used 1 barriers, 256 bytes smem` as pairs. Numbers and shared memory may be written `256+0`.
fn figures(text: &str) -> Option<Vec<(u64, &str)>> {
    text.split(", ")
        .map(|item| {
            let (number, what) = item.strip_prefix("used ").unwrap_or(item).split_once(' ')?;
            let value = number.split('+').try_fold(0u64, |sum, n| sum.checked_add(n.parse().ok()?))?;
            Some((value, what))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOG: &str = "\
candidate.cu(3): warning #177-D: variable \"a\" was declared but never referenced
ptxas info    : 0 bytes gmem, 64 bytes cmem[3]
ptxas info    : Compiling entry function 'k2' for 'sm_90'
ptxas info    : Function properties for k2
ptxas         .     400 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 32 registers, used 0 barriers, 400 bytes cumulative stack size
ptxas info    : Compile time = 8.758 ms
ptxas info    : Compiling entry function '_Z1kILi3EEvPf' for 'sm_90'
ptxas info    : Function properties for _Z1kILi3EEvPf
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 21 registers, used 1 barriers, 32 bytes cumulative stack size, 256 bytes smem, 380 bytes cmem[0], 8 bytes cmem[2]
ptxas info    : Function properties for _Z4slowfi
ptxas         .     16 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
";

    #[test]
    fn every_kernel_gets_its_own_figures() {
        let kernels = parse(LOG).unwrap();
        assert_eq!(kernels.len(), 2);
        let first = Resources { registers: 32, stack: 400, spill_stores: 12, spill_loads: 8, ..Resources::default() };
        let second = Resources {
            registers: 21,
            barriers: 1,
            static_shared: 256,
            stack: 32,
            constant: 388,
            ..Resources::default()
        };
        assert_eq!(kernels["k2"], first);
        assert_eq!(kernels["_Z1kILi3EEvPf"], second);
    }

    #[test]
    fn warnings_are_what_is_left_of_a_log() {
        assert!(without_reports(LOG).starts_with("candidate.cu(3): warning"));
        assert_eq!(without_reports(LOG).lines().count(), 1);
        let advice =
            "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized\n";
        assert_eq!(without_reports(advice), advice);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let log = |line: &str| format!("ptxas info    : Compiling entry function 'k' for 'sm_90'\n{line}\n");
        for line in [
            "",
            "ptxas info    : Used many registers",
            "ptxas info    : Used 3 registers, 4 bytes of something",
            "ptxas info    : Used 99999999999 registers",
            "ptxas info    : Used 18446744073709551615+1 registers",
        ] {
            assert!(parse(&log(line)).is_err(), "{line}");
        }
        assert!(parse("ptxas info    : Used 3 registers\n").is_err(), "no kernel was named");
        assert!(parse(&log("ptxas info    : Used 3 registers")).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = parse(&text);
            let _ = without_reports(&text);
        }

        #[test]
        fn any_order_of_ptxas_words_is_read_without_panic(lines in prop::collection::vec(prop::sample::select(vec![
            "ptxas info    : Compiling entry function 'k' for 'sm_90'",
            "ptxas info    : Compiling entry function 'k",
            "ptxas info    : Function properties for k",
            "ptxas         .     8 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads",
            "ptxas         .      bytes stack frame, ",
            "ptxas info    : Used 21 registers, 256+16 bytes smem",
            "ptxas info    : Used ",
            "ptxas :", "ptxas", "ptxas info", "",
        ]), 0..12)) {
            let _ = parse(&lines.join("\n"));
        }
    }
}
