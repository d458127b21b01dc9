//! Who invokes the on-demand function, as far as AWS Lambda says.
//!
//! A payload can't prove who sent it. The name under which the function was invoked can, because IAM decides who may use
//! which. `template.yaml` gives the function a second name, the alias `contributors`, and two policies. With only the
//! contributors' policy, only the alias can be invoked.

use super::EventError;
use super::on_demand::{OnDemand, Run};
use crate::config::SendRule;

/// The alias of contributors in `template.yaml`.
pub const CONTRIBUTORS: &str = "contributors";

/// Who invoked the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Runs exports and reads reports. May not retire a segment, lift the limit of leavers, or send everyone again.
    Contributor,
    /// Is allowed everything.
    Operator,
}

impl Caller {
    /// Who may have invoked the function under this ARN, `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`
    /// ("Using the Lambda context object" in the AWS Lambda Developer Guide).
    pub fn invoking(function_arn: &str) -> Self {
        match function_arn.split(':').nth(7) {
            Some(CONTRIBUTORS) => Self::Contributor,
            _ => Self::Operator,
        }
    }

    /// Whether the caller may use an action. An action that is not named here is for operators only.
    pub fn may_ask(self, request: &OnDemand) -> Result<(), EventError> {
        let of_contributors = match request {
            OnDemand::Run(Run { release, allow_identifiers, allow_differences, send, .. }) => {
                release.is_none()
                    && allow_identifiers.is_none()
                    && allow_differences.is_none()
                    && *send != Some(SendRule::All)
            }
            OnDemand::RunAll { .. }
            | OnDemand::Connect { .. }
            | OnDemand::ConnectSource { .. }
            | OnDemand::Fetch { .. }
            | OnDemand::Status { .. }
            | OnDemand::Report(_)
            | OnDemand::Inspect(_) => true,
            _ => false,
        };
        if self == Self::Operator || of_contributors {
            return Ok(());
        }
        let asked = match request {
            OnDemand::Run(Run { release: Some(_), .. }) => "run with allow_leavers".to_owned(),
            OnDemand::Run(Run { allow_identifiers: Some(_), .. }) => "run with allow_identifiers".to_owned(),
            OnDemand::Run(Run { allow_differences: Some(_), .. }) => "run with allow_differences".to_owned(),
            OnDemand::Run(_) => "run with \"send\": \"all\"".to_owned(),
            other => other.to_string(),
        };
        Err(EventError::ForOperators { asked })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use serde_json::{Value, json};

    use super::Caller;
    use crate::trigger::on_demand::OnDemand;

    const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:stack-OnDemandFunction-1a2B";

    fn refused(caller: Caller, request: &Value) -> Option<String> {
        caller.may_ask(&OnDemand::parse(request).unwrap()).err().map(|error| error.to_string())
    }

    #[test]
    fn the_alias_alone_makes_a_contributor() {
        assert_eq!(Caller::invoking(&format!("{FUNCTION}:contributors")), Caller::Contributor);
        for operator in [FUNCTION.to_owned(), format!("{FUNCTION}:7"), format!("{FUNCTION}:$LATEST"), String::new()] {
            assert_eq!(Caller::invoking(&operator), Caller::Operator, "{operator}");
        }
        let named_so = "arn:aws:lambda:eu-central-1:123456789012:function:contributors";
        assert_eq!(Caller::invoking(named_so), Caller::Operator);
    }

    #[test]
    fn contributors_run_and_look_and_operators_do_the_rest() {
        for request in [
            json!({ "action": "run", "export": "loyalty" }),
            json!({ "action": "run", "export": "loyalty", "send": "changes", "dry_run": true }),
            json!({ "action": "run_all" }),
            json!({ "action": "connect", "connection": "braze-eu" }),
            json!({ "action": "status" }),
            json!({ "action": "report", "export": "loyalty", "history": true }),
            json!({ "action": "inspect", "export": "loyalty" }),
        ] {
            assert_eq!(refused(Caller::Contributor, &request), None, "{request}");
        }
        for (request, named) in [
            (json!({ "action": "run", "export": "loyalty", "allow_leavers": true }), "run with allow_leavers"),
            (json!({ "action": "run", "export": "loyalty", "allow_identifiers": 7 }), "run with allow_identifiers"),
            (json!({ "action": "run", "export": "loyalty", "allow_differences": 7 }), "run with allow_differences"),
            (json!({ "action": "run", "export": "loyalty", "send": "all" }), "run with \"send\": \"all\""),
            (json!({ "action": "retire", "export": "loyalty", "segment": "A" }), "retire"),
            (json!({ "action": "configuration" }), "configuration"),
            (json!({ "action": "undo", "export": "loyalty", "segment": "A", "dry_run": true }), "undo"),
            (json!({ "action": "retire", "export": "loyalty", "segment": "A", "dry_run": true }), "retire"),
        ] {
            let message = refused(Caller::Contributor, &request).unwrap();
            assert!(message.starts_with(&format!("{named} is not allowed for contributors")), "{message}");
            assert_eq!(refused(Caller::Operator, &request), None, "{request}");
        }
    }
}
