//! The SNS topic of the stack, to which people and chat channels subscribe.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::DisplayErrorContext;
use aws_types::SdkConfig;
use serde_json::json;
use thiserror::Error;

use crate::message::codes;

/// The longest subject ("Amazon SNS API Reference", `Publish`: fewer than 100 ASCII characters).
const LONGEST_SUBJECT: usize = 99;

/// The longest description in a chat channel, in characters ("Amazon Q Developer in chat applications Administrator Guide",
/// "Custom notifications").
const LONGEST_IN_CHAT: usize = 8_000;

/// A message to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: ASCII, one line.
    pub subject: String,
    /// What happened, what is safe, and what to do next.
    pub text: String,
}

/// Errors of the topic.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TopicError {
    /// A message to the subscribers could not be published.
    ///
    /// Fix: check that the function may call `sns:Publish` on the topic and, in a VPC, that it reaches Amazon SNS.
    #[error(
        "can't publish a message to {arn}: {reason}\n\
         Nothing is lost; the next scheduled invocation tries again. Check that the function may call sns:Publish on the topic \
         and, in a VPC, that it reaches Amazon SNS."
    )]
    NotPublished {
        /// The topic.
        arn: String,
        /// What SNS or the connection said.
        reason: String,
    },
}

codes!(TopicError { NotPublished = "ITB-S33" });

/// The topic. Its client is made where it publishes, so that a function which never does so holds no code of it.
#[derive(Clone, Debug)]
pub struct Topic {
    sdk: SdkConfig,
    arn: String,
}

impl Topic {
    /// The topic with this ARN.
    pub fn new(sdk: SdkConfig, arn: String) -> Self {
        Self { sdk, arn }
    }

    /// Publishes a message: as text, and for chat channels in the form that Amazon Q Developer shows.
    pub async fn publish(&self, notice: &Notice) -> Result<(), TopicError> {
        let in_chat = json!({
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": notice.subject,
                "description": beginning(&notice.text, LONGEST_IN_CHAT),
            },
        });
        let message = json!({ "default": notice.text, "https": in_chat.to_string() });
        let publish =
            Client::new(&self.sdk).publish().topic_arn(&self.arn).subject(beginning(&notice.subject, LONGEST_SUBJECT));
        let published = publish.message_structure("json").message(message.to_string()).send().await;
        published.map(drop).map_err(|error| TopicError::NotPublished {
            arn: self.arn.clone(),
            reason: DisplayErrorContext(&error).to_string(),
        })
    }
}

/// The first characters of a text.
fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}
