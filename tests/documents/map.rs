//! The map in `src/lib.rs` is true: every module imports only modules above it. And no files import each other, directly
//! or through others, in `cli`, `benches` and `tests` too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Item, UseTree, Visibility};

type ModulePath = Vec<String>;

/// One module of a crate, which has a file of its own or stands in a file of another one.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// What it defines, its modules included.
    items: BTreeSet<String>,
    /// What it re-exports: the name, and the path that it stands for.
    exports: Vec<(String, ModulePath)>,
    /// The paths that its code names.
    uses: Vec<ModulePath>,
}

/// The modules of a crate, without those for tests.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    fn read(root: &str) -> Self {
        let mut read = Self::default();
        read.add_file(&[], Path::new(root));
        read
    }

    fn add_file(&mut self, path: &[String], file: &Path) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add_module(path, file, syn::parse_file(&text).unwrap().items);
    }

    fn add_module(&mut self, path: &[String], file: &Path, items: Vec<Item>) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        for item in items.into_iter().filter(|item| !is_for_tests(item)) {
            match item {
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let below = [path, std::slice::from_ref(&name)].concat();
                    module.items.insert(name.clone());
                    match inner.content {
                        Some((_, items)) => self.add_module(&below, file, items),
                        None => self.add_file(&below, &file_of(file, path.is_empty(), &name)),
                    }
                }
                Item::Use(import) => {
                    let mut paths = Vec::new();
                    flatten(&import.tree, &mut Vec::new(), &mut paths);
                    let exported = !matches!(import.vis, Visibility::Inherited);
                    for (name, target) in paths {
                        let target = absolute(path, &target);
                        if exported {
                            module.exports.push((name, target));
                        } else {
                            module.uses.push(target);
                        }
                    }
                }
                other => {
                    module.items.extend(name_of(&other));
                    let mut named = Named { module: path, uses: &mut module.uses };
                    named.visit_item(&other);
                }
            }
        }
        self.modules.insert(path.to_vec(), module);
    }

    /// The file that defines what `path` names; `None` for what is not of this crate.
    fn defined_in(&self, path: &[String], depth: usize) -> Option<&Path> {
        if let Some(module) = self.modules.get(path) {
            return Some(&module.file);
        }
        let (name, parent) = path.split_last().filter(|_| depth < 16)?;
        let Some(module) = self.modules.get(parent) else {
            // Something inside an item, such as a variant or an associated function.
            return self.defined_in(parent, depth + 1);
        };
        if module.items.contains(name) {
            return Some(&module.file);
        }
        let exported = module.exports.iter().find(|(exported, _)| exported == name);
        exported.and_then(|(_, target)| self.defined_in(target, depth + 1))
    }

    /// Which file imports which.
    fn imports(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut imports: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
        for module in self.modules.values() {
            let of_file = imports.entry(&module.file).or_default();
            of_file.extend(module.uses.iter().filter_map(|path| self.defined_in(path, 0)));
            of_file.remove(module.file.as_path());
        }
        imports
    }

    /// Files that import each other, a group a line.
    fn circles(&self) -> Vec<String> {
        let imports = self.imports();
        let reach: BTreeMap<&Path, BTreeSet<&Path>> =
            imports.keys().map(|file| (*file, reached(&imports, file))).collect();
        let mut circles = BTreeSet::new();
        for (file, reached) in &reach {
            let group: BTreeSet<String> = reached
                .iter()
                .filter(|other| reach[*other].contains(file))
                .map(|other| other.display().to_string())
                .collect();
            if !group.is_empty() {
                circles.insert(group.into_iter().collect::<Vec<_>>().join(" <-> "));
            }
        }
        circles.into_iter().collect()
    }
}

fn reached<'f>(imports: &BTreeMap<&'f Path, BTreeSet<&'f Path>>, from: &Path) -> BTreeSet<&'f Path> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&Path> = imports[from].iter().copied().collect();
    while let Some(file) = waiting.pop() {
        if reached.insert(file) {
            waiting.extend(imports.get(file).into_iter().flatten());
        }
    }
    reached
}

fn file_of(file: &Path, is_root: bool, name: &str) -> PathBuf {
    let folder = file.parent().unwrap();
    let folder = if is_root || file.ends_with("mod.rs") { folder.to_owned() } else { file.with_extension("") };
    let flat = folder.join(format!("{name}.rs"));
    if flat.exists() { flat } else { folder.join(name).join("mod.rs") }
}

fn is_for_tests(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

fn flatten(tree: &UseTree, prefix: &mut ModulePath, paths: &mut Vec<(String, ModulePath)>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, paths);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            paths.push((prefix.last().cloned().unwrap_or_default(), prefix.clone()));
        }
        UseTree::Name(name) => {
            let target = [prefix.as_slice(), &[name.ident.to_string()]].concat();
            paths.push((name.ident.to_string(), target));
        }
        UseTree::Rename(rename) => {
            let target = [prefix.as_slice(), &[rename.ident.to_string()]].concat();
            paths.push((rename.rename.to_string(), target));
        }
        UseTree::Glob(_) => paths.push(("*".to_owned(), prefix.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, paths)),
    }
}

/// A path from the crate's root; what begins with another crate's name leads nowhere in this one.
fn absolute(module: &[String], path: &[String]) -> ModulePath {
    let mut from = module.to_vec();
    let mut rest = path;
    if let Some((first, after)) = path.split_first().filter(|(first, _)| *first == "crate") {
        debug_assert_eq!(first, "crate");
        return after.to_vec();
    }
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "self" => {}
            "super" => {
                from.pop();
            }
            _ => break,
        }
        rest = after;
    }
    [from.as_slice(), rest].concat()
}

/// Collects the paths in code and in macros, such as `crate::rows::Row`.
struct Named<'m> {
    module: &'m [String],
    uses: &'m mut Vec<ModulePath>,
}

impl Visit<'_> for Named<'_> {
    fn visit_path(&mut self, path: &syn::Path) {
        let path_segments: ModulePath = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path_segments.len() > 1 {
            self.uses.push(absolute(self.module, &path_segments));
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.uses.extend(paths_in(call.tokens.clone()).into_iter().map(|path| absolute(self.module, &path)));
    }

    fn visit_item_use(&mut self, import: &syn::ItemUse) {
        let mut paths = Vec::new();
        flatten(&import.tree, &mut Vec::new(), &mut paths);
        self.uses.extend(paths.into_iter().map(|(_, path)| absolute(self.module, &path)));
    }
}

fn paths_in(tokens: TokenStream) -> Vec<ModulePath> {
    let mut paths: Vec<ModulePath> = Vec::new();
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(name) => match paths.last_mut().filter(|_| colons == 2) {
                Some(path) => path.push(name.to_string()),
                None => paths.push(vec![name.to_string()]),
            },
            TokenTree::Group(group) => paths.extend(paths_in(group.stream())),
            TokenTree::Punct(mark) if mark.as_char() == ':' => {
                colons += 1;
                continue;
            }
            _ => {}
        }
        colons = 0;
    }
    paths.retain(|path| path.len() > 1);
    paths
}

/// The modules in the order of the table in the documentation of `src/lib.rs`.
fn map() -> Vec<String> {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    rows.filter_map(|row| row.split_once("`] |")).map(|(module, _)| module.to_owned()).collect()
}

#[test]
fn a_module_imports_only_modules_above_it_in_the_map() {
    let map = map();
    let read = Crate::read("src/lib.rs");
    let modules: BTreeSet<&String> = read.modules.keys().filter(|path| path.len() == 1).map(|path| &path[0]).collect();
    assert_eq!(modules, map.iter().collect(), "the map names every module and nothing else");
    let place = |module: &str| map.iter().position(|name| name == module);
    let mut wrong = BTreeSet::new();
    for (path, module) in read.modules.iter().filter(|(path, _)| !path.is_empty()) {
        for target in module.uses.iter().chain(module.exports.iter().map(|(_, target)| target)) {
            let imported = target.first().and_then(|first| place(first));
            if imported > place(&path[0]) {
                wrong.insert(format!("{} imports {}, which stands below it", path.join("::"), target.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn no_files_import_each_other() {
    let mut circles = Vec::new();
    for root in [
        "src/lib.rs",
        "cli/src/lib.rs",
        "benches/end_to_end/main.rs",
        "tests/behaviour/main.rs",
        "tests/documents/main.rs",
        "tests/simulation/main.rs",
    ] {
        let read = Crate::read(root);
        assert!(read.modules.len() > 3, "{root} was read");
        circles.extend(read.circles());
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}
