"""Finds every shell command that the documents and --help tell people to type."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "README.ja.md", "CONTRIBUTING.md", "SECURITY.md", "events/README.md", "fuzz/README.md", *sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")))


def blocks(text, language):
    """The fenced blocks of a language, each with its place in the text; indented ones (in lists) without their indent."""
    for found in re.finditer(rf"^( *)```(?:{language})\n(.*?)^\1```$", text, flags=re.MULTILINE | re.DOTALL):
        yield found.start(), re.sub(rf"^{found[1]}", "", found[2], flags=re.MULTILINE)


def commands_of(block):
    """The commands of a block, without comments; one that goes on over lines is one command."""
    command = ""
    for line in block.splitlines():
        line = re.sub(r"(^|\s)# .*$", "", line).rstrip() if not command.rstrip().endswith("\\") else line.rstrip()
        command += line + "\n"
        if command.strip() and complete(command):
            yield command.strip()
            command = ""
    if command.strip():
        yield command.strip()


def complete(command):
    """Whether the shell does not wait for more."""
    if command.rstrip().endswith(("\\", "|", "&&")):
        return False
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True).returncode == 0


def helped(itb):
    """The examples of --help of the program and of each of its commands."""
    def text(*arguments):
        return subprocess.run([itb, *arguments, "--help"], capture_output=True, text=True, check=True).stdout

    top = text()
    names = re.findall(r"^  ([a-z-]+)  ", top.split("Commands:", 1)[1].split("\n\n", 1)[0], flags=re.MULTILINE)
    for page, shown in [("--help", top), *((f"{name} --help", text(name)) for name in names if name != "help")]:
        examples = re.findall(r"^ +((?:\w+=\S+ )?itb (?:.*\\\n)*.*)$", shown, flags=re.MULTILINE)
        yield from ((page, re.sub(r"\\\n\s+", "", example).strip()) for example in examples if not example.startswith("Usage"))


def documented(itb):
    """Every command with the page that shows it, in the order of the pages."""
    for page in PAGES:
        path = ROOT / page
        if path.is_file():
            for _, block in blocks(path.read_text(), "sh|bash|shell|console|zsh"):
                yield from ((page, command) for command in commands_of(block))
    yield from helped(itb)


def configurations(page):
    """The exports.toml files of a page."""
    return [block for _, block in blocks((ROOT / page).read_text(), "toml") if "[connections" in block]
