//! `local`: shows, tries and runs insights-to-braze on one's own machine.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    local::run(std::env::args_os()).await
}
