//! `inspect`: how the files of a folder are read, or why they are ignored. Nothing is sent and nothing is kept of it.

use insights_to_braze::message::counted;
use serde_json::{Value, json};

use crate::arguments::{Inspect, quoted};
use crate::check_first;
use crate::ending::{Ending, Failure};
use crate::proposal::Proposal;
use crate::show::{self, Table, elements, text};

pub(crate) async fn run(arguments: &Inspect) -> Result<Ending, Failure> {
    let Inspect { folder, export, files, key, place, .. } = arguments;
    let answer = match (folder, export, key) {
        (Some(folder), None, _) => return without_configuration(folder, arguments.json).await,
        (_, Some(export), _) => {
            let folder = folder.as_deref().or(files.as_deref());
            let application = place.open_files(folder, export, || Ok(None)).await?;
            application.on_demand(&json!({ "action": "inspect", "export": export })).await?
        }
        (_, None, key) => place.open(None).await?.on_demand(&json!({ "action": "inspect", "key": key })).await?,
    };
    let warnings: Vec<String> = elements(&answer["check_first"]).map(|check| text(&check["message"])).collect();
    if arguments.json {
        show::json(&answer)?;
    } else {
        if let Some(list) = check_first::listed(&warnings) {
            show::line(list);
        }
        print(&answer, export.as_deref());
        show::line(format!("\n{}", show::message(&text(&answer["message"]))));
    }
    let problems =
        elements(&answer["files"]).chain(elements(&answer["models"])).any(|inspected| inspected["problem"].is_string());
    Ok(match problems {
        true => Ending::Usage,
        false if arguments.check && !warnings.is_empty() => Ending::CheckFirst,
        false => Ending::Done,
    })
}

/// Shows the files of a folder with the columns that would be proposed for them.
async fn without_configuration(folder: &std::path::Path, as_json: bool) -> Result<Ending, Failure> {
    let proposal = Proposal::of(folder).await?;
    if as_json {
        show::json(&proposal.inspection)?;
        return Ok(Ending::Done);
    }
    print(&proposal.inspection, None);
    proposal.tell();
    show::line(texts::next(&quoted(&folder.to_string_lossy())));
    Ok(Ending::Done)
}

/// The texts of the command.
mod texts {
    pub(super) fn next(folder: &str) -> String {
        format!("\nNothing was sent. Next: itb init {folder}")
    }
}

/// Shows how objects are read: for `export`, or else for the first one that they belong to.
fn print(answer: &Value, export: Option<&str>) {
    let mut table = Table::new(&["object", "read as", "segment", "run", "why"]);
    for object in elements(&answer["objects"]) {
        let first = object["exports"].as_object().and_then(|exports| exports.values().next());
        let read = export.map_or_else(|| first.unwrap_or(&Value::Null), |export| &object["exports"][export]);
        table.row(vec![
            text(&object["key"]),
            text(&read["read_as"]),
            text(&read["segment"]),
            text(&read["run"]),
            text(&read["reason"]),
        ]);
    }
    show::line(table);
    for file in elements(&answer["files"]) {
        let dialect = &file["dialect"];
        show::line(format!("\n{}", text(&file["key"])));
        show::line(format!(
            "  delimiter {}, quotes {}, line ending {}, header {}, {}",
            text(&dialect["delimiter"]),
            text(&dialect["quotes"]),
            text(&dialect["line_ending"]),
            text(&file["header"]),
            counted(file["column_count"].as_u64().unwrap_or_default(), "column", "columns"),
        ));
        for column in elements(&file["columns"]) {
            let values: Vec<String> = elements(&column["first_values"]).map(text).collect();
            show::line(format!("  {}: {}", text(&column["name"]), values.join(" | ")));
        }
        for note in elements(&file["notes"]).chain(elements(&file["row_problems"])) {
            show::line(format!("  note: {}", text(note)));
        }
        if let Some(problem) = file["problem"].as_str() {
            show::line(format!("  {} {problem}", show::bad("problem:")));
        }
    }
    for model in elements(&answer["models"]) {
        let status = model["problem"].as_str().map_or_else(
            || counted(elements(&model["entities"]).count() as u64, "entity", "entities"),
            |problem| format!("{} {problem}", show::bad("problem:")),
        );
        show::line(format!("\n{}: {status}", text(&model["key"])));
    }
}
