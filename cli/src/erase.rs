//! `erase`: takes one person out of the state and the rejected rows.

use serde_json::{Value, json};

use crate::arguments::Erase;
use crate::confirm;
use crate::ending::{Ending, Failure};
use crate::show::{self, elements, text};
use crate::texts::{self, Number, Word};

pub(crate) async fn run(arguments: &Erase) -> Result<Ending, Failure> {
    let (mut customer_id, mut email) = (arguments.customer_id.clone(), arguments.email.clone());
    if customer_id.is_none() && email.is_none() {
        let typed = |question: &str| confirm::ask(question, "--customer-id or --email");
        customer_id = Some(typed(&texts::t("erase-customer-id"))?).filter(|typed| !typed.is_empty());
        email = Some(typed(&texts::t("erase-email"))?).filter(|typed| !typed.is_empty());
    }
    let application = arguments.place.open(None).await?;
    let request = |dry_run: bool| {
        json!({
            "action": "erase", "customer_id": customer_id, "email": email, "reference": arguments.reference,
            "dry_run": dry_run,
        })
    };
    let preview = application.on_demand(&request(true)).await?;
    if arguments.dry_run {
        tell(&preview, arguments.json)?;
        return Ok(Ending::Done);
    }
    if !arguments.json {
        show::line(show::message(&text(&preview["message"])));
    }
    confirm::yes(arguments.yes, &texts::t("erase-question"))?;
    let receipt = application.on_demand(&request(false)).await?;
    tell(&receipt, arguments.json)?;
    if let Some(key) = receipt["stored_as"].as_str().filter(|_| !arguments.json) {
        show::line(format!("\n{}", texts::w("erase-receipt", "location", &application.location(key))));
    }
    Ok(if receipt["outcome"] == "unfinished" { Ending::Failed } else { Ending::Done })
}

fn tell(receipt: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(receipt);
    }
    show::line(show::message(&text(&receipt["message"])));
    for list in ["state", "reports", "incoming"] {
        for object in elements(&receipt[list]) {
            let (key, what) = (text(&object["key"]), texts::t(&format!("erase-{list}")));
            let rows = Number(object["rows"].as_u64().unwrap_or_default());
            let found = texts::with("erase-found", &[("key", Word(&key)), ("n", rows), ("what", Word(&what))]);
            show::line(format!("  {found}"));
        }
    }
    for left in elements(&receipt["left"]) {
        show::line(format!(
            "  {} {}: {}",
            show::bad(texts::t("erase-not-reached")),
            text(&left["attribute"]),
            show::message(&text(&left["reason"]))
        ));
    }
    for file in elements(&receipt["unsearched"]) {
        show::line(format!(
            "  {} {}: {}",
            show::bad(texts::t("erase-not-searched")),
            text(&file["key"]),
            show::message(&text(&file["reason"]))
        ));
    }
    show::heading(texts::t("erase-not-changed"));
    for remark in elements(&receipt["not_touched"]) {
        show::line(format!("- {}", show::message(&text(remark))));
    }
    Ok(())
}
