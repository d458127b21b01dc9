//! The text of a message: for each cause what happened, what is safe, one command and one link.

use std::collections::BTreeMap;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::cause::{Cause, Kind};
use super::words::Words;
use crate::message::counted;
use crate::names::ExportName;
use crate::pattern::RunId;
use crate::report::{Outcome, RunSummary};
use crate::state::{Attention, Feeder, Overdue, ReportKeys};
use crate::texts::Argument::{Number, Word};
use crate::topic::Notice;

/// Most causes that are described.
const DESCRIBED: usize = 20;

/// Most segments of one cause, and most deliveries, that are named.
const NAMED: usize = 20;

/// What stays as it is in a link.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where messages lead.
#[derive(Clone, Debug)]
pub struct Links {
    /// The stack.
    pub stack: String,
    /// The bucket.
    pub bucket: String,
    /// The domain of the AWS Management Console, below which each region has a host.
    pub console: String,
    /// The region of the bucket.
    pub region: String,
}

/// The contents of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    pub(super) lasting: Vec<Lasting>,
    /// What is gone, with the time since when it lasted.
    pub(super) gone: Vec<(Cause, Timestamp)>,
    /// How much lasts that was reported within the last day.
    pub(super) reported_before: usize,
    /// What was delivered since the last message about deliveries.
    pub(super) delivered: Vec<Delivered>,
    /// What was delivered since the last digest, if one is due.
    pub(super) digest: Option<Vec<Delivered>>,
}

/// A delivered run.
#[derive(Clone, Debug)]
pub(super) struct Delivered {
    pub(super) feeder: Feeder,
    pub(super) run: RunSummary,
}

/// A cause that lasts.
#[derive(Clone, Debug)]
pub(super) struct Lasting {
    pub(super) cause: Cause,
    since: Timestamp,
    reason: Reason,
    run: Option<RunId>,
}

/// Why it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    /// As a message of the application says.
    Message(String),
    /// This many runs in a row are older than the newest one.
    Superseded(u64),
    Overdue(Overdue),
    /// For how many hours it has waited.
    Waited(u64),
}

impl Lasting {
    pub(super) fn new(cause: Cause, since: Timestamp, attention: &Attention, now: Timestamp) -> Self {
        let message = |text: &Option<String>| Reason::Message(text.clone().unwrap_or_default());
        let reason = match cause.kind {
            Kind::Failing => message(&attention.failing),
            Kind::Held => message(&attention.held),
            Kind::Superseded => Reason::Superseded(attention.superseded.unwrap_or_default()),
            Kind::Overdue => attention.overdue.map_or_else(|| message(&None), Reason::Overdue),
            Kind::Waiting => {
                let hours = attention.waiting_since.map_or(0, |since| now.duration_since(since).as_hours());
                Reason::Waited(hours.unsigned_abs())
            }
        };
        Self { cause, since, reason, run: attention.run }
    }
}

impl Reason {
    fn words(&self, words: &Words) -> String {
        match self {
            Self::Message(text) => words.message(text),
            Self::Superseded(runs) => words.with("why-superseded", &[("n", Number(*runs))]),
            Self::Overdue(overdue) => {
                let (since, interval) = (words.time(overdue.since), words.message(&overdue.interval()));
                words.with("why-overdue", &[("time", Word(&since)), ("interval", Word(&interval))])
            }
            Self::Waited(hours) => words.with("why-waiting", &[("n", Number(*hours))]),
        }
    }
}

impl Kind {
    /// What it is called in the subject, which is ASCII.
    fn in_subject(self) -> &'static str {
        match self {
            Self::Failing => "not delivered",
            Self::Held => "held",
            Self::Superseded => "superseded again and again",
            Self::Overdue => "overdue",
            Self::Waiting => "waiting",
        }
    }

    /// The end of the keys of its texts.
    fn key(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Held => "held",
            Self::Superseded => "superseded",
            Self::Overdue => "overdue",
            Self::Waiting => "waiting",
        }
    }

    /// The section of `docs/on-call.md`.
    fn section(self) -> &'static str {
        match self {
            Self::Failing => "faileddeliveriesalarm",
            Self::Held => "heldrunsalarm",
            Self::Superseded => "supersededrunsalarm",
            Self::Overdue => "overduesegmentsalarm",
            Self::Waiting => "waitingrunsalarm",
        }
    }
}

impl Links {
    fn object(&self, key: &str) -> String {
        let Self { bucket, console, region, .. } = self;
        format!(
            "https://{region}.{console}/s3/object/{bucket}?region={region}&prefix={}",
            utf8_percent_encode(key, PLAIN)
        )
    }

    fn command(&self, kind: Kind, export: &ExportName) -> String {
        let export = export.as_str().replace('\'', r"'\''");
        match kind {
            Kind::Held => format!("itb hold list '{export}' --bucket {}", self.bucket),
            _ => format!("itb status --export '{export}' --bucket {}", self.bucket),
        }
    }
}

impl News {
    /// The message; `None` if there is nothing to report.
    pub(super) fn notice(&self, links: &Links, words: &Words, now: Timestamp) -> Option<Notice> {
        let nothing = self.lasting.is_empty() && self.gone.is_empty() && self.delivered.is_empty();
        if nothing && self.digest.is_none() {
            return None;
        }
        let time = words.time(now);
        let mut parts = vec![words.with("stack", &[("stack", Word(&links.stack)), ("time", Word(&time))])];
        self.add_lasting(&mut parts, links, words);
        if !self.gone.is_empty() {
            parts.extend([String::new(), words.with("solved", &[])]);
            for (Cause { kind, export, segment }, since) in self.gone.iter().take(NAMED) {
                let (state, since) = (words.with(&format!("state-{}", kind.key()), &[]), words.time(*since));
                let named =
                    [("export", export.as_str()), ("segment", segment.as_str()), ("state", &state), ("time", &since)];
                parts.push(words.with("no-longer", &named.map(|(name, word)| (name, Word(word)))));
            }
            add_further(&mut parts, self.gone.len(), words);
        }
        if self.reported_before > 0 {
            parts.extend([String::new(), words.with("still", &[("n", Number(self.reported_before as u64))])]);
        }
        match &self.digest {
            Some(delivered) => add_delivered(&mut parts, "digest", delivered, words),
            None if !self.delivered.is_empty() => add_delivered(&mut parts, "delivered", &self.delivered, words),
            None => {}
        }
        Some(Notice { subject: format!("{}: {}", links.stack, self.subject()), text: parts.join("\n") + "\n" })
    }

    /// ASCII alone: the names of segments are in the text.
    fn subject(&self) -> String {
        let mut segments: BTreeMap<Kind, u64> = BTreeMap::new();
        for lasting in &self.lasting {
            *segments.entry(lasting.cause.kind).or_default() += 1;
        }
        let mut parts: Vec<String> = segments
            .into_iter()
            .map(|(kind, number)| format!("{} {}", counted(number, "segment", "segments"), kind.in_subject()))
            .collect();
        if !self.gone.is_empty() {
            parts.push(format!("{} solved", counted(self.gone.len() as u64, "problem", "problems")));
        }
        if self.digest.is_some() {
            parts.push("daily digest".to_owned());
        } else if !self.delivered.is_empty() {
            parts.push(format!("{} delivered", counted(self.delivered.len() as u64, "run", "runs")));
        }
        parts.join(", ")
    }

    /// Segments of an export that have the same cause are reported together.
    fn add_lasting(&self, parts: &mut Vec<String>, links: &Links, words: &Words) {
        let mut causes: Vec<(&Lasting, Vec<&Lasting>)> = Vec::new();
        for lasting in &self.lasting {
            let is_same = |(first, _): &&mut (&Lasting, Vec<&Lasting>)| {
                (first.cause.kind, &first.cause.export, &first.reason)
                    == (lasting.cause.kind, &lasting.cause.export, &lasting.reason)
            };
            match causes.iter_mut().find(is_same) {
                Some((_, same)) => same.push(lasting),
                None => causes.push((lasting, vec![lasting])),
            }
        }
        for (first, same) in causes.iter().take(DESCRIBED) {
            parts.extend([String::new(), first.described(same, links, words)]);
        }
        if let Some(further) = causes.len().checked_sub(DESCRIBED).filter(|further| *further > 0) {
            let command = format!("itb status --bucket {}", links.bucket);
            let further = [("n", Number(further as u64)), ("command", Word(&command))];
            parts.extend([String::new(), words.with("further", &further)]);
        }
    }
}

impl Lasting {
    fn described(&self, same: &[&Self], links: &Links, words: &Words) -> String {
        let Cause { kind, export, .. } = &self.cause;
        let reports = |lasting: &Self| ReportKeys::new(export, &lasting.cause.segment);
        let page = match (same, self.run, kind) {
            ([alone], Some(run), Kind::Failing | Kind::Held) => reports(alone).report(run, "report.html"),
            _ => ReportKeys::history_page(export),
        };
        let segments: Vec<&str> = same.iter().take(NAMED).map(|lasting| lasting.cause.segment.as_str()).collect();
        let mut segments = segments.join(", ");
        if let Some(further) = same.len().checked_sub(NAMED).filter(|further| *further > 0) {
            segments = words.with("segments", &[("segments", Word(&segments)), ("n", Number(further as u64))]);
        }
        let run = match (same, self.run) {
            ([_], Some(run)) => words.with("run", &[("run", Word(&run.to_string()))]),
            _ => String::new(),
        };
        let of_kind = |family: &str| words.with(&format!("{family}-{}", kind.key()), &[]);
        let values = [
            ("heading", of_kind("heading")),
            ("export", export.to_string()),
            ("segments", segments),
            ("run", run),
            ("time", words.time(self.since)),
            ("reason", self.reason.words(words)),
            ("safe", of_kind("safe")),
            ("command", links.command(*kind, export)),
            ("page", links.object(&page)),
            ("section", kind.section().to_owned()),
        ];
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, Word(value))).collect();
        words.with("cause", &values)
    }
}

fn add_delivered(parts: &mut Vec<String>, title: &str, delivered: &[Delivered], words: &Words) {
    parts.extend([String::new(), words.with(title, &[("n", Number(delivered.len() as u64))])]);
    for Delivered { feeder: Feeder { export, segment }, run } in delivered.iter().rev().take(NAMED) {
        let is_good = run.outcome != Outcome::DeliveredWithProblems;
        let problems = if is_good { String::new() } else { words.with("with-problems", &[]) };
        let members = &run.members;
        parts.push(words.with(
            "delivered-run",
            &[
                ("export", Word(export.as_str())),
                ("segment", Word(segment.as_str())),
                ("run", Word(&run.run.to_string())),
                ("members", Number(members.after)),
                ("entered", Number(members.entered)),
                ("left", Number(members.left)),
                ("problems", Word(&problems)),
                ("time", Word(&words.time(run.finished_at))),
            ],
        ));
    }
    add_further(parts, delivered.len(), words);
}

fn add_further(parts: &mut Vec<String>, all: usize, words: &Words) {
    if let Some(further) = all.checked_sub(NAMED).filter(|further| *further > 0) {
        parts.push(words.with("further-lines", &[("n", Number(further as u64))]));
    }
}
