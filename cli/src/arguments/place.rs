//! Where an application lives that a command is about: on this machine, or a deployed stack.

use std::path::{Path, PathBuf};

use clap::Args;
use insights_to_braze::environment::DEFAULT_CONFIG_KEY;
pub(crate) use insights_to_braze::page::text::quoted;

/// Where the configuration and the workspace are unless a flag says otherwise.
const CONFIG: &str = "exports.toml";
pub(super) const WORKSPACE: &str = "insights-to-braze-workspace";

/// The configuration: a file of this machine, or that of a deployed stack.
#[derive(Args)]
pub(crate) struct Source {
    /// The exports.toml with connections and exports. Default: exports.toml in this folder.
    #[arg(long, value_name = "FILE", conflicts_with = "deployed")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) stack: Stack,
}

/// A deployed stack, used with one's own AWS credentials.
#[derive(Args, Clone)]
pub(crate) struct Stack {
    /// A deployed stack: its function does the work. Needs only the permission to invoke it.
    #[arg(long = "stack", value_name = "NAME", group = "deployed", help_heading = "Deployed stack")]
    pub(crate) name: Option<String>,
    /// The bucket of a deployed stack: this machine does the work. Needs access to the bucket.
    #[arg(long, value_name = "NAME", group = "deployed", help_heading = "Deployed stack")]
    pub(crate) bucket: Option<String>,
    /// The key of exports.toml in the bucket.
    #[arg(long, value_name = "KEY", requires = "bucket", conflicts_with_all = ["config", "name"], default_value = DEFAULT_CONFIG_KEY, help_heading = "Deployed stack")]
    pub(crate) config_key: String,
    /// The AWS profile with credentials and region. Default: the environment's.
    #[arg(
        long,
        value_name = "NAME",
        requires = "deployed",
        conflicts_with = "config",
        help_heading = "Deployed stack"
    )]
    pub(crate) profile: Option<String>,
    /// The stack's own secret (its output `SecretArn`), for connections without `secret`.
    #[arg(long, value_name = "ARN", requires = "bucket", conflicts_with_all = ["config", "name"], help_heading = "Deployed stack")]
    pub(crate) secret: Option<String>,
}

/// The configuration, and what has been delivered with it.
#[derive(Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The local folder that stores reports and what has been delivered.
    #[arg(long, value_name = "DIR", default_value = WORKSPACE, conflicts_with = "deployed")]
    pub(crate) workspace: PathBuf,
}

/// An export, by position or with a flag.
#[derive(Args)]
pub(crate) struct NamedExport {
    /// The export.
    #[arg(value_name = "EXPORT", required_unless_present = "export", conflicts_with = "export")]
    positional: Option<String>,
    /// The export, as a flag.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    export: Option<String>,
}

impl NamedExport {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.positional.as_deref().or(self.export.as_deref()).unwrap_or_default()
    }
}

/// The files of an export, and the place where they are delivered from.
#[derive(Args)]
pub(crate) struct ExportFiles {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The folder with the files of the export.
    #[arg(long, value_name = "DIR", required_unless_present = "deployed", conflicts_with = "deployed")]
    pub(crate) files: Option<PathBuf>,
}

impl Stack {
    /// Whether the application is deployed, and not on this machine.
    pub(crate) fn is_deployed(&self) -> bool {
        self.name.is_some() || self.bucket.is_some()
    }
}

impl Source {
    /// The configuration file of this machine.
    pub(crate) fn config_file(&self) -> &Path {
        self.config.as_deref().unwrap_or_else(|| Path::new(CONFIG))
    }

    /// The flags that name the same configuration in another command, each with a space before it.
    pub(crate) fn flags(&self) -> String {
        let mut flags = String::new();
        let mut add = |flag: &str, value: &str| flags.extend([" ", flag, " ", &quoted(value)]);
        if let Some(config) = &self.config {
            add("--config", &config.to_string_lossy());
        }
        let Stack { name, bucket, config_key, profile, secret } = &self.stack;
        if let Some(name) = name {
            add("--stack", name);
        }
        if let Some(bucket) = bucket {
            add("--bucket", bucket);
            if config_key != DEFAULT_CONFIG_KEY {
                add("--config-key", config_key);
            }
        }
        for (flag, value) in [("--profile", profile), ("--secret", secret)] {
            if let Some(value) = value {
                add(flag, value);
            }
        }
        flags
    }
}

impl Place {
    /// A folder of this machine.
    pub(crate) fn of_folder(config: Option<PathBuf>, workspace: PathBuf) -> Self {
        let config_key = DEFAULT_CONFIG_KEY.to_owned();
        let stack = Stack { name: None, bucket: None, config_key, profile: None, secret: None };
        Self { source: Source { config, stack }, workspace }
    }

    /// The flags that name the same place in another command, each with a space before it.
    pub(crate) fn flags(&self) -> String {
        let mut flags = self.source.flags();
        if !self.source.stack.is_deployed() && self.workspace.as_path() != Path::new(WORKSPACE) {
            flags.extend([" --workspace ", &quoted(&self.workspace.to_string_lossy())]);
        }
        flags
    }
}
