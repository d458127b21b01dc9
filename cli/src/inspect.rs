//! `inspect`: how the files of a folder are read, or why they are ignored. Nothing is sent and nothing is kept of it.

use serde_json::{Value, json};

use crate::arguments::{Inspect, quoted};
use crate::check_first;
use crate::ending::{Ending, Failure};
use crate::proposal::Proposal;
use crate::show::{self, Table, elements, text};
use crate::texts::{self, Number, Word};

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
    let warnings: Vec<String> =
        elements(&answer["check_first"]).map(|check| show::message(&text(&check["message"]))).collect();
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
    show::line(format!("\n{}", texts::w("inspect-next", "folder", &quoted(&folder.to_string_lossy()))));
    Ok(Ending::Done)
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
            show::message(&text(&read["reason"])),
        ]);
    }
    show::line(table);
    for file in elements(&answer["files"]) {
        let dialect = &file["dialect"];
        show::line(format!("\n{}", text(&file["key"])));
        let words = [
            ("delimiter", text(&dialect["delimiter"])),
            ("quotes", text(&dialect["quotes"])),
            ("ending", text(&dialect["line_ending"])),
            ("header", text(&file["header"])),
        ];
        let mut words: Vec<_> = words.iter().map(|(name, word)| (*name, Word(word))).collect();
        words.push(("columns", Number(file["column_count"].as_u64().unwrap_or_default())));
        show::line(format!("  {}", texts::with("inspect-dialect", &words)));
        for column in elements(&file["columns"]) {
            let values: Vec<String> = elements(&column["first_values"]).map(text).collect();
            show::line(format!("  {}: {}", text(&column["name"]), values.join(" | ")));
        }
        for note in elements(&file["notes"]).chain(elements(&file["row_problems"])) {
            show::line(format!("  {}", texts::w("inspect-note", "note", &show::message(&text(note)))));
        }
        if let Some(problem) = file["problem"].as_str() {
            show::line(format!("  {} {}", show::bad(texts::t("problem")), show::message(problem)));
        }
    }
    for model in elements(&answer["models"]) {
        let status = model["problem"].as_str().map_or_else(
            || texts::n("inspect-entities", elements(&model["entities"]).count() as u64),
            |problem| format!("{} {}", show::bad(texts::t("problem")), show::message(problem)),
        );
        show::line(format!("\n{}: {status}", text(&model["key"])));
    }
}
