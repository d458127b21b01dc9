//! `connect`: proves a connection's key, host and permission without changing any data.

use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Handler, HandlerError, listed};
use crate::braze::Proof;
use crate::config::Config;
use crate::message::{Coded, Message};
use crate::names::ConnectionName;

impl Handler {
    pub(super) async fn connect(&self, config: &Config, name: &ConnectionName) -> Result<Value, HandlerError> {
        let connection = config.connections.get(name).ok_or_else(|| HandlerError::NoSuch {
            kind: "the connection",
            name: name.to_string(),
            existing: listed(config.connections.keys()),
        })?;
        let answer = |outcome: &str, message: Message| {
            json!({
                "action": "connect",
                "connection": name,
                "display_name": connection.display_name,
                "hostname": connection.hostname.authority(),
                "outcome": outcome,
                "message": message.text,
                "code": message.code,
            })
        };
        // A test of the connection uses a rotated key immediately.
        let key = match self.api_keys.read_again(&connection.secret).await {
            Ok(key) => key,
            Err(error) => return Ok(answer("failed", error.to_message())),
        };
        Ok(match self.braze(connection).check(&key, &self.randomness.owner()).await {
            Err(error) => answer("failed", error.to_message()),
            Ok(_) if !connection.agree_to_data_transfer => {
                answer("connected", AnswerMessage::ConnectedWithoutConsent.to_message())
            }
            Ok(Proof::Permission) => answer("connected", AnswerMessage::Connected.to_message()),
            Ok(Proof::Key) => answer("connected", AnswerMessage::ConnectedUnproved.to_message()),
        })
    }
}
