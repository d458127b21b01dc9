//! The commands that decide about runs and change the state.

use clap::{Args, Subcommand};
use insights_to_braze::pattern::RunId;
use serde_json::{Map, Value};

use super::place::Place;

#[derive(Args)]
pub(crate) struct RunAll {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Preview without sending anything.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Hold {
    #[command(subcommand)]
    pub(crate) action: HoldAction,
}

#[derive(Subcommand)]
pub(crate) enum HoldAction {
    /// List held runs: how many people would leave, of how many, and why.
    List(HoldList),
    /// The segment really shrank: set the people who left to `false`, or remove the attribute (`on_leave`).
    Release(HeldSegment),
    /// The run is wrong: drop it. No one is changed.
    Reject(HeldSegment),
}

#[derive(Args)]
pub(crate) struct HoldList {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only this export.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: Option<String>,
    /// Print the held runs as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A segment with a held run, and what is decided about it.
#[derive(Args)]
pub(crate) struct HeldSegment {
    /// The export.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: String,
    /// The segment.
    #[arg(value_name = "SEGMENT")]
    pub(crate) segment: String,
    /// The run, if several runs of the segment are held.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunId>,
    /// How many people leave with the run, instead of typing the number.
    #[arg(long, value_name = "N")]
    pub(crate) people: Option<u64>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Retry {
    /// Only this export.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: Option<String>,
    /// Only this segment.
    #[arg(long, value_name = "NAME", requires = "export")]
    pub(crate) segment: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// List what failed, and why, without sending anything.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// An attribute: that of a segment, or one of a connection's workspace.
#[derive(Args)]
pub(crate) struct Subject {
    /// The export.
    #[arg(
        value_name = "EXPORT",
        requires = "segment",
        required_unless_present = "attribute",
        conflicts_with = "attribute"
    )]
    pub(crate) export: Option<String>,
    /// The segment that feeds the attribute, or has fed it.
    #[arg(value_name = "SEGMENT")]
    pub(crate) segment: Option<String>,
    /// The connection to the attribute's workspace, instead of an export and a segment.
    #[arg(long, value_name = "NAME", requires = "attribute")]
    pub(crate) connection: Option<String>,
    /// The attribute in Braze, instead of an export and a segment.
    #[arg(long, value_name = "NAME", requires = "connection")]
    pub(crate) attribute: Option<String>,
}

impl Subject {
    /// The request of `action` about it.
    pub(crate) fn request(&self, action: &str, dry_run: bool) -> Value {
        let mut request: Map<String, Value> = Map::new();
        request.insert("action".to_owned(), action.into());
        request.insert("dry_run".to_owned(), dry_run.into());
        let names = [
            ("export", &self.export),
            ("segment", &self.segment),
            ("connection", &self.connection),
            ("attribute", &self.attribute),
        ];
        request.extend(names.map(|(name, value)| (name.to_owned(), value.clone().into())));
        Value::Object(request)
    }
}

#[derive(Args)]
pub(crate) struct Retire {
    #[command(flatten)]
    pub(crate) subject: Subject,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only show how many people have the attribute.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How many people have the attribute, instead of typing the number.
    #[arg(long, value_name = "N", conflicts_with = "dry_run")]
    pub(crate) people: Option<u64>,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Audit {
    /// The export.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: String,
    /// One of its segments; otherwise all that have a segment in Braze (`audit_segment_ids`).
    #[arg(value_name = "SEGMENT")]
    pub(crate) segment: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Send the differences, once their number is confirmed.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) repair: bool,
    /// Ask Braze for nothing: only show what would be compared.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How many people the repair changes, instead of typing the number.
    #[arg(long, value_name = "N", requires = "repair")]
    pub(crate) people: Option<u64>,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Undo {
    /// The export.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: String,
    /// The segment.
    #[arg(value_name = "SEGMENT")]
    pub(crate) segment: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// The run. Nothing is changed if it is not the last complete one.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunId>,
    /// Only show how many people would be changed, and what can't be restored.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How many people are changed, instead of typing the number.
    #[arg(long, value_name = "N", conflicts_with = "dry_run")]
    pub(crate) people: Option<u64>,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Forget {
    /// The export.
    #[arg(value_name = "EXPORT")]
    pub(crate) export: String,
    /// The run, as shown by `status` and in reports.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunId,
    /// Only this segment. Default: every segment that has the run.
    #[arg(long, value_name = "NAME")]
    pub(crate) segment: Option<String>,
    /// Keep the run, but let it be complete without this file (its key), which was seen and is gone.
    #[arg(long, value_name = "KEY")]
    pub(crate) file: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only show what would be dropped.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(long, short, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Rebuild {
    #[command(flatten)]
    pub(crate) subject: Subject,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only show what is damaged.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(long, short, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Erase {
    /// The person's customer ID. Without it and --email, both are asked for, so that no shell history keeps them.
    #[arg(long, value_name = "ID")]
    pub(crate) customer_id: Option<String>,
    /// The person's email address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// Your own name for the request. It is stored in the receipt and must not identify the person.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only show what would be removed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask.
    #[arg(long, short, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Print the receipt as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
