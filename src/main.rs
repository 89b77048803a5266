//! The `forebay` program: see [`forebay::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    forebay::cli::main()
}
