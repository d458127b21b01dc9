//! What an application of Microsoft Entra ID signs in with: a client secret, or a token of the function's role.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::error::Error;
use azure_core::http::{ClientMethodOptions, ClientOptions};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions,
};
use secrecy::{ExposeSecret, SecretString};

/// Whom a token of the role is for ("Microsoft identity platform and OAuth 2.0 client credentials flow", a federated
/// credential's recommended audience).
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

/// A token of the function's role. Microsoft Entra ID takes it instead of a client secret.
struct RoleToken(SecretString);

impl fmt::Debug for RoleToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoleToken(hidden)")
    }
}

#[async_trait]
impl ClientAssertion for RoleToken {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> Result<String, Error> {
        Ok(self.0.expose_secret().to_owned())
    }
}

/// An application that signs in with its secret.
pub(super) fn by_secret(
    tenant_id: &str,
    client_id: &str,
    client_secret: &SecretString,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, Error> {
    let options = ClientSecretCredentialOptions { client_options };
    let secret = Secret::new(client_secret.expose_secret().to_owned());
    Ok(ClientSecretCredential::new(tenant_id, client_id.to_owned(), secret, Some(options))?)
}

/// An application that trusts the role which `token` is of. The token is good for minutes, what it is exchanged for, at the
/// first request, for an hour or more, which is longer than a function runs.
pub(super) fn by_role(
    tenant_id: &str,
    client_id: &str,
    token: SecretString,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, Error> {
    let options = ClientAssertionCredentialOptions { client_options };
    let (tenant_id, client_id) = (tenant_id.to_owned(), client_id.to_owned());
    Ok(ClientAssertionCredential::new(tenant_id, client_id, RoleToken(token), Some(options))?)
}
