//! Ctrl-C: the first one stops at a checkpoint, the second at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::ending::{Ending, INTERRUPTED_CODE};
use crate::{show, texts};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

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
