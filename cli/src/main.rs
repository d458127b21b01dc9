//! `itb`: shows, tries and runs insights-to-braze on one's own machine.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    itb::run(std::env::args_os()).await
}
