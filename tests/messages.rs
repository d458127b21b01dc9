//! `docs/messages.md` lists every error and every message of the reports. It is rendered from the source: the texts of
//! error types, and of the types whose names end in `Message`, `Reason` or `Problem`.
//!
//! `REWRITE_MESSAGES=1 cargo test --workspace --test messages` writes it anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Expr, ExprLit, Fields, ImplItem, Item, ItemEnum, ItemImpl, Lit, LitStr, Meta, Pat};

const HEAD: &str = "\
# Messages

Every error of the application and every message of its reports. Words in ⟨angle brackets⟩ stand for what was found.
None of them holds a key or what a person's cells say.

This page is rendered from the source by `tests/messages.rs`, which also fails when it is out of date.
";

/// A type with texts.
#[derive(Default)]
struct Section {
    what: String,
    /// When a text is shown, and the text.
    texts: Vec<(String, String)>,
}

#[test]
fn the_documentation_has_every_message() {
    let rendered = rendered();
    for known in ["there is no s3://⟨bucket⟩/⟨key⟩", "max_record_bytes", "customer ID longer than 987 bytes"] {
        assert!(rendered.contains(known), "{known} is missing: {rendered}");
    }
    let path = root().join("docs/messages.md");
    if std::env::var_os("REWRITE_MESSAGES").is_some() {
        fs::write(&path, rendered).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let differing = found.lines().zip(rendered.lines()).find(|(found, rendered)| found != rendered);
    assert!(
        found == rendered,
        "docs/messages.md differs from the source ({differing:?}): set REWRITE_MESSAGES=1 and run this test again to \
         write it anew"
    );
}

#[test]
fn every_variant_of_a_type_with_messages_says_when_it_is_shown() {
    for section in sections().values() {
        assert!(!section.what.is_empty(), "a type without a documentation");
        for (when, text) in &section.texts {
            assert!(!when.is_empty(), "{text:?} is of a variant without a documentation");
            assert!(text.chars().count() >= 3, "{when:?} has no text: {text:?}");
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rendered() -> String {
    let mut page = HEAD.to_owned();
    for (name, section) in sections() {
        write!(page, "\n## {}\n\n`{name}`\n\n| when | message |\n| --- | --- |\n", section.what).unwrap();
        for (when, text) in &section.texts {
            writeln!(page, "| {} | {} |", cell(when), cell(text)).unwrap();
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}

fn sections() -> BTreeMap<String, Section> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    assert!(files.len() > 50, "the source is not where it was");
    let mut sections = BTreeMap::new();
    for file in files {
        let name = module(&file);
        let parsed = syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap();
        for (type_name, section) in of_file(&parsed) {
            sections.insert(format!("{name}::{type_name}"), section);
        }
    }
    sections
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn module(file: &Path) -> String {
    let below = file.strip_prefix(root().join("src")).unwrap().with_extension("");
    let levels: Vec<_> = below.iter().map(|level| level.to_str().unwrap()).filter(|level| *level != "mod").collect();
    levels.join("::")
}

fn of_file(file: &syn::File) -> Vec<(String, Section)> {
    let impls: Vec<&ItemImpl> =
        file.items.iter().filter_map(|item| if let Item::Impl(item) = item { Some(item) } else { None }).collect();
    let mut found = Vec::new();
    for item in &file.items {
        let (name, section) = match item {
            Item::Enum(item) => (item.ident.to_string(), of_enum(item, &impls)),
            Item::Struct(item) => {
                let text = error_text(&item.attrs);
                let texts = text.map(|text| (documentation(&item.attrs), text)).into_iter().collect();
                (item.ident.to_string(), Section { what: documentation(&item.attrs), texts })
            }
            _ => continue,
        };
        if !section.texts.is_empty() {
            found.push((name, section));
        }
    }
    found
}

fn of_enum(item: &ItemEnum, impls: &[&ItemImpl]) -> Section {
    let name = item.ident.to_string();
    let speaks = ["Message", "Reason", "Problem"].iter().any(|end| name.ends_with(end));
    let shown = if speaks { texts_of_arms(&name, impls) } else { BTreeMap::new() };
    let mut section = Section { what: documentation(&item.attrs), texts: Vec::new() };
    for variant in &item.variants {
        let of_variant = shown.get(&variant.ident.to_string()).cloned();
        if let Some(text) = error_text(&variant.attrs).or(of_variant) {
            let tuple = matches!(variant.fields, Fields::Unnamed(_));
            let text = if tuple { text.replace("⟨0⟩", "⟨what was found⟩") } else { text };
            section.texts.push((documentation(&variant.attrs), text));
        }
    }
    section
}

/// The first paragraph of a documentation comment.
fn documentation(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(value) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &value.value
        {
            if text.value().trim().is_empty() {
                break;
            }
            lines.push(text.value().trim().to_owned());
        }
    }
    lines.join(" ").replace("[`", "`").replace("`]", "`")
}

/// The text of `#[error("…")]`; `None` for `#[error(transparent)]`, whose text is listed with the error inside.
fn error_text(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("error"))?;
    let Meta::List(list) = &attribute.meta else { return None };
    of_macro(list.tokens.clone())
}

/// The text of the arguments of a formatting macro.
fn of_macro(tokens: TokenStream) -> Option<String> {
    let mut tokens = tokens.into_iter().peekable();
    let text = loop {
        if let TokenTree::Literal(literal) = tokens.next()?
            && let Ok(text) = syn::parse_str::<LitStr>(&literal.to_string())
        {
            break text.value();
        }
    };
    let mut arguments: Vec<Vec<TokenTree>> = vec![];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => arguments.push(Vec::new()),
            _ => {
                if let Some(argument) = arguments.last_mut() {
                    argument.push(token);
                }
            }
        }
    }
    let names: Vec<String> = arguments.iter().map(|argument| argument_name(argument)).collect();
    Some(filled(&text, &names))
}

/// What an argument is about: the first name in it that is no keyword, such as `path` in `.path.display()`.
fn argument_name(tokens: &[TokenTree]) -> String {
    let mut names = tokens.iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        TokenTree::Group(group) => {
            Some(argument_name(&group.stream().into_iter().collect::<Vec<_>>())).filter(|name| name != "…")
        }
        _ => None,
    });
    names.find(|name| !["self", "shown", "lines"].contains(&name.as_str())).map_or_else(|| "…".to_owned(), plain)
}

fn plain(name: impl AsRef<str>) -> String {
    name.as_ref().replace('_', " ").to_lowercase()
}

/// A format string with its places filled by names.
fn filled(text: &str, arguments: &[String]) -> String {
    let (mut result, mut rest, mut next) = (String::new(), text, 0);
    while let Some(at) = rest.find(['{', '}']) {
        result.push_str(&rest[..at]);
        if rest[at..].starts_with("{{") || rest[at..].starts_with("}}") {
            result.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        let end = at + rest[at..].find('}').unwrap();
        let place = rest[at + 1..end].split(':').next().unwrap();
        if place.is_empty() {
            write!(result, "⟨{}⟩", arguments.get(next).map_or("…", String::as_str)).unwrap();
            next += 1;
        } else {
            write!(result, "⟨{}⟩", plain(place)).unwrap();
        }
        rest = &rest[end + 1..];
    }
    result + rest
}

/// The texts that the arms of `Display` or of `as_str` give, by variant.
fn texts_of_arms(name: &str, impls: &[&ItemImpl]) -> BTreeMap<String, String> {
    let mut arms = Arms::default();
    for item in impls {
        let syn::Type::Path(path) = &*item.self_ty else { continue };
        if !path.path.is_ident(name) {
            continue;
        }
        for function in &item.items {
            if let ImplItem::Fn(function) = function
                && (function.sig.ident == "fmt" || function.sig.ident == "as_str")
            {
                arms.visit_block(&function.block);
            }
        }
    }
    arms.texts
}

#[derive(Default)]
struct Arms {
    texts: BTreeMap<String, String>,
}

impl<'ast> Visit<'ast> for Arms {
    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let mut literals = Literals::default();
        literals.visit_expr(&arm.body);
        let text = literals.texts.join(" … ");
        for variant in variants(&arm.pat).into_iter().filter(|_| !text.is_empty()) {
            let texts = self.texts.entry(variant).or_default();
            if !texts.is_empty() {
                texts.push_str(" / ");
            }
            texts.push_str(&text);
        }
    }
}

fn variants(pattern: &Pat) -> Vec<String> {
    let path = match pattern {
        Pat::Or(cases) => return cases.cases.iter().flat_map(variants).collect(),
        Pat::Struct(pattern) => &pattern.path,
        Pat::TupleStruct(pattern) => &pattern.path,
        Pat::Path(pattern) => &pattern.path,
        _ => return Vec::new(),
    };
    path.segments.last().map(|segment| segment.ident.to_string()).into_iter().collect()
}

#[derive(Default)]
struct Literals {
    texts: Vec<String>,
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.texts.push(text.value());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.texts.extend(of_macro(call.tokens.clone()));
    }
}
