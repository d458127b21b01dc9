//! `erase`: takes one person out of the state and the rejected rows.

use insights_to_braze::message::counted;
use serde_json::{Value, json};

use crate::arguments::Erase;
use crate::confirm;
use crate::ending::{Ending, Failure};
use crate::show::{self, elements, text};

pub(crate) async fn run(arguments: &Erase) -> Result<Ending, Failure> {
    let (mut customer_id, mut email) = (arguments.customer_id.clone(), arguments.email.clone());
    if customer_id.is_none() && email.is_none() {
        let typed = |question: &str| confirm::ask(question, "--customer-id or --email");
        customer_id = Some(typed(texts::CUSTOMER_ID)?).filter(|typed| !typed.is_empty());
        email = Some(typed(texts::EMAIL)?).filter(|typed| !typed.is_empty());
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
    confirm::yes(arguments.yes, texts::QUESTION)?;
    let receipt = application.on_demand(&request(false)).await?;
    tell(&receipt, arguments.json)?;
    if let Some(key) = receipt["stored_as"].as_str().filter(|_| !arguments.json) {
        show::line(texts::stored(&application.location(key)));
    }
    Ok(if receipt["outcome"] == "unfinished" { Ending::Failed } else { Ending::Done })
}

fn tell(receipt: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(receipt);
    }
    show::line(show::message(&text(&receipt["message"])));
    for (list, what) in [("state", texts::STATE), ("reports", texts::REPORTS), ("incoming", texts::INCOMING)] {
        for object in elements(&receipt[list]) {
            let rows = counted(object["rows"].as_u64().unwrap_or_default(), "row", "rows");
            show::line(format!("  {}: {rows}, {what}", text(&object["key"])));
        }
    }
    for left in elements(&receipt["left"]) {
        show::line(format!("  {} {}: {}", show::bad("not reached:"), text(&left["attribute"]), text(&left["reason"])));
    }
    for file in elements(&receipt["unsearched"]) {
        show::line(format!("  {} {}: {}", show::bad("not searched:"), text(&file["key"]), text(&file["reason"])));
    }
    show::heading(texts::NOT_CHANGED);
    for remark in elements(&receipt["not_touched"]) {
        show::line(format!("- {}", show::message(&text(remark))));
    }
    Ok(())
}

/// The texts of the command.
mod texts {
    pub(super) const CUSTOMER_ID: &str = "Customer ID (empty if not known): ";
    pub(super) const EMAIL: &str = "Email address (empty if not known): ";
    pub(super) const QUESTION: &str = "The person's rows will be removed from the state and the rejected rows.";
    pub(super) const STATE: &str = "state";
    pub(super) const REPORTS: &str = "rejected rows";
    pub(super) const INCOMING: &str = "an exported file, which is not changed: delete it, or let it expire";
    pub(super) const NOT_CHANGED: &str = "Not changed";

    pub(super) fn stored(location: &str) -> String {
        format!("\nReceipt: {location}")
    }
}
