//! Clients that are made when they are needed: an invocation that sends nothing pays for none.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

type Maker<C> = Box<dyn FnOnce() -> C + Send>;

/// A client that is made at its first use. Clones share it.
#[derive(Clone, Debug)]
pub struct WhenNeeded<C>(Arc<LazyLock<C, Maker<C>>>);

impl<C> WhenNeeded<C> {
    /// A client as `make` makes it.
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
