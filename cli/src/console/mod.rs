//! `console`: pages on this machine to set up, run and watch deliveries. It owns no state: what it does is a request to the
//! handler, or a change of `exports.toml`.
//!
//! | what | module |
//! | --- | --- |
//! | where the application lives: a folder, a demonstration, the bucket or the function of a stack | `place`, `folder`, `demo`, `bucket`, `function` |
//! | who may ask: token, session, checks of every request | `session`, `guard`, `visit`, `form` |
//! | texts in English and Japanese | `texts`, `messages` |
//! | what every page has | `view`, `trouble` |
//! | dry runs and deliveries that continue when a page is closed | `jobs` |
//! | files without a configuration, and changes of one | `look`, `edit`, `export_table`, `difference` |
//! | the pages | `pages` |

mod bucket;
mod clock;
mod decision;
mod demo;
mod difference;
mod edit;
mod export_table;
mod folder;
mod form;
mod function;
mod guard;
mod hosts;
mod jobs;
mod look;
mod messages;
mod pages;
mod place;
mod session;
mod state;
mod status;
mod texts;
mod trouble;
mod view;
mod visit;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;

use self::bucket::BucketPlace;
use self::demo::Demo;
use self::folder::FolderPlace;
use self::function::FunctionPlace;
use self::place::Place;
use self::session::Session;
use self::state::{Console, Shared};
use crate::ending::{Ending, Failure};
use crate::{arguments, aws, show};

/// The largest form, in bytes. Files are never uploaded.
const LARGEST_FORM: usize = 64 * 1024;
/// How often the console looks whether it is still used.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) async fn run(arguments: &arguments::Console) -> Result<Ending, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))
        .await
        .map_err(|error| text::no_port(arguments.port, &error))?;
    let port = listener.local_addr().map_err(Failure::Server)?.port();
    let (place, temporary) = place(arguments).await?;
    let console = Arc::new(Console::new(Session::new(port), place));
    let address = console.session.start_url().unwrap_or_default();
    show::line(text::started(&address));
    let idle = Duration::from_secs(arguments.idle_minutes * 60);
    let ended = end(Arc::clone(&console), idle);
    let serving = axum::serve(listener, router(&console)).with_graceful_shutdown(ended);
    serving.await.map_err(Failure::Server)?;
    while console.jobs.is_running() {
        tokio::time::sleep(LOOK / 10).await;
    }
    drop(temporary);
    Ok(Ending::Done)
}

/// The place, and the folder that goes with it if it is temporary.
async fn place(arguments: &arguments::Console) -> Result<(Arc<dyn Place>, Option<tempfile::TempDir>), Failure> {
    if let Some(stack) = &arguments.stack.name {
        let place =
            FunctionPlace::new(arguments.place(None), stack, aws::sdk(arguments.stack.profile.as_deref()).await?);
        place.config().await?;
        return Ok((Arc::new(place), None));
    }
    if let Some(bucket) = &arguments.stack.bucket {
        let sdk = aws::sdk(arguments.stack.profile.as_deref()).await?;
        let place = BucketPlace::new(arguments.place(None), bucket, sdk);
        // What is wrong with the profile or the bucket is said here, and not on a page.
        place.config().await?;
        return Ok((Arc::new(place), None));
    }
    if !arguments.demo {
        if !arguments.folder.is_dir() {
            let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(Failure::file("can't read", &arguments.folder, missing, text::FOLDER));
        }
        return Ok((Arc::new(FolderPlace::new(arguments.folder.clone(), arguments.place(None), None)?), None));
    }
    let unwritable =
        |source| Failure::file("can't create a temporary folder in", &std::env::temp_dir(), source, text::TEMPORARY);
    let temporary = tempfile::TempDir::with_prefix("insights-to-braze-console-").map_err(unwritable)?;
    let landing: PathBuf = temporary.path().join("exports");
    let demo = Demo::start(&landing, arguments.members).await.map_err(unwritable)?;
    let place = FolderPlace::new(landing, arguments.place(Some(temporary.path())), Some(demo))?;
    Ok((Arc::new(place), Some(temporary)))
}

/// Everything that the console answers, behind its guard.
fn router(console: &Shared) -> Router {
    let pages = pages::routes().layer(DefaultBodyLimit::max(LARGEST_FORM)).with_state(Arc::clone(console));
    // The guard shortens the path, so it comes before the pages are looked up.
    Router::new().fallback_service(pages).layer(from_fn_with_state(Arc::clone(console), guard::guard))
}

/// Returns when Ctrl-C comes, or when the console has been idle for too long. A second Ctrl-C ends the process.
async fn end(console: Shared, idle: Duration) {
    let mut ctrl_c = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            _ = &mut ctrl_c => break,
            () = tokio::time::sleep(LOOK) => if console.idle() >= idle {
                show::line(crate::texts::t("console-idle"));
                break;
            }
        }
    }
    if console.jobs.is_running() {
        show::aside(crate::texts::t("console-stopping"));
    }
    console.jobs.stop();
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(crate::ending::INTERRUPTED_CODE));
        }
    });
}

/// The texts of the command.
mod text {
    use super::Failure;

    pub(super) const FOLDER: &str = "Start the console on the folder that exports land in.";
    pub(super) const TEMPORARY: &str = "Set TMPDIR to a writable folder.";

    pub(super) fn started(address: &str) -> String {
        format!(
            "Open this address in a browser on this machine. It works once:\n\n  {address}\n\n\
             ブラウザーでこのアドレスを開いてください (1 回だけ有効です)。\n\
             Press Ctrl-C to stop."
        )
    }

    pub(super) fn no_port(port: u16, error: &std::io::Error) -> Failure {
        let error = std::io::Error::new(error.kind(), format!("port {port}: {error}"));
        Failure::Server(error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_console_that_is_not_used_ends() {
        let folder = tempfile::tempdir().unwrap();
        let place = arguments::Place::of_folder(Some(folder.path().join("exports.toml")), folder.path().join("w"));
        let place: Arc<dyn Place> = Arc::new(FolderPlace::new(folder.path().to_owned(), place, None).unwrap());
        let console = Arc::new(Console::new(Session::new(1), place));
        let started = Instant::now();
        let ending = tokio::spawn(end(Arc::clone(&console), Duration::from_hours(1)));
        tokio::time::sleep(Duration::from_mins(40)).await;
        console.seen();
        ending.await.unwrap();
        let minutes = started.elapsed().as_secs() / 60;
        assert_eq!(minutes, 100, "an hour after the last request");
    }
}
