//! `docs/messages.md` lists every message with its code, cause and fix. It is rendered from the source: the types that
//! have codes (`codes!`, or `impl Coded`), their texts, and the documentation of their variants.
//!
//! `REWRITE_MESSAGES=1 cargo test --workspace --test documents` renders it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Expr, ExprLit, Fields, ImplItem, Item, ItemEnum, ItemImpl, Lit, LitStr, Meta, Pat};

const HEAD: &str = "\
# Messages

Every message with its code, cause and fix. The code is the field `code` next to `message` in reports and responses, and in
brackets at the end of errors. Codes never change, texts may. Words in ⟨angle brackets⟩ stand for values. No message
contains a key or personal data.

This page is rendered from the source by `tests/documents/messages.rs`.
";

/// The heading of a group of messages, and the names of their types.
type Group = (&'static str, &'static [&'static str]);

/// The page: where the user sees a message, and the groups of messages there.
const PAGE: [(&str, &[Group]); 4] = [
    (
        "Reports and responses",
        &[
            ("Runs", &["ReportMessage"]),
            ("Undo", &["UndoMessage", "UndoNote"]),
            ("Held runs", &["HoldReason", "ProofHold"]),
            ("Check this first", &["Warning"]),
            ("What is missing", &["Problem"]),
            ("Responses of the on-demand function", &["AnswerMessage", "ReceiptMessage", "InspectMessage"]),
            ("Rejected rows", &["RejectionReason", "RowProblem"]),
            ("Values not sent", &["DropReason"]),
            ("Notes", &["HeaderNote", "ColumnNote", "Doubt", "FileNote"]),
            ("Read in Braze", &["ProofNote", "Unread"]),
            ("Ignored objects", &["IgnoredReason"]),
            ("Fetches", &["FetchMessage"]),
            ("Audits", &["AuditMessage"]),
        ],
    ),
    (
        "Failed deliveries",
        &[
            ("Delivery", &["DeliveryError"]),
            ("Braze", &["StopReason", "CheckError", "Lost"]),
            ("Files", &["ReadError", "MatchError", "MatchProblem"]),
            ("model.json", &["ModelError"]),
            ("Bucket", &["BucketError"]),
            ("State", &["StateError"]),
            ("Secret", &["SecretError"]),
            ("Queue", &["QueueError", "TopicError"]),
            ("Pages", &["PageError"]),
            ("Sources", &["SourceError"]),
            ("Failed audits", &["AuditError", "ExportError", "ArchiveError"]),
        ],
    ),
    (
        "Function errors",
        &[
            ("Start", &["StartError"]),
            ("Events and payloads", &["EventError", "PersonError", "RunIdError", "InspectError"]),
            ("Invocations", &["HandlerError"]),
            ("exports.toml", &["SyntaxError", "ConfigError", "PatternError"]),
        ],
    ),
    ("Terminal", &[("itb", &["Failure"]), ("AWS", &["AwsError"]), ("Deployed stack", &["StackError", "KeyNotStored"])]),
];

/// How a doubt about identifiers is worded, where it is found (`Finding` in `profile::look`).
const DOUBTFUL: &str = "⟨rows⟩ of the ⟨checked⟩ checked ⟨doubt⟩";

/// The longest first line of a message.
const LONGEST_FIRST_LINE: usize = 100;

/// A message.
struct Entry {
    code: String,
    text: String,
    cause: String,
    fix: String,
}

#[test]
fn the_documentation_has_every_message() {
    let rendered = rendered();
    for known in ["s3://⟨bucket⟩/⟨key⟩ does not exist", "max_record_bytes", "customer ID longer than 987 bytes"]
    {
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
        "docs/messages.md differs from the source ({differing:?}): set REWRITE_MESSAGES=1 and run this test again"
    );
}

#[test]
fn every_message_has_a_place_on_the_page_and_a_code_of_its_own() {
    let types = types();
    let placed: Vec<&str> =
        PAGE.iter().flat_map(|(_, groups)| *groups).flat_map(|(_, types)| *types).copied().collect();
    let with_messages: BTreeSet<&str> =
        types.iter().filter(|(_, entries)| !entries.is_empty()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(placed.iter().copied().collect::<BTreeSet<_>>(), with_messages, "the types of PAGE");
    assert_eq!(placed.len(), with_messages.len(), "a type has two places");
    let mut codes = BTreeSet::new();
    for entry in types.values().flatten() {
        let number = entry.code.strip_prefix("ITB-").unwrap_or_default();
        let form = number.len() == 3
            && number.starts_with(|letter: char| letter.is_ascii_uppercase())
            && number[1..].bytes().all(|digit| digit.is_ascii_digit());
        assert!(form, "{:?} is not a code", entry.code);
        assert!(codes.insert(&entry.code), "{} has two messages", entry.code);
    }
}

#[test]
fn every_message_has_a_text_a_cause_and_a_fix() {
    for entry in types().values().flatten() {
        let Entry { code, text, cause, fix } = entry;
        assert!(text.chars().count() >= 3, "{code} has no text");
        assert!(!cause.is_empty(), "{code} has no cause");
        assert!(!fix.is_empty(), "{code} has no fix: add a paragraph `Fix: …` to its documentation");
        let first = text.split(" / ").map(|form| form.lines().next().unwrap_or_default());
        let first = first.max_by_key(|line| line.chars().count()).unwrap_or_default();
        let is_clause =
            code.starts_with("ITB-C") || code.starts_with("ITB-M") || code.starts_with("ITB-J") || code == "ITB-F21";
        assert!(
            is_clause || first.chars().count() <= LONGEST_FIRST_LINE,
            "the first line of {code} is too long: {first}"
        );
    }
}

/// Errors without a code have no place in the documentation.
#[test]
fn every_error_has_a_code() {
    let types = types();
    for file in sources() {
        for item in &syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap().items {
            if let Item::Enum(item) = item
                && item
                    .variants
                    .iter()
                    .any(|variant| variant.attrs.iter().any(|attribute| attribute.path().is_ident("error")))
            {
                assert!(types.contains_key(&item.ident.to_string()), "{} in {}", item.ident, file.display());
            }
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rendered() -> String {
    let types = types();
    let mut page = HEAD.to_owned();
    for (surface, groups) in PAGE {
        write!(page, "\n## {surface}\n").unwrap();
        for (heading, names) in groups {
            write!(page, "\n### {heading}\n\n| code | message | cause | fix |\n| --- | --- | --- | --- |\n").unwrap();
            for Entry { code, text, cause, fix } in names.iter().filter_map(|name| types.get(*name)).flatten() {
                writeln!(page, "| {code} | {} | {} | {} |", cell(text), cell(cause), cell(fix)).unwrap();
            }
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', "<br>")
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    collect(&root().join("cli/src"), &mut files);
    files.retain(|file| !file.to_string_lossy().contains("standin"));
    files.sort();
    assert!(files.len() > 50, "the source is not where it was");
    files
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

/// The messages of each type that has codes.
fn types() -> BTreeMap<String, Vec<Entry>> {
    let mut types = BTreeMap::new();
    for file in sources() {
        for (name, entries) in of_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap()) {
            assert!(types.insert(name.clone(), entries).is_none(), "two types are called {name}");
        }
    }
    types
}

fn of_file(file: &syn::File) -> Vec<(String, Vec<Entry>)> {
    let impls: Vec<&ItemImpl> =
        file.items.iter().filter_map(|item| if let Item::Impl(item) = item { Some(item) } else { None }).collect();
    let codes: BTreeMap<String, BTreeMap<String, String>> = file.items.iter().filter_map(codes_of_macro).collect();
    let mut found = Vec::new();
    for item in &file.items {
        match item {
            Item::Enum(item) => {
                let name = item.ident.to_string();
                if let Some(codes) = codes.get(&name) {
                    found.push((name, of_enum(item, &impls, codes)));
                }
            }
            Item::Struct(item) => {
                let name = item.ident.to_string();
                if let (Some(text), Some(code)) = (error_text(&item.attrs), code_of_impl(&name, &impls)) {
                    let cause = paragraphs(&item.attrs).into_iter().next().unwrap_or_default();
                    let fix = fix(&item.attrs).unwrap_or_default();
                    found.push((name, vec![Entry { code, text, cause, fix }]));
                }
            }
            _ => {}
        }
    }
    found
}

/// The codes in `codes!(Type … { Variant = "ITB-…", … })`, by variant.
fn codes_of_macro(item: &Item) -> Option<(String, BTreeMap<String, String>)> {
    let Item::Macro(item) = item else { return None };
    if !item.mac.path.is_ident("codes") {
        return None;
    }
    let tokens: Vec<TokenTree> = item.mac.tokens.clone().into_iter().collect();
    let TokenTree::Group(group) = tokens.last()? else { return None };
    let mut codes = BTreeMap::new();
    let mut variant = String::new();
    for token in group.stream() {
        match token {
            TokenTree::Ident(name) => variant = name.to_string(),
            TokenTree::Literal(code) => {
                codes.insert(variant.clone(), code.to_string().trim_matches('"').to_owned());
            }
            _ => {}
        }
    }
    Some((tokens.first()?.to_string(), codes))
}

/// The code of a struct, from its `impl Coded`.
fn code_of_impl(name: &str, impls: &[&ItemImpl]) -> Option<String> {
    let coded = impls.iter().find(|item| {
        let of_trait = item.trait_.as_ref().is_some_and(|(path, _)| path.is_ident("Coded"));
        of_trait && matches!(&*item.self_ty, syn::Type::Path(path) if path.path.is_ident(name))
    })?;
    let mut literals = Literals::default();
    literals.visit_item_impl(coded);
    literals.texts.pop()
}

fn of_enum(item: &ItemEnum, impls: &[&ItemImpl], codes: &BTreeMap<String, String>) -> Vec<Entry> {
    let name_of_type = item.ident.to_string();
    let shown = texts_of_arms(&name_of_type, impls);
    let mut entries = Vec::new();
    for variant in &item.variants {
        let name = variant.ident.to_string();
        let Some(code) = codes.get(&name) else { continue };
        let text = error_text(&variant.attrs).or_else(|| shown.get(&name).cloned()).unwrap_or_default();
        let text = if name_of_type == "Doubt" { DOUBTFUL.replace("⟨doubt⟩", &text) } else { text };
        let tuple = matches!(variant.fields, Fields::Unnamed(_));
        let text = if tuple { text.replace("⟨0⟩", "⟨what was found⟩") } else { text };
        let cause = paragraphs(&variant.attrs).into_iter().next().unwrap_or_default();
        let fix = fix(&variant.attrs).or_else(|| fix(&item.attrs)).unwrap_or_default();
        entries.push(Entry { code: code.clone(), text, cause, fix });
    }
    entries
}

/// The paragraphs of a documentation comment, on one line each.
fn paragraphs(attributes: &[Attribute]) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(value) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &value.value
        {
            let (line, value) = (paragraphs.len() - 1, text.value());
            match value.trim() {
                "" => paragraphs.push(String::new()),
                text if paragraphs[line].is_empty() => text.clone_into(&mut paragraphs[line]),
                text => paragraphs[line] = format!("{} {text}", paragraphs[line]),
            }
        }
    }
    paragraphs.into_iter().map(|text| text.replace("[`", "`").replace("`]", "`")).collect()
}

/// The paragraph that says what to do, as a sentence.
fn fix(attributes: &[Attribute]) -> Option<String> {
    let paragraphs = paragraphs(attributes);
    let fix = paragraphs.iter().find_map(|paragraph| paragraph.strip_prefix("Fix: "))?;
    let mut letters = fix.chars();
    Some(letters.next()?.to_uppercase().chain(letters).collect())
}

/// The text of `#[error("…")]`; `None` for `#[error(transparent)]`, whose text is listed with the wrapped error.
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

/// What an argument is about: the first name in it that is neither a keyword nor a function, such as `path` in
/// `.path.display()`, and `rows` in `counted(self.rows, …)`.
fn argument_name(tokens: &[TokenTree]) -> String {
    let is_call = |at: usize| matches!(tokens.get(at), Some(TokenTree::Group(_)));
    let is_method = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(dot)) if dot.as_char() == '.');
    let mut names = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        TokenTree::Ident(_) if is_call(at + 1) && !(at > 0 && is_method(at - 1)) => None,
        TokenTree::Ident(name) => Some(name.to_string()),
        TokenTree::Group(group) => {
            Some(argument_name(&group.stream().into_iter().collect::<Vec<_>>())).filter(|name| name != "…")
        }
        _ => None,
    });
    names
        .find(|name| !["self", "u64", "count", "counted"].contains(&name.as_str()))
        .map_or_else(|| "…".to_owned(), plain)
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
        Pat::Guard(guarded) => return variants(&guarded.pat),
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
