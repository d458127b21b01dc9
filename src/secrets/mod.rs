//! What Secrets Manager holds: the API keys of connections, and the keys that encrypt the state.

mod api_key;
mod api_keys;
pub(crate) mod state_key;

pub use self::api_key::ApiKey;
pub use self::api_keys::{ApiKeys, MAX_AGE, Readable, SecretError};
pub use self::state_key::{SHORTEST_STATE_KEY, StateKey};
