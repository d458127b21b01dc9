//! `fetch`, and what else concerns sources.

use std::sync::Arc;

use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Handler, HandlerError, listed};
use crate::budget::TimeBudget;
use crate::config::{Config, Export, Source};
use crate::message::{Coded, Message};
use crate::names::SourceName;
use crate::report::write_line;
use crate::source::{self, Fetch, FetchOutcome, FetchReport, Opened};

impl Handler {
    /// The action `fetch`.
    pub(super) async fn fetch(
        &self,
        config: &Config,
        only: Option<&SourceName>,
        dry_run: bool,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let sources: Vec<&Arc<Source>> = match only {
            Some(name) => vec![Self::source(config, name)?],
            None => config.sources.values().collect(),
        };
        let reports = self.fetch_from(&sources, dry_run, budget).await;
        let mut answer = json!({ "action": "fetch", "sources": reports });
        if let (true, Some(fields)) = (reports.is_empty(), answer.as_object_mut()) {
            let Message { text, code } = AnswerMessage::NoSources.to_message();
            fields.extend([("message".to_owned(), text.into()), ("code".to_owned(), code.into())]);
        }
        Ok(answer)
    }

    /// Continues fetches that ran out of time. A source that is gone from the configuration is not continued.
    pub(super) async fn continue_fetches(&self, config: &Config, names: &[SourceName], budget: TimeBudget) -> Value {
        let sources: Vec<_> = names.iter().filter_map(|name| config.sources.get(name)).collect();
        let reports = self.fetch_from(&sources, false, budget).await;
        // What failed is in the report and in the metrics, and the schedule tries it again.
        json!({ "batchItemFailures": [], "sources": reports })
    }

    /// Fetches from every source, or from those that have files for one of the exports named.
    pub(super) async fn fetch_for(
        &self,
        config: &Config,
        exports: Option<&[&Arc<Export>]>,
        budget: TimeBudget,
    ) -> Vec<FetchReport> {
        let is_wanted =
            |source: &&Arc<Source>| exports.is_none_or(|exports| exports.iter().any(|export| source.feeds(export)));
        let sources: Vec<_> = config.sources.values().filter(is_wanted).collect();
        if sources.is_empty() {
            return Vec::new();
        }
        self.fetch_from(&sources, false, budget.half()).await
    }

    async fn fetch_from(&self, sources: &[&Arc<Source>], dry_run: bool, budget: TimeBudget) -> Vec<FetchReport> {
        let mut reports = Vec::new();
        for source in sources {
            let fetch = Fetch { source, bucket: &self.bucket, budget, dry_run };
            let report = Box::pin(fetch.run(&self.api_keys, self.role.as_ref(), self.randomness.owner())).await;
            self.log_fetch(&report, dry_run);
            if report.is_to_be_continued()
                && let Some(queue) = &self.fetch_queue
                && let Err(error) = queue.send_fetch(&source.name).await
            {
                tracing::warn!(%error, "the schedule continues the fetch, instead of the queue");
            }
            reports.push(report);
        }
        reports
    }

    fn log_fetch(&self, report: &FetchReport, dry_run: bool) {
        if report.outcome == FetchOutcome::Failed {
            tracing::error!(source = %report.source, code = report.code, message = report.message, "a fetch failed");
        }
        if self.logs_reports {
            write_line("the report of a fetch", &serde_json::to_string(report).unwrap_or_default());
        }
        if let Some(stack) = self.metrics_of.as_ref().filter(|_| !dry_run) {
            source::metrics::log(stack, report);
        }
    }

    /// `connect` for a source: proves that its files can be listed and read. Nothing is copied.
    pub(super) async fn connect_source(
        &self,
        config: &Config,
        name: &SourceName,
        budget: TimeBudget,
    ) -> Result<Value, HandlerError> {
        let source = Self::source(config, name)?;
        let now = budget.now();
        let opened = match Opened::open(source, &self.api_keys, self.role.as_ref(), now).await {
            Ok(opened) => opened,
            Err(error) => return Ok(connected(source, None, "failed", &error.to_message(), now)),
        };
        let (outcome, message) = match opened.check(source).await {
            Ok(files) => ("connected", AnswerMessage::ConnectedSource { files }.to_message()),
            Err(error) => ("failed", error.to_message()),
        };
        Ok(connected(source, Some(&opened), outcome, &message, now))
    }

    /// What `status` says of the sources.
    pub(super) async fn source_statuses(
        &self,
        config: &Config,
        budget: TimeBudget,
    ) -> Result<Vec<Value>, HandlerError> {
        let mut statuses = Vec::new();
        for source in config.sources.values() {
            let last = Fetch::last_report(&self.bucket, &source.name).await?;
            let expires_at = last.as_ref().and_then(|last| last.expires_at);
            let message = match &last {
                None => AnswerMessage::NeverFetched.to_message(),
                Some(last) => last.as_message(),
            };
            statuses.push(json!({
                "source": source.name,
                "kind": source.kind.as_str(),
                "into": source.into,
                "expires_at": expires_at,
                "days_left": expires_at.map(|at| source::days_until(at, budget.now())),
                "last": last,
                "message": message.text,
                "code": message.code,
            }));
        }
        Ok(statuses)
    }

    fn source<'c>(config: &'c Config, name: &SourceName) -> Result<&'c Arc<Source>, HandlerError> {
        config.sources.get(name).ok_or_else(|| HandlerError::NoSuch {
            kind: "the source",
            name: name.to_string(),
            existing: listed(config.sources.keys()),
        })
    }
}

fn connected(
    source: &Source,
    opened: Option<&Opened>,
    outcome: &str,
    message: &Message,
    now: jiff::Timestamp,
) -> Value {
    let expires_at = opened.and_then(|opened| opened.expires_at);
    json!({
        "action": "connect",
        "source": source.name,
        "place": opened.map(Opened::place),
        "outcome": outcome,
        "expires_at": expires_at,
        "days_left": expires_at.map(|at| source::days_until(at, now)),
        "message": message.text,
        "code": message.code,
    })
}
