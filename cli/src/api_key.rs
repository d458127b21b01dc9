//! The Braze REST API key of `deliver` and `connect`: from the environment or from a prompt, never from the command line,
//! where other users of the machine would see it.

use insights_to_braze::secrets::ApiKey;
use secrecy::SecretString;

use crate::ending::Failure;
use crate::texts;

/// The environment variable that may hold the key.
const VARIABLE: &str = "BRAZE_API_KEY";

/// The key from [`VARIABLE`], else asked for without an echo.
pub(crate) fn read() -> Result<ApiKey, Failure> {
    let text = match std::env::var(VARIABLE) {
        Ok(text) if !text.trim().is_empty() => text,
        _ => rpassword::prompt_password(texts::t("ask-key"))
            .map_err(|error| Failure::NoKey(format!("{VARIABLE} is not set, and there is no terminal ({error})")))?,
    };
    checked(&text)
}

/// The environment variable of Azure's own tools that may hold a SAS.
const SAS_VARIABLE: &str = "AZURE_STORAGE_SAS_TOKEN";

/// What the secret of a source holds, from [`SAS_VARIABLE`], else asked for without an echo.
pub(crate) fn read_sas() -> Result<SecretString, Failure> {
    let text = match std::env::var(SAS_VARIABLE) {
        Ok(text) if !text.trim().is_empty() => text,
        _ => rpassword::prompt_password(texts::t("ask-sas")).map_err(|error| {
            Failure::NoKey(format!("{SAS_VARIABLE} is not set, and there is no terminal ({error})"))
        })?,
    };
    Ok(SecretString::from(text))
}

/// The key from [`VARIABLE`], if it is set.
pub(crate) fn in_environment() -> Result<Option<ApiKey>, Failure> {
    std::env::var(VARIABLE).ok().filter(|text| !text.trim().is_empty()).map(|text| checked(&text)).transpose()
}

/// A key as it was typed.
pub(crate) fn checked(text: &str) -> Result<ApiKey, Failure> {
    let key = text.trim();
    if key.is_empty() {
        return Err(Failure::NoKey("nothing was entered".to_owned()));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::KeyMalformed);
    }
    Ok(ApiKey::new(key.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn white_space_around_a_key_is_cut_off_and_nothing_shows_it() {
        assert_eq!(checked(" 1a2b-3c4d\n").unwrap(), ApiKey::new("1a2b-3c4d".to_owned()));
        assert!(matches!(checked("  "), Err(Failure::NoKey(_))));
        let error = checked("1a2b 3c4d").unwrap_err();
        assert!(matches!(error, Failure::KeyMalformed) && !error.to_string().contains("1a2b"));
    }
}
