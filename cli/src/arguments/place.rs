//! Where an application lives that a command is about: on this machine, or in the bucket of a deployed stack.

use std::path::PathBuf;

use clap::Args;
use insights_to_braze::environment::DEFAULT_CONFIG_KEY;

/// The configuration: a file of this machine, or the one in the bucket of a deployed stack.
#[derive(Args)]
pub(crate) struct Source {
    /// The exports.toml with connections and exports.
    #[arg(long, value_name = "FILE", required_unless_present = "bucket", conflicts_with = "bucket")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) stack: Stack,
}

/// A deployed stack, used with one's own AWS credentials.
#[derive(Args)]
pub(crate) struct Stack {
    /// The bucket of a deployed stack, instead of local files.
    #[arg(long, value_name = "NAME", help_heading = "Deployed stack")]
    pub(crate) bucket: Option<String>,
    /// The key of exports.toml in the bucket.
    #[arg(long, value_name = "KEY", requires = "bucket", conflicts_with = "config", default_value = DEFAULT_CONFIG_KEY, help_heading = "Deployed stack")]
    pub(crate) config_key: String,
    /// The AWS profile with credentials and region. Default: the environment's.
    #[arg(long, value_name = "NAME", requires = "bucket", conflicts_with = "config", help_heading = "Deployed stack")]
    pub(crate) profile: Option<String>,
    /// The stack's own secret (its output `SecretArn`), for connections without `secret`.
    #[arg(long, value_name = "ARN", requires = "bucket", conflicts_with = "config", help_heading = "Deployed stack")]
    pub(crate) secret: Option<String>,
}

/// The configuration, and what has been delivered with it.
#[derive(Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The local folder that stores reports and what has been delivered.
    #[arg(long, value_name = "DIR", default_value = "insights-to-braze-workspace", conflicts_with = "bucket")]
    pub(crate) workspace: PathBuf,
}

/// An export of a place, and its files.
#[derive(Args)]
pub(crate) struct ExportFiles {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The export.
    #[arg(long, value_name = "NAME")]
    pub(crate) export: String,
    /// The folder with the files of the export.
    #[arg(long, value_name = "DIR", required_unless_present = "bucket", conflicts_with = "bucket")]
    pub(crate) files: Option<PathBuf>,
}
