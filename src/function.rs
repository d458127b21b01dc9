//! The start of the three Lambda functions: logs, a handler that is built once, and the event loop.

use futures::future::LocalBoxFuture;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing::Instrument;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::budget::TimeBudget;
use crate::environment::Environment;
use crate::handler::{Answering, Handler};

/// A method of the handler that answers the events of one function.
pub type Answer = for<'a> fn(&'a Handler, &'a LambdaEvent<Value>, TimeBudget) -> Answering<'a>;

/// Serves one function until AWS Lambda ends the process.
///
/// An error of `answer` becomes the invocation's error, with its full message.
pub fn serve(answer: Answer) -> LocalBoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        keep_memory_private();
        start_logs();
        keep_panics_silent();
        let environment = Environment::read()?;
        let handler = &environment.handler()?.with_metrics(&environment.stack);
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
            let budget = TimeBudget::until_lambda_deadline(event.context.deadline);
            // Spans have the level of errors, so that every line that is logged at all says what it is about.
            let span = tracing::error_span!("invocation", request_id = event.context.request_id);
            let answered = answer(handler, &event, budget).instrument(span.clone()).await;
            answered.inspect_err(|error| span.in_scope(|| tracing::error!(%error, "the invocation failed")))
        }))
        .await
    })
}

/// Prevents core files, and other processes from reading the memory, which contains the key and personal data.
#[cfg(target_os = "linux")]
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    // A process may always do this to itself; if a kernel refuses, the function still works.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Functions run on Linux.
#[cfg(not(target_os = "linux"))]
fn keep_memory_private() {}

/// Makes a panic log its place in the code and nothing else, because its message may contain data.
pub fn keep_panics_silent() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the function panicked. This is a bug: please report the place. Data is not shown");
    }));
}

/// Logs JSON lines to standard error, at the level of `LOG_LEVEL` (default info). The list `spans` of a line says what it is
/// about: the invocation, the delivery, the file, and the chunk of the file. Libraries log only warnings, because their
/// other lines may contain personal data.
fn start_logs() {
    let level = std::env::var("LOG_LEVEL").ok().map(|level| level.trim().to_ascii_lowercase());
    let level = match level.as_deref() {
        Some("error") => LevelFilter::ERROR,
        Some("warn") => LevelFilter::WARN,
        Some("debug") => LevelFilter::DEBUG,
        Some("trace") => LevelFilter::TRACE,
        _ => LevelFilter::INFO,
    };
    // The runtime would log an invocation's error a second time, in Rust's debug form.
    let targets = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
        .with_target("insights_to_braze", level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_current_span(false);
    tracing_subscriber::registry().with(targets).with(lines).init();
}
