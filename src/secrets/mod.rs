//! What Secrets Manager holds: the API keys of connections, and the keys that encrypt the state; and the role's identity, which
//! takes the place of a secret.

mod api_key;
mod api_keys;
mod role_identity;
pub(crate) mod state_key;

pub use self::api_key::ApiKey;
pub use self::api_keys::{ApiKeys, MAX_AGE, Readable, SecretError};
pub use self::role_identity::{NoToken, RoleIdentity};
pub use self::state_key::{SHORTEST_STATE_KEY, StateKey};
