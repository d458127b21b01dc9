//! What the three Lambda functions have in common: logs, a handler that is built once, and the loop that takes events.

use futures::future::LocalBoxFuture;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::budget::TimeBudget;
use crate::environment::Environment;
use crate::handler::{Answering, Handler};

/// What answers the events of one function: a method of the handler.
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
            answer(handler, &event, budget).await.inspect_err(|error| {
                let request_id = event.context.request_id.as_str();
                tracing::error!(request_id, %error, "the invocation failed");
            })
        }))
        .await
    })
}

/// No core file of this process is written, and no other process reads its memory: it holds the key and people's data.
#[cfg(target_os = "linux")]
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    // Neither is ever refused to a process about itself; if a kernel has it otherwise, the function works all the same.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Functions run on Linux.
#[cfg(not(target_os = "linux"))]
fn keep_memory_private() {}

/// A panic logs its place in the code and nothing else: its message may contain data.
pub fn keep_panics_silent() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "the function panicked. This is a bug: please report the place. Data is not shown");
    }));
}

/// Logs as JSON lines on standard error, at the level of `LOG_LEVEL` (default info). Libraries log warnings alone: what
/// they tell of single requests may hold more than a log should.
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
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(targets).with(lines).init();
}
