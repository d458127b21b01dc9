//! `inspect`: how the files of a folder are read, or why they are ignored. Nothing is sent and nothing is kept of it.

use insights_to_braze::message::counted;
use serde_json::{Value, json};

use crate::arguments::Inspect;
use crate::check_first;
use crate::ending::{Ending, Failure};
use crate::show::{self, Table, elements, text};

pub(crate) async fn run(arguments: &Inspect) -> Result<Ending, Failure> {
    let export = &arguments.files.export;
    let application = arguments.files.open(|| Ok(None)).await?;
    let answer = application.on_demand(&json!({ "action": "inspect", "export": export })).await?;
    let warnings: Vec<String> = elements(&answer["check_first"]).map(|check| text(&check["message"])).collect();
    if arguments.json {
        show::json(&answer)?;
    } else {
        if let Some(list) = check_first::listed(&warnings) {
            show::line(list);
        }
        tell(&answer, export);
    }
    let problems =
        elements(&answer["files"]).chain(elements(&answer["models"])).any(|told| told["problem"].is_string());
    Ok(match problems {
        true => Ending::Usage,
        false if arguments.check && !warnings.is_empty() => Ending::CheckFirst,
        false => Ending::Done,
    })
}

fn tell(answer: &Value, export: &str) {
    let mut table = Table::new(&["object", "read as", "segment", "run", "why"]);
    for object in elements(&answer["objects"]) {
        let read = &object["exports"][export];
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
    show::line(format!("\n{}", show::message(&text(&answer["message"]))));
}
