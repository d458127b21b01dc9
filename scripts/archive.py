"""Packs the binaries of one processor for AWS Lambda, and writes the template that names the archives.

usage: archive.py BINARIES PROCESSOR FOLDER

BINARIES holds <binary>/bootstrap for each function. Archives have fixed times, order and permissions, so that the same
binaries give the same bytes. SOURCE_DATE_EPOCH sets the time; without it, it is the first that a zip archive can hold.
"""

import os
import re
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def moment():
    """The time that every entry gets: year, month, day, hour, minute, second, in UTC."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    return max(time.gmtime(epoch)[:6], (1980, 1, 1, 0, 0, 0))


def pack(binary, archive):
    """Writes the zip archive that holds `binary` as bootstrap, executable."""
    entry = zipfile.ZipInfo("bootstrap", date_time=moment())
    entry.create_system = 3
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(entry, binary.read_bytes(), compresslevel=9)


def released_template(text, version, processor):
    """`template.yaml` with each function's archive in place of its build instructions."""
    text, globals_found = re.subn(r"^    CodeUri: \.\n", "", text, flags=re.MULTILINE)
    text, default_found = re.subn(
        r"(  Architecture:\n    Type: String\n    Default: )\w+", rf"\g<1>{processor}", text
    )
    text, functions_found = re.subn(
        r"      BuildMethod: rust-cargolambda\n      BuildProperties:\n        Binary: (\w+)\n((?:.*\n)*?)    Properties:\n",
        rf"\g<2>    Properties:\n      CodeUri: insights-to-braze-{version}-{processor}-\g<1>.zip\n",
        text,
    )
    if (globals_found, default_found, functions_found) != (1, 1, 3):
        sys.exit("archive.py: template.yaml is no longer written as this script reads it; fix released_template")
    return text


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    binaries, processor, folder = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    version = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(), flags=re.MULTILINE)[1]
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("object_created", "scheduled", "on_demand"):
        binary = binaries / name / "bootstrap"
        if not binary.is_file():
            sys.exit(f"archive.py: {binary} is missing; was the binary {name} built?")
        pack(binary, folder / f"insights-to-braze-{version}-{processor}-{name}.zip")
    template = released_template((ROOT / "template.yaml").read_text(), version, processor)
    (folder / f"template-{processor}.yaml").write_text(template)


if __name__ == "__main__":
    main()
