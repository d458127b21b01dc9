//! What proves that a request comes from the person who started the console: a token that is good once, a secret in every
//! path, a cookie, and a token in every form.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use crate::standin::hexadecimal::hexadecimal;

/// The secrets of one console.
pub(crate) struct Session {
    port: u16,
    token: Mutex<Option<String>>,
    path: String,
    cookie: String,
    forms: hmac::Key,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Session {
    /// The session of a console that listens on `port`.
    pub(crate) fn new(port: u16) -> Self {
        Self {
            port,
            token: Mutex::new(Some(format!("{:032x}", rand::random::<u128>()))),
            path: format!("{:016x}", rand::random::<u64>()),
            cookie: format!("{:032x}", rand::random::<u128>()),
            forms: hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>()),
        }
    }

    /// The address that starts the session; `None` once it was used.
    pub(crate) fn start_url(&self) -> Option<String> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        Some(format!("http://127.0.0.1:{}/start?token={}", self.port, token.as_ref()?))
    }

    /// Takes the token: it is good once.
    pub(crate) fn begin(&self, given: &str) -> bool {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let is_right = token.as_ref().is_some_and(|token| same(token, given));
        if is_right {
            *token = None;
        }
        is_right
    }

    /// What every path of the session begins with.
    pub(crate) fn base(&self) -> String {
        format!("/s/{}", self.path)
    }

    /// The rest of a path of this session.
    pub(crate) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix("/s/")?;
        let (secret, rest) = rest.split_at_checked(self.path.len())?;
        (same(secret, &self.path) && rest.starts_with('/')).then_some(rest)
    }

    /// The cookie as the browser is to keep it. A cookie is sent to every port of a host, hence the port in its name.
    pub(crate) fn set_cookie(&self) -> String {
        format!("{}={}; Path={}/; HttpOnly; SameSite=Strict", self.cookie_name(), self.cookie, self.base())
    }

    /// Whether these cookies, as the header has them, are of this session.
    pub(crate) fn is_in(&self, cookies: &str) -> bool {
        cookie(cookies, &self.cookie_name()).is_some_and(|found| same(found, &self.cookie))
    }

    fn cookie_name(&self) -> String {
        format!("itb-{}", self.port)
    }

    /// The cookie with the language.
    pub(crate) fn set_language(&self, tag: &str) -> String {
        format!("itb-language={tag}; Path={}/; HttpOnly; SameSite=Strict; Max-Age=31536000", self.base())
    }

    /// Whether a request was sent to this console: a name that leads to this machine by a trick of DNS is refused.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        [format!("127.0.0.1:{}", self.port), format!("localhost:{}", self.port)].iter().any(|own| own == host)
    }

    /// The token of the form that is sent to `path`.
    pub(crate) fn form_token(&self, path: &str) -> String {
        hexadecimal(hmac::sign(&self.forms, path.as_bytes()).as_ref())
    }

    /// Whether a form that was sent to `path` is one of this session.
    pub(crate) fn is_form(&self, path: &str, token: &str) -> bool {
        same(&self.form_token(path), token)
    }
}

fn same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// A cookie of the header `Cookie`.
pub(crate) fn cookie<'c>(cookies: &'c str, name: &str) -> Option<&'c str> {
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_good_once_and_nothing_of_another_session_is() {
        let (session, other) = (Session::new(4000), Session::new(4000));
        let url = session.start_url().unwrap_or_default();
        let token = url.rsplit('=').next().unwrap_or_default();
        assert!(!session.begin("") && !session.begin("0") && !other.begin(token));
        assert!(session.begin(token) && !session.begin(token) && session.start_url().is_none());
        assert_eq!(session.below(&format!("{}/exports", session.base())), Some("/exports"));
        assert_eq!(session.below(&format!("{}/exports", other.base())), None);
        assert_eq!(session.below("/s/"), None);
        let cookie = session.set_cookie();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        let value = cookie.split(';').next().unwrap_or_default();
        assert!(session.is_in(&format!("a=b; {value}")) && !other.is_in(value) && !session.is_in(""));
        assert!(session.is_form("/x", &session.form_token("/x")) && !session.is_form("/y", &session.form_token("/x")));
        assert!(session.is_host("127.0.0.1:4000") && !session.is_host("rebound.example:4000"));
        assert!(!session.is_host("127.0.0.1") && !format!("{session:?}").contains(token));
    }
}
