//! What names a release elsewhere names what `scripts/release` makes, and the badges say what `Cargo.toml` says.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A key of a manifest, with dots between the tables.
fn value(manifest: &str, key: &[&str]) -> String {
    let table: toml::Table = read(manifest).parse().unwrap();
    let last = key.iter().fold(&toml::Value::Table(table), |value, key| &value[*key]).clone();
    last.as_str().unwrap().to_owned()
}

#[test]
fn binstall_finds_the_archives_of_a_release() {
    let script = read("scripts/release");
    assert!(script.contains("/itb-$version-$processor-linux.tar.gz\""), "the archive has another name");
    let template = read("template.yaml");
    let source = template.lines().find_map(|line| line.trim().strip_prefix("SourceCodeUrl: ")).unwrap();
    for (processor, triple) in [("arm64", "aarch64-unknown-linux-gnu"), ("x86_64", "x86_64-unknown-linux-gnu")] {
        assert!(script.contains(&format!("{processor}) triple={triple}")), "{processor} is built for another target");
        let url = value("cli/Cargo.toml", &["package", "metadata", "binstall", "overrides", triple, "pkg-url"]);
        let archive = format!("itb-{{ version }}-{processor}-linux.tar.gz");
        assert_eq!(url, format!("{source}/releases/download/v{{ version }}/{archive}"));
    }
}

#[test]
fn the_badges_and_the_image_are_of_the_manifest() {
    let rust = value("Cargo.toml", &["workspace", "package", "rust-version"]);
    let licence = value("Cargo.toml", &["workspace", "package", "license"]).replace("OR", "or");
    assert!(read("docs/images/badge-rust.svg").contains(&format!(">≥ {rust}<")), "Rust {rust}");
    assert!(read("docs/images/badge-licence.svg").contains(&format!(">{licence}<")), "{licence}");
    assert!(read("Dockerfile").contains(&format!("FROM rust:{rust}-")), "the image is built with Rust {rust}");
    for readme in ["README.md", "README.ja.md"] {
        assert!(read(readme).contains(&format!("[![Rust {rust} ")), "{readme} names Rust {rust}");
    }
}
