//! What a delivery costs from the S3 object to Braze's answer: the function as AWS Lambda runs it, in a process of its
//! own, against stand-ins in another process, beside a floor that only posts ready-made bodies.
//!
//! `cargo bench --bench end_to_end` prints the tables of `docs/performance.md`. `ROWS` sets the rows (default 1,000,000). Words
//! behind `--` choose what is measured, by the beginning of its name: `cargo bench --bench end_to_end -- cpu limit`. The names
//! are `cpu`, `tls`, `limit`, `tls-limit`, `other-limit`, `continuation`, `start`, `binaries`, `quota` and `members`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

mod function;
mod in_process;
mod machine;
mod members;
mod rows;
mod stand;
mod table;

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let argument = |number: usize| arguments[number].as_str();
    match arguments.get(1).map(String::as_str) {
        Some("serve") => runtime.block_on(stand::serve(Path::new(argument(2)), argument(3) == "tls")),
        Some("floor") => runtime.block_on(in_process::floor(argument(2), argument(3), argument(4).parse().unwrap())),
        Some("read") => runtime.block_on(in_process::read(&arguments[2..])),
        Some("deliver") => runtime.block_on(in_process::deliver(argument(2), argument(3), argument(4))),
        _ => {
            // Cargo adds a flag of its own.
            let wanted = arguments.into_iter().skip(1).filter(|argument| !argument.starts_with("--")).collect();
            runtime.block_on(table::print(wanted));
        }
    }
}
