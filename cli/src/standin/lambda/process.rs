//! One process of the function: one execution environment.

use std::io;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot, watch};

use super::error::InvocationError;
use super::function::LambdaFunction;
use super::runtime_api::{Invocation, Outcome, RuntimeApi};

/// How a process ended, in words; `None` while it runs.
type Ended = Option<String>;

pub(super) struct Process {
    api: RuntimeApi,
    function_name: String,
    id: Option<u32>,
    kill: Arc<Notify>,
    ended: watch::Receiver<Ended>,
    peak: AtomicU64,
}

impl Process {
    pub(super) async fn start(function: &LambdaFunction, lines: Arc<Mutex<Vec<String>>>) -> io::Result<Self> {
        let api = RuntimeApi::start().await?;
        let mut child = Command::new(&function.binary)
            .args(&function.arguments)
            .env_clear()
            .envs(function.variables())
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                io::Error::new(error.kind(), format!("{} cannot be started: {error}", function.binary.display()))
            })?;
        let id = child.id();
        let output = child.stdout.take().map(|stream| tokio::spawn(copy_lines(stream, Arc::clone(&lines))));
        let errors = child.stderr.take().map(|stream| tokio::spawn(copy_lines(stream, lines)));
        let kill = Arc::new(Notify::new());
        let (sender, ended) = watch::channel(None);
        let killed = Arc::clone(&kill);
        tokio::spawn(async move {
            let end = wait(&mut child, &killed).await;
            // Whoever sees the end can then read everything that was written.
            for reader in [output, errors].into_iter().flatten() {
                drop(reader.await);
            }
            sender.send_replace(Some(end));
        });
        Ok(Self { api, function_name: function.name.clone(), id, kill, ended, peak: AtomicU64::new(0) })
    }

    pub(super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    pub(super) fn kill(&self) {
        self.kill.notify_one();
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.id.filter(|_| self.is_alive())
    }

    pub(super) fn peak_memory(&self) -> Option<u64> {
        if let Some(bytes) = self.id.and_then(read_peak_memory) {
            self.peak.fetch_max(bytes, Ordering::Relaxed);
        }
        Some(self.peak.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    pub(super) async fn invoke(&self, qualifier: Option<&str>, payload: &Value, timeout: Duration) -> Outcome {
        let name = &self.function_name;
        let function_name = qualifier.map_or_else(|| name.clone(), |qualifier| format!("{name}:{qualifier}"));
        let (outcome, mut answered) = oneshot::channel();
        let payload = Bytes::from(payload.to_string());
        let invocation = Invocation { payload, timeout, function_name, outcome };
        if !self.api.hand_over(invocation).await {
            return Err(self.exit_error());
        }
        let result = tokio::select! {
            biased;
            answer = &mut answered => answer.unwrap_or_else(|_| Err(self.exit_error())),
            () = self.end() => Err(self.exit_error()),
            () = tokio::time::sleep(timeout) => {
                self.kill();
                self.end().await;
                Err(InvocationError::new("Sandbox.Timedout", format!("Task timed out after {:.2} seconds", timeout.as_secs_f64())))
            }
        };
        self.peak_memory();
        result
    }

    async fn end(&self) {
        let mut ended = self.ended.clone();
        drop(ended.wait_for(Option::is_some).await);
    }

    fn exit_error(&self) -> InvocationError {
        self.api.init_error().unwrap_or_else(|| {
            let ended = self.ended.borrow();
            let how = ended.as_deref().unwrap_or("without a status");
            InvocationError::new("Runtime.ExitError", format!("the runtime ended before it answered: {how}"))
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.notify_one();
    }
}

async fn wait(child: &mut Child, kill: &Notify) -> String {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            drop(child.start_kill());
            child.wait().await
        }
    };
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

async fn copy_lines(stream: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>) {
    let mut reader = BufReader::new(stream).split(b'\n');
    while let Ok(Some(line)) = reader.next_segment().await {
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(String::from_utf8_lossy(&line).into_owned());
    }
}

/// `VmHWM` of `/proc/<id>/status`, in bytes; nothing where there is no such file.
fn read_peak_memory(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
