//! `audit`: segments are compared with Braze, and the differences are sent if a person confirms their number.

use serde_json::{Value, json};

use crate::arguments::Audit;
use crate::ending::{Ending, Failure};
use crate::show::{self, Table, elements, text};
use crate::texts;
use crate::{confirm, interrupt};

pub(crate) async fn run(arguments: &Audit) -> Result<Ending, Failure> {
    let Audit { export, segment, place, repair, dry_run, people, json } = arguments;
    let mut request = json!({ "action": "audit", "export": export, "segment": segment, "dry_run": dry_run });
    let application = if *dry_run { place.open(Some(export)).await? } else { place.open_to_send(Some(export)).await? };
    interrupt::listen();
    let mut answer = application.on_demand(&request).await?;
    if *repair && !*dry_run {
        if !*json {
            tell(&answer);
        }
        let number = elements(&answer["audits"]).map(repairable).sum();
        if number > 0 {
            confirm::people(*people, number, &format!("\n{}", texts::n("audit-question", number)))?;
            request["repair"] = true.into();
            request["allow_differences"] = number.into();
            answer = application.on_demand(&request).await?;
        }
    }
    if *json {
        show::json(&answer)?;
    } else {
        tell(&answer);
    }
    Ok(ending(&answer))
}

/// How many people a repair would change; none unless the differences are known.
fn repairable(audit: &Value) -> u64 {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    if audit["outcome"] != "differs" {
        return 0;
    }
    let extra = &audit["extra"];
    number(&audit["missing"]["people"]) + number(&extra["people"]).saturating_sub(number(&extra["not_repairable"]))
}

fn tell(answer: &Value) {
    for audit in elements(&answer["audits"]) {
        show::line(format!(
            "{}: {}",
            text(&audit["segment"]),
            show::said(&text(&audit["message"]), &text(&audit["code"]))
        ));
        let mut table = Table::new(&["difference", "cause", ">people"]);
        let mut any = false;
        for (side, name) in [("missing", "audit-missing"), ("extra", "audit-extra")] {
            for (cause, people) in audit[side]["causes"].as_object().into_iter().flatten() {
                let people = people.as_u64().map(show::count).unwrap_or_default();
                table.row(vec![texts::t(name), cause.clone(), people]);
                any = true;
            }
        }
        if any {
            show::line(table);
        }
        if let Some(key) = audit["stored_as"].as_str() {
            show::line(texts::w("audit-receipt", "key", key));
        }
    }
    for error in elements(&answer["errors"]) {
        show::line(format!("{} {}", show::bad(texts::t("error")), show::message(&text(error))));
    }
}

/// A difference that was not sent is what a check found.
fn ending(answer: &Value) -> Ending {
    let of = |audit: &Value| match audit["outcome"].as_str().unwrap_or_default() {
        "held" => Ending::Held,
        "failed" | "differs" => Ending::Failed,
        _ => Ending::Done,
    };
    let failed = if elements(&answer["errors"]).next().is_some() { Ending::Failed } else { Ending::Done };
    elements(&answer["audits"]).map(of).fold(failed, Ending::worse)
}
