//! Why files cannot be fetched. No text holds a SAS, a key or a query.

use thiserror::Error;

use crate::bucket::BucketError;
use crate::config::Source;
use crate::message::codes;
use crate::names::SourceName;
use crate::secrets::{NoToken, SecretError};

/// Why a source cannot be read.
///
/// What has been copied stays in the bucket; the next fetch continues with what is missing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The secret of the source could not be read.
    ///
    /// Fix: check that the secret exists, has a value, and that its ARN is in the parameter `SourceSecretArns`.
    #[error(
        "can't read the secret {secret} of the source {of}: {reason}\n\
         Check `secret` in [sources.{of}], that the secret has a value, and that its ARN is in the stack's parameter \
         SourceSecretArns."
    )]
    Secret {
        /// The source.
        of: SourceName,
        /// Name or ARN of the secret.
        secret: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Secrets Manager could not be reached.
    ///
    /// Fix: nothing to do if it is temporary; the next fetch reads the secret again.
    #[error("can't read the secret of the source {of}: {reason}")]
    SecretsManager {
        /// The source.
        of: SourceName,
        /// What it said.
        reason: String,
    },
    /// The secret holds neither a SAS nor an application.
    ///
    /// Fix: store `{"sas": "…"}`, or `tenant_id`, `client_id` and `client_secret`.
    #[error(
        "the secret {secret} of the source {of} is not valid: {found}\n\
         Save {{\"sas\": \"…\"}} with a SAS of the container as sas.json, then run: \
         aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://sas.json"
    )]
    Malformed {
        /// The source.
        of: SourceName,
        /// Name or ARN of the secret.
        secret: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// It is not said which container to read.
    ///
    /// Fix: set `account_url` and `container`, or store the whole SAS URL of the container.
    #[error(
        "the container of the source {of} is not known\n\
         Set account_url and container in [sources.{of}], or store the SAS URL of the container, not only the token, in \
         the secret."
    )]
    NoContainer {
        /// The source.
        of: SourceName,
    },
    /// The SAS has expired.
    ///
    /// Fix: create a new SAS of the container with the permissions Read and List, and store it in the secret.
    #[error(
        "the SAS of the source {of} expired at {at}\n\
         No file is lost: the next fetch continues. In the Azure portal, open the container > Shared access tokens, create a \
         SAS with the permissions Read and List, and store it in the secret."
    )]
    Expired {
        /// The source.
        of: SourceName,
        /// When.
        at: jiff::Timestamp,
    },
    /// The SAS does not allow enough.
    ///
    /// Fix: create a SAS of the container with the permissions Read and List, and store it in the secret.
    #[error(
        "the SAS of the source {of} lacks {lacks}\n\
         In the Azure portal, open the container > Shared access tokens, create a SAS with the permissions Read and List, \
         and store it in the secret."
    )]
    Lacks {
        /// The source.
        of: SourceName,
        /// What.
        lacks: &'static str,
    },
    /// Azure does not accept the SAS.
    ///
    /// Fix: check that the SAS was copied whole and is of this account and container. It ends when the account key or the access policy
    /// that signed it is changed: then create a new one.
    #[error(
        "Azure refused the SAS of the source {of} for {place} (403 {code})\n\
         Check that it was copied whole, that it belongs to this account and container, and that it has begun. It also ends \
         when the key that signed it is rotated, or its access policy is changed: then create a new one in the Azure portal \
         (container > Shared access tokens), and store it in the secret."
    )]
    Refused {
        /// The source.
        of: SourceName,
        /// Account and container.
        place: String,
        /// Azure's code.
        code: String,
    },
    /// The SAS or the application has no right to list or read the container.
    ///
    /// Fix: for a SAS, the permissions Read and List; for an application, the role Storage Blob Data Reader on the container.
    #[error(
        "the source {of} is not allowed to {what} {place} (403 {code})\n\
         A SAS needs the permissions Read and List. An application needs the role Storage Blob Data Reader: in the Azure \
         portal, open the container > Access control (IAM) > Add role assignment. A new role takes up to 10 minutes."
    )]
    Rights {
        /// The source.
        of: SourceName,
        /// List or read.
        what: &'static str,
        /// Account and container.
        place: String,
        /// Azure's code.
        code: String,
    },
    /// Azure refuses the request, whatever its rights: a firewall, or a SAS of something else.
    ///
    /// Fix: allow the address of the function, or all networks, in the account's networking settings; or create a SAS of this container.
    #[error(
        "Azure refused the source {of} at {place} (403 {code}): a firewall, or a SAS of another container\n\
         In the Azure portal, open the storage account > Networking, and allow this function's address (with SubnetIds, that \
         of its NAT gateway), or enable public access from all networks. Check also that the SAS belongs to this container and \
         is not limited to other addresses (sip)."
    )]
    Firewall {
        /// The source.
        of: SourceName,
        /// Account and container.
        place: String,
        /// Azure's code.
        code: String,
    },
    /// The storage account accepts no SAS that is signed with its key.
    ///
    /// Fix: use an application of Microsoft Entra ID, or a user delegation SAS.
    #[error(
        "the account of {place} accepts no SAS that is signed with an account key\n\
         Use an application of Microsoft Entra ID or a user delegation SAS for the source {of}; or, in the Azure portal, open \
         the storage account > Configuration, and enable storage account key access."
    )]
    KeysDisabled {
        /// The source.
        of: SourceName,
        /// Account and container.
        place: String,
    },
    /// The container does not exist.
    ///
    /// Fix: check `container` and `account_url`, or the SAS URL.
    #[error(
        "there is no container {place}\n\
         Check container and account_url in [sources.{of}], or the SAS URL in the secret, against the connection of the \
         export in Customer Insights."
    )]
    NoSuchContainer {
        /// The source.
        of: SourceName,
        /// Account and container.
        place: String,
    },
    /// The storage account cannot be reached.
    ///
    /// Fix: check `account_url` for a typo, and whether outbound traffic of the function is blocked.
    #[error(
        "can't reach {place} for the source {of}: {reason}\n\
         It is retried at the next fetch. If it stays, check account_url for a typo, whether the account still exists, and \
         whether outbound traffic is blocked."
    )]
    Unreachable {
        /// The source.
        of: SourceName,
        /// Account and container.
        place: String,
        /// What the connection said.
        reason: String,
    },
    /// Microsoft Entra ID gave the application no token.
    ///
    /// Fix: check `tenant_id`, `client_id` and `client_secret`; a client secret ends after at most two years.
    #[error(
        "Microsoft Entra ID gave the application of the source {of} no token ({code})\n\
         Check tenant_id, client_id and client_secret in the secret. A client secret expires: in the Azure portal, open the \
         app registration > Certificates & secrets, create a new one, and store its value. Without client_secret, check the \
         issuer, the subject and the audience of its federated credentials (Federated credentials, beside)."
    )]
    Application {
        /// The source.
        of: SourceName,
        /// Entra's code, such as `AADSTS7000222`.
        code: String,
    },
    /// The application is to trust the role of the function, and this program has none.
    ///
    /// Fix: fetch with the deployed function, or store a SAS or a client secret.
    #[error(
        "the source {of} is for the role of the deployed function, which this program doesn't have\n\
         Fetch with the function: {{\"action\": \"fetch\"}}. Or store a SAS, or the application's client_secret, in the secret."
    )]
    NoRole {
        /// The source.
        of: SourceName,
    },
    /// AWS gave the role of the function no token for Microsoft Entra ID.
    ///
    /// Fix: enable outbound identity federation in the AWS account, once: `aws iam enable-outbound-web-identity-federation`.
    #[error(
        "AWS gave no token for the source {of}: {reason}\n\
         Enable outbound identity federation in the AWS account, once: aws iam enable-outbound-web-identity-federation. The \
         stack's template allows the functions to use it. Or store the application's client_secret in the secret."
    )]
    NoToken {
        /// The source.
        of: SourceName,
        /// Why.
        reason: NoToken,
    },
    /// Azure returned another error.
    ///
    /// Fix: nothing to do if it is temporary; the next fetch continues.
    #[error("Azure failed to {what} {place} for the source {of}: {status} {code}\nIt is retried at the next fetch.")]
    Failed {
        /// The source.
        of: SourceName,
        /// List or read.
        what: &'static str,
        /// Account and container.
        place: String,
        /// HTTP's status; 0 without an answer.
        status: u16,
        /// Azure's code, or what went wrong.
        code: String,
    },
    /// A file is in the archive tier, from which it cannot be read.
    ///
    /// Fix: change its access tier to Hot or Cool, or set a smaller `keep_days`.
    #[error(
        "{blob} is in the archive tier and can't be read\n\
         Change its access tier to Hot or Cool in the Azure portal, or set a smaller keep_days in [sources.{of}]."
    )]
    Archived {
        /// The source.
        of: SourceName,
        /// The file.
        blob: String,
    },
    /// A file did not arrive as Azure describes it.
    ///
    /// Fix: nothing to do if it is temporary; the next fetch reads it again.
    #[error(
        "{blob} did not arrive whole: {found}\nNothing of it was stored. It is fetched again by the next fetch of the source {of}."
    )]
    Damaged {
        /// The source.
        of: SourceName,
        /// The file.
        blob: String,
        /// What differs.
        found: String,
    },
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

codes!(SourceError wraps Bucket {
    Secret = "ITB-K01",
    SecretsManager = "ITB-K02",
    Malformed = "ITB-K03",
    NoContainer = "ITB-K04",
    Expired = "ITB-K05",
    Lacks = "ITB-K06",
    Refused = "ITB-K07",
    Rights = "ITB-K08",
    Firewall = "ITB-K09",
    KeysDisabled = "ITB-K10",
    NoSuchContainer = "ITB-K11",
    Unreachable = "ITB-K12",
    Application = "ITB-K13",
    Failed = "ITB-K14",
    Archived = "ITB-K15",
    Damaged = "ITB-K16",
    NoRole = "ITB-K17",
    NoToken = "ITB-K18",
});

impl SourceError {
    /// The error for a secret that Secrets Manager did not give.
    pub(super) fn of_secret(source: &Source, error: &SecretError) -> Self {
        let of = source.name.clone();
        let reason = match error {
            SecretError::NoValue { .. } => "it has no value yet",
            SecretError::Missing { .. } | SecretError::NotNamed { .. } => "it does not exist",
            SecretError::Denied { .. } => "not allowed",
            SecretError::NotDecrypted { .. } => "the KMS key that encrypts it may not be used (FurtherKeyArns)",
            SecretError::Malformed { .. } => "it is binary, not text",
            SecretError::Failed { .. } => return Self::SecretsManager { of, reason: error.to_string() },
        };
        Self::Secret { of, secret: source.secret.to_string(), reason }
    }
}
