//! The `kernsmith` program: parse, dispatch, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    kernsmith::cli::main()
}
