//! The commands for a first configuration.

use std::path::{Path, PathBuf};

use clap::Args;

use super::place::{Place, Source, Stack, WORKSPACE};

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
pub(crate) struct Console {
    /// The folder that exports land in: that of one export, or a folder with several.
    #[arg(value_name = "FOLDER", default_value = ".", conflicts_with_all = ["demo", "deployed"])]
    pub(crate) folder: PathBuf,
    /// Try it with generated data and a local mock of Braze.
    #[arg(long, conflicts_with_all = ["config", "workspace", "deployed"])]
    pub(crate) demo: bool,
    /// Number of people in the segments of --demo.
    #[arg(long, value_name = "N", default_value_t = 4_000, requires = "demo", value_parser = clap::value_parser!(u64).range(100..=200_000))]
    pub(crate) members: u64,
    /// The exports.toml. It need not exist. Default: exports.toml in this folder.
    #[arg(long, value_name = "FILE", conflicts_with = "deployed")]
    pub(crate) config: Option<PathBuf>,
    /// The local folder that stores reports and what has been delivered.
    #[arg(long, value_name = "DIR", default_value = WORKSPACE, conflicts_with = "deployed")]
    pub(crate) workspace: PathBuf,
    #[command(flatten)]
    pub(crate) stack: Stack,
    /// The port on 127.0.0.1. Default: a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Stop when it was not used for this time.
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub(crate) idle_minutes: u64,
}

impl Console {
    /// Where configuration and workspace are: in `folder`, if it is a demonstration.
    pub(crate) fn place(&self, folder: Option<&Path>) -> Place {
        if let Some(folder) = folder {
            return Place::of_folder(Some(folder.join("exports.toml")), folder.join("workspace"));
        }
        let source = Source { config: self.config.clone(), stack: self.stack.clone() };
        Place { source, workspace: self.workspace.clone() }
    }
}

#[derive(Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) source: Source,
    /// A folder with the files of --export, to check their columns.
    #[arg(long, value_name = "DIR", conflicts_with = "deployed", requires = "export")]
    pub(crate) files: Option<PathBuf>,
    /// Only this export.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: Option<String>,
    /// Print the checks as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The connection to test.
    #[arg(value_name = "CONNECTION", required_unless_present_any = ["connection", "from"], conflicts_with_all = ["connection", "from"])]
    positional: Option<String>,
    /// The connection to test, as a flag.
    #[arg(long, value_name = "NAME", conflicts_with = "from", hide_short_help = true)]
    connection: Option<String>,
    /// The source to test.
    #[arg(long = "source", value_name = "NAME")]
    pub(crate) from: Option<String>,
    /// Print the response as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Connect {
    /// The connection, by position or with its flag.
    pub(crate) fn connection(&self) -> Option<&String> {
        self.connection.as_ref().or(self.positional.as_ref())
    }
}
