//! Clients that are created at their first use, so that an invocation that doesn't need one doesn't create it.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

type Maker<C> = Box<dyn FnOnce() -> C + Send>;

/// A client that is created at its first use. Clones share it.
#[derive(Clone, Debug)]
pub struct WhenNeeded<C>(Arc<LazyLock<C, Maker<C>>>);

impl<C> WhenNeeded<C> {
    /// A client that `make` creates.
    pub fn new(make: impl FnOnce() -> C + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<C> Deref for WhenNeeded<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}
