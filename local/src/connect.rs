//! `connect`: proves a connection's key, host and permission.

use serde_json::json;

use crate::arguments::Connect;
use crate::ending::{Ending, Failure};
use crate::workspace::{ConfigFile, WorkspaceFolder};
use crate::{api_key, show};

pub(crate) async fn run(arguments: &Connect) -> Result<Ending, Failure> {
    let config = ConfigFile::read(&arguments.config)?;
    if !config.config.connections.contains_key(arguments.connection.as_str()) {
        return Err(config.no_such("connection", &arguments.connection, config.config.connections.keys()));
    }
    let key = api_key::read()?;
    let folder = std::env::temp_dir();
    let folder = tempfile::TempDir::with_prefix("insights-to-braze-connect-").map_err(|source| {
        Failure::file("cannot make a temporary folder in", &folder, source, "Set TMPDIR to a folder that you may write")
    })?;
    let workspace = WorkspaceFolder::take(folder.path())?.serve(&config, Some(key)).await?;
    let answer = workspace.on_demand(&json!({"action": "connect", "connection": arguments.connection})).await?;
    let connected = answer["outcome"] == "connected";
    if arguments.json {
        show::json(&answer)?;
    } else {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let outcome = if connected { show::good(text("outcome")) } else { show::bad(text("outcome")) };
        show::line(format!("{} ({}): {outcome}", text("display_name"), text("hostname")));
        show::line(text("message"));
    }
    Ok(if connected { Ending::Done } else { Ending::Failed })
}
