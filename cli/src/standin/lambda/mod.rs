//! AWS Lambda for one function: hosts the real binary and speaks the Lambda Runtime API with it (AWS Lambda developer guide, "Using the Lambda runtime API").
//!
//! The binary sees only the environment that Lambda gives a function. One invocation runs at a time. A process that has ended is replaced at the next
//! invocation, as Lambda replaces an execution environment; one that does not answer in time is killed.

mod error;
mod function;
mod invoke_api;
mod process;
mod runtime_api;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

pub use error::InvocationError;
pub use function::LambdaFunction;
pub use invoke_api::{InvokeApi, Policy};
use process::Process;

/// A hosted function.
pub struct LambdaHost {
    function: LambdaFunction,
    /// Held for the length of an invocation.
    turn: tokio::sync::Mutex<()>,
    process: Mutex<Option<Arc<Process>>>,
    lines: Arc<Mutex<Vec<String>>>,
    starts: Mutex<u64>,
}

impl LambdaHost {
    /// Starts the function's process, as the first part of a cold start.
    pub async fn start(function: LambdaFunction) -> io::Result<Self> {
        let host = Self {
            function,
            turn: tokio::sync::Mutex::new(()),
            process: Mutex::new(None),
            lines: Arc::default(),
            starts: Mutex::new(0),
        };
        host.running().await?;
        Ok(host)
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.function.name
    }

    /// Invokes the function and gives its answer. A process that has not answered after `timeout` is killed.
    pub async fn invoke(&self, payload: &Value, timeout: Duration) -> Result<Value, InvocationError> {
        self.invoke_as(None, payload, timeout).await
    }

    /// The same by an alias or a version.
    pub async fn invoke_as(
        &self,
        qualifier: Option<&str>,
        payload: &Value,
        timeout: Duration,
    ) -> Result<Value, InvocationError> {
        let _turn = self.turn.lock().await;
        let process =
            self.running().await.map_err(|error| InvocationError::new("Sandbox.StartError", error.to_string()))?;
        process.invoke(qualifier, payload, timeout).await
    }

    /// Kills the process at once (SIGKILL), also in the middle of an invocation, which then fails with `Runtime.ExitError`.
    pub fn kill(&self) {
        if let Some(process) = &*self.process.lock().unwrap_or_else(PoisonError::into_inner) {
            process.kill();
        }
    }

    /// Kills the process and starts another.
    pub async fn restart(&self) -> io::Result<()> {
        self.kill();
        let _turn = self.turn.lock().await;
        self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.running().await.map(drop)
    }

    /// What the processes have written so far, standard output and standard error together, by line.
    pub fn log_lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines themselves, for whoever looks at them after the host has gone.
    pub fn lines(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.lines)
    }

    /// The same, and forgets them.
    pub fn take_log_lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The most memory that the present process has used (`VmHWM`), in bytes; after its end, what it had used at its last answer.
    pub fn peak_memory(&self) -> Option<u64> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|process| process.peak_memory())
    }

    /// The id of the present process.
    pub fn process_id(&self) -> Option<u32> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|process| process.id())
    }

    /// How many processes were started.
    pub fn starts(&self) -> u64 {
        *self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn running(&self) -> io::Result<Arc<Process>> {
        if let Some(process) = &*self.process.lock().unwrap_or_else(PoisonError::into_inner)
            && process.is_alive()
        {
            return Ok(Arc::clone(process));
        }
        let process = Arc::new(Process::start(&self.function, Arc::clone(&self.lines)).await?);
        *self.starts.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&process));
        Ok(process)
    }
}
