//! The commands for a first configuration.

use std::path::PathBuf;

use clap::Args;

use super::place::Source;

#[derive(Args)]
pub(crate) struct Init {
    /// The folder as written by Customer Insights: one folder per segment, next to a model.json.
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Where to write. An existing file is never overwritten.
    #[arg(long, value_name = "FILE", default_value = "exports.toml")]
    pub(crate) config: PathBuf,
    /// Braze's REST endpoint.
    #[arg(long, value_name = "HOST")]
    pub(crate) hostname: Option<String>,
    /// The column with the customer ID (Braze `external_id`), or `none`.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) customer_id: Option<String>,
    /// The column with the email address, or `none`.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) email: Option<String>,
    /// The name of the export. Default: the folder's.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: Option<String>,
    /// The name of the connection.
    #[arg(long, value_name = "NAME", default_value = "braze")]
    pub(crate) connection: String,
    /// Your organisation has approved sending customer data to Braze.
    #[arg(long)]
    pub(crate) agree: bool,
    /// Ask nothing: take what is proposed.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) source: Source,
    /// A folder with the files of --export, to check their columns.
    #[arg(long, value_name = "DIR", conflicts_with = "bucket", requires = "export")]
    pub(crate) files: Option<PathBuf>,
    /// Only this export.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: Option<String>,
    /// Print the checks as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
