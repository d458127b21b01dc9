//! What surrounds every page: the style sheet, and the content security policy that allows it and nothing else.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const STYLE: &str = include_str!("style.css");

/// The hash by which the content security policy allows the style sheet (W3C, "Content Security Policy Level 3", "Hash
/// source").
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| format!("sha256-{}", STANDARD.encode(digest(&SHA256, STYLE.as_bytes()))));

/// The frame of a page.
pub(super) struct Frame {
    pub(super) style: &'static str,
    pub(super) style_hash: &'static str,
    /// The version that wrote the page.
    pub(super) version: &'static str,
}

impl Frame {
    pub(super) fn new() -> Self {
        Self { style: STYLE, style_hash: &STYLE_HASH, version: env!("CARGO_PKG_VERSION") }
    }
}
