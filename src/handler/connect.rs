//! `connect`: proves a connection's key, host and permission without changing any data.

use std::sync::Arc;

use serde_json::{Value, json};

use super::message::AnswerMessage;
use super::{Handler, HandlerError, listed};
use crate::braze::{Endpoint, Proof};
use crate::braze_fields::StandardField;
use crate::config::{Config, Connection, Export};
use crate::message::{Coded, Message};
use crate::names::ConnectionName;
use crate::profile::ValueKind;
use crate::proof::{SentField, findings};
use crate::secrets::ApiKey;

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
        let nonce = self.randomness.owner();
        let checked = self.braze(connection).check(&key, &nonce).await;
        let connected = checked.is_ok();
        let mut answer = match checked {
            Err(error) => answer("failed", error.to_message()),
            Ok(_) if !connection.agree_to_data_transfer => {
                answer("connected", AnswerMessage::ConnectedWithoutConsent.to_message())
            }
            Ok(Proof::Permission) => answer("connected", AnswerMessage::Connected.to_message()),
            Ok(Proof::Key) => answer("connected", AnswerMessage::ConnectedUnproved.to_message()),
        };
        if connected {
            answer["reading"] = self.reading(config, connection, &key, &nonce).await;
        }
        Ok(answer)
    }

    /// What the key may read, and what the workspace would not keep of what exports send through the connection.
    async fn reading(&self, config: &Config, connection: &Arc<Connection>, key: &ApiKey, nonce: &str) -> Value {
        let braze = self.braze(connection);
        braze.forget_unread();
        let attributes = braze.attributes(key).await;
        let nobody = format!("insights-to-braze-connection-test-{nonce}");
        let profiles = braze.profiles(key, &[&nobody], &["external_id"]).await;
        let unread = [attributes.as_ref().err(), profiles.as_ref().err()];
        let unchecked: Vec<String> = unread.into_iter().flatten().map(Coded::with_code).collect();
        let exports = config.exports.values().filter(|export| export.connection.name == connection.name);
        let sent: Vec<SentField> = exports.flat_map(|export| sent_by(export)).collect();
        let found = attributes.as_ref().map(|(workspace, _)| findings(workspace, &sent)).unwrap_or_default();
        json!({
            Endpoint::Attributes.permission(): attributes.is_ok(),
            Endpoint::Profiles.permission(): profiles.is_ok(),
            "unchecked": unchecked,
            "contradictions": found.contradictions,
            "doubts": found.doubts,
        })
    }
}

/// The custom attributes that an export sends, as far as `exports.toml` says it: the type of a field without one is known when
/// its files are read.
fn sent_by(export: &Export) -> Vec<SentField> {
    let field = |name: &str, kind| SentField { name: name.to_owned(), kind };
    let attributes = export.segments.iter().flatten().map(|segment| export.attribute_of(segment));
    let mut sent: Vec<SentField> = attributes.map(|attribute| field(attribute.as_str(), ValueKind::Boolean)).collect();
    let typed = export.attributes.iter().filter(|mapping| StandardField::of_name(&mapping.name).is_none());
    sent.extend(typed.filter_map(|mapping| Some(field(&mapping.name, ValueKind::of(mapping.value_type.as_ref()?)))));
    sent
}
