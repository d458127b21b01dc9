//! Types for names that must not be confused.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name, unchecked: the caller validates names from outside.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }
    };
}

name! {
    /// The key of a `[connections.NAME]` table: one Braze workspace, with its host and API key.
    ConnectionName
}
name! {
    /// The key of an `[exports.NAME]` table.
    ExportName
}
name! {
    /// The key of a `[sources.NAME]` table.
    SourceName
}
name! {
    /// A segment's table name in Customer Insights, as in the name of its folder or file.
    SegmentName
}
name! {
    /// A Braze workspace: its REST host with the secret that holds its key, `HOST~SECRET`, or with a name from `workspace`,
    /// `HOST@NAME`.
    WorkspaceName
}

impl WorkspaceName {
    /// The workspace that is known by its host and secret.
    pub fn of_secret(host: &str, secret: &SecretName) -> Self {
        Self::new(match secret {
            // No secret can have this name.
            SecretName::OfStack => format!("{host}~:stack"),
            SecretName::Named(name) => format!("{host}~{name}"),
        })
    }

    /// The workspace at `host` that the configuration calls `name`.
    pub fn named(host: &str, name: &str) -> Self {
        Self::new(format!("{host}@{name}"))
    }

    /// Whether a text has the form of such a name.
    pub fn is_one(&self) -> bool {
        self.0.contains(['~', '@'])
    }

    /// Its host and port.
    pub fn host(&self) -> &str {
        self.0.split(['~', '@']).next().unwrap_or_default()
    }
}

name! {
    /// The custom attribute of a segment on a Braze profile.
    AttributeName
}

/// Which secret in AWS Secrets Manager holds a connection's API key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretName {
    /// The stack's own: the connection names none.
    OfStack,
    /// The one with this name or ARN.
    Named(Arc<str>),
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OfStack => "of the stack",
            Self::Named(name) => name,
        })
    }
}
