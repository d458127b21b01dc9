//! `forget`: drops a run, or a file of it that is gone.

use serde_json::{Value, json};

use crate::arguments::Forget;
use crate::ending::{Ending, Failure};
use crate::show::{self, Table, elements, text};
use crate::{confirm, texts};

pub(crate) async fn run(arguments: &Forget) -> Result<Ending, Failure> {
    let application = arguments.place.open(Some(&arguments.export)).await?;
    let request = |dry_run: bool| {
        json!({
            "action": "forget", "export": arguments.export, "segment": arguments.segment, "run": arguments.run,
            "file": arguments.file, "dry_run": dry_run,
        })
    };
    let preview = application.on_demand(&request(true)).await?;
    if arguments.dry_run {
        tell(&preview, arguments.json)?;
        return Ok(Ending::Done);
    }
    if !arguments.json {
        show::line(segments(&preview));
    }
    confirm::yes(arguments.yes, &texts::w("forget-question", "run", &text(&preview["run"])))?;
    let answer = application.on_demand(&request(false)).await?;
    tell(&answer, arguments.json)?;
    let busy = elements(&answer["segments"]).any(|segment| segment["outcome"] != "forgotten");
    Ok(if busy { Ending::Failed } else { Ending::Done })
}

fn tell(answer: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(answer);
    }
    show::line(segments(answer));
    show::line(show::message(&text(&answer["message"])));
    Ok(())
}

fn segments(answer: &Value) -> Table {
    let mut table = Table::new(&["segment", "attribute", "result", "newest run afterwards"]);
    for segment in elements(&answer["segments"]) {
        table.row(vec![
            text(&segment["segment"]),
            text(&segment["attribute"]),
            texts::t(&format!("forget-{}", text(&segment["outcome"]).replace('_', "-"))),
            text(&segment["newest_run_afterwards"]),
        ]);
    }
    table
}
