//! `connect`: tests a connection.

use serde_json::{Value, json};

use crate::application::Application;
use crate::arguments::{Connect, Source};
use crate::ending::{Ending, Failure};
use crate::workspace::WorkspaceFolder;
use crate::{api_key, show};

pub(crate) async fn run(arguments: &Connect) -> Result<Ending, Failure> {
    let request = json!({"action": "connect", "connection": arguments.connection});
    let answer = match &arguments.source.stack.bucket {
        Some(bucket) => Application::of_stack(bucket, &arguments.source.stack).await?.on_demand(&request).await?,
        None => of_file(&arguments.source, &arguments.connection, &request).await?,
    };
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

/// Asks with a bucket for the occasion: a connection needs none, the handler does.
async fn of_file(source: &Source, connection: &str, request: &Value) -> Result<Value, Failure> {
    let config = source.read()?;
    if !config.config.connections.contains_key(connection) {
        return Err(config.no_such("connection", connection, config.config.connections.keys()));
    }
    let key = api_key::read()?;
    let folder = std::env::temp_dir();
    let folder = tempfile::TempDir::with_prefix("insights-to-braze-connect-").map_err(|source| {
        Failure::file("can't create a temporary folder in", &folder, source, "Set TMPDIR to a writable folder.")
    })?;
    let folder = WorkspaceFolder::take(folder.path())?;
    Application::of_workspace(folder, &config, Some(key)).await?.on_demand(request).await
}
