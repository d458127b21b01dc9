//! Ctrl-C: the first one stops at a checkpoint, the second at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ending::{Ending, INTERRUPTED_CODE};
use crate::{show, texts};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The stack whose function does the work, if one does.
static STACK: OnceLock<String> = OnceLock::new();

/// From here on, the work is done by the function of a stack: it continues when this process has ended.
pub(crate) fn work_is_in(stack: &str) {
    STACK.get_or_init(|| stack.to_owned());
}

/// True once Ctrl-C has come.
pub(crate) fn flag() -> &'static AtomicBool {
    &INTERRUPTED
}

/// Whether Ctrl-C has come.
pub(crate) fn has_come() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// From here on, Ctrl-C ends the process no more by itself.
pub(crate) fn listen() {
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        if let Some(stack) = STACK.get() {
            show::aside(texts::w("left-running", "stack", stack));
            std::process::exit(i32::from(INTERRUPTED_CODE));
        }
        INTERRUPTED.store(true, Ordering::Relaxed);
        show::aside(texts::t("stopping"));
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(INTERRUPTED_CODE));
        }
    });
}

/// How a command ends that would have ended with `ending`: what Ctrl-C stopped has not failed.
pub(crate) fn ending(ending: Ending) -> Ending {
    if has_come() && ending == Ending::Failed {
        show::aside(texts::t("stopped"));
        return Ending::Interrupted;
    }
    ending
}
