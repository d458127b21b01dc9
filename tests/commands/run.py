"""Runs every documented command, or lists why it is not run (table.toml); fails on one that is neither.

usage: run.py ITB [list]     ITB is the built program; `list` prints the table's answer for each command and runs nothing

Run by tests/commands/check, whose environment has sam, cargo-lambda, aws and zsh.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from documented import ROOT, configurations, documented

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "commands"
TABLE = tomllib.loads((HERE / "table.toml").read_text())["entry"]
# Pages about a deployed stack in the order in which a person would read them.
DEPLOYMENT = ("docs/deploy.md", "docs/operate.md", "docs/on-call.md", "docs/ja/on-call.md", "docs/state.md")


def treated(itb):
    """Each documented command with its page and what the table says; unknown ones and idle entries end the run."""
    seen, found, used, unknown = {}, [], set(), []
    for page, command in documented(itb):
        seen[page, command] = nth = seen.get((page, command), 0) + 1
        for index, entry in enumerate(TABLE):
            first = entry.get("page", "") in page and re.search(entry["match"], command)
            if first and entry.get("nth", nth) == nth:
                used.add(index)
                found.append((page, command, entry))
                break
        else:
            unknown.append(f"{page}: {command}")
    idle = [entry["match"] for index, entry in enumerate(TABLE) if index not in used]
    for line in unknown:
        print(f"neither run nor listed in tests/commands/table.toml: {line}")
    for line in idle:
        print(f"tests/commands/table.toml: nothing documented fits {line}")
    if unknown or idle:
        sys.exit(1)
    return found


def replaced(command, entry):
    pairs = entry.get("replace", [])
    for old, new in zip(pairs[::2], pairs[1::2]):
        command = command.replace(old, new)
    return command


def session(commands):
    """A bash script that runs the commands one after another and stops at the first that does not do what it should."""
    quote = shlex.quote
    lines = [
        f". {quote(str(HERE / 'scenario.sh'))}",
        'run() { eval "$2" < <(printf "$3") > "$OUT" 2>&1; code=$?; cat "$OUT"; [ $code = 0 ] || fail "$1 ended with $code"; }',
        'also() { eval "$1" || fail "$1"; }',
        'fail() { echo "FAILED: $1"; exit 1; }',
    ]
    for page, command, entry in commands:
        if "before" in entry:
            lines.append(f"also {quote(entry['before'])}")
        lines.append(f"printf '%s\\n' {quote(f'== {page} $ {command}')}")
        lines.append(f"run {quote(command)} {quote(replaced(command, entry))} {quote(entry.get('input', ''))}")
        if "expect" in entry:
            lines.append(f"tr -d ' ' < \"$OUT\" | grep -Eqz {quote(entry['expect'])} || fail {quote('expected ' + entry['expect'])}")
        if "after" in entry:
            lines.append(f"also {quote(entry['after'])}")
    return "\n".join(lines) + "\n"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def started(command, port, environment):
    """A server, once something listens on its port."""
    log = (FOLDER / f"{Path(command[1]).stem}.log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"{command[1]} did not start: see {log.name}")


def copies():
    """A clone to work in, and the repository that it pulls from; both of the files as they are here."""
    upstream, clone = FOLDER / "upstream", FOLDER / "clone"
    for folder in (upstream, clone):
        shutil.rmtree(folder, ignore_errors=True)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.jp", "-c", "advice.detachedHead=false"]
    subprocess.run([*git, "clone", "-q", ROOT, upstream], check=True)
    changed = subprocess.run([*git, "ls-files", "-mo", "--exclude-standard", "--deduplicate"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in changed.stdout.splitlines():
        if (ROOT / name).is_file():
            (upstream / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, upstream / name)
    subprocess.run([*git, "checkout", "-q", "-B", "main"], cwd=upstream, check=True)
    subprocess.run([*git, "add", "-A"], cwd=upstream, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "The files as they are"], cwd=upstream, check=True)
    subprocess.run([*git, "clone", "-q", upstream, clone], check=True)
    return upstream, clone


def build_quickly():
    """Settings of Cargo above the clone: what the tests need to be fast is only needed to run here."""
    packages = tomllib.loads((ROOT / "Cargo.toml").read_text())["profile"]["dev"]["package"]
    lines = ["[profile.dev]", "opt-level = 0", "debug = false", "incremental = false"]
    for name in packages:
        lines += [f'[profile.dev.package."{name}"]', "opt-level = 0"]
    (FOLDER / ".cargo").mkdir(exist_ok=True)
    (FOLDER / ".cargo/config.toml").write_text("\n".join(lines) + "\n")


def prepare_local(folder, host):
    """A folder for the program: exports.toml, and an export of Customer Insights in the home folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for place in ("BlobExport", ".local/share/bash-completion/completions", ".config/fish/completions"):
        (folder / place).mkdir(parents=True)
    text = configurations("docs/deploy.md")[-1].replace("rest.fra-01.braze.eu", host)
    (folder / "exports.toml").write_text(text)
    for segment, people in (("HighValueCustomers", range(1, 40)), ("ChurnRisk", range(20, 30))):
        file = folder / "BlobExport" / segment / "2026/11/23/0102" / f"{segment}_1.csv"
        file.parent.mkdir(parents=True)
        file.write_text("LoyaltyId,EMail\n" + "".join(f"L-{n:06},customer{n}@example.jp\n" for n in people))


def run_itb(commands, itb, environment, host):
    """Each command of the program in bash, zsh and sh."""
    for shell in ("bash", "zsh", "sh"):
        folder = FOLDER / f"itb-{shell}"
        prepare_local(folder, host)
        own = {**environment, "HOME": str(folder), "BRAZE_API_KEY": "documented-key", "AWS_CONFIG_FILE": str(FOLDER / "aws-config")}
        for page, command, entry in commands:
            if shell not in entry.get("shells", [shell]):
                continue
            text = replaced(command, entry)
            done = subprocess.run([shell, "-c", text], cwd=folder, env=own, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            print(f"== {shell}: {page} $ {command}\n" + "\n".join(done.stdout.splitlines()[:4]), flush=True)
            if done.returncode not in entry.get("codes", [0]):
                sys.exit(f"{shell}: {text}\nended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    completed = {
        "bash": 'eval "$(itb completions bash)" && complete -p itb && COMP_WORDS=(itb de) COMP_CWORD=1 && _itb itb de itb && echo "${COMPREPLY[@]}" | grep -x "demo deliver"',
        "zsh": 'autoload -U compinit && compinit -u -D && eval "$(itb completions zsh)" && [[ -n ${_comps[itb]} ]] && echo "zsh completes itb with ${_comps[itb]}"',
        "sh": "itb --version",
    }
    for shell, text in completed.items():
        done = subprocess.run([shell, "-c", text], cwd=FOLDER, env=environment, capture_output=True, text=True)
        print(f"== {shell} $ {text}\n{done.stdout}{done.stderr}", flush=True)
        if done.returncode != 0:
            sys.exit(f"{shell}: itb is not completed")


def main():
    itb = Path(sys.argv[1]).resolve()
    commands = treated(itb)
    listed = [(page, command, entry["not_run"]) for page, command, entry in commands if "not_run" in entry]
    deployment = [c for page in DEPLOYMENT for c in commands if c[0] == page and c[2].get("run") == "deployment"]
    program = list({replaced(c[1], c[2]): c for c in commands if c[2].get("run") == "itb"}.values())
    lost = [c for c in commands if c[2].get("run") == "deployment" and c[0] not in DEPLOYMENT]
    if lost:
        sys.exit(f"commands of the deployed stack on another page than {DEPLOYMENT}: {lost}")
    for page, command, reason in listed:
        print(f"not run: {page} $ {command.splitlines()[0]}  ({reason})")
    print(f"{len(commands)} documented commands: {len(deployment)} run on the stack, {len(program)} different ones of itb in three shells, {len(listed)} not run", flush=True)
    if sys.argv[2:] == ["list"]:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    aws, braze = free_port(), free_port()
    host = f"http://127.0.0.1:{braze}"
    endpoint = f"http://127.0.0.1:{aws}"
    bin_folder = FOLDER / "bin"
    bin_folder.mkdir(exist_ok=True)
    (bin_folder / "itb").unlink(missing_ok=True)
    (bin_folder / "itb").symlink_to(itb)
    # Debian's version 2 of the AWS CLI is older than the variable AWS_ENDPOINT_URL.
    (bin_folder / "aws").write_text(f'#!/bin/sh\nexec {os.environ["AWS_CLI"]} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
    (bin_folder / "aws").chmod(0o755)
    (FOLDER / "aws-config").write_text("[profile marketing]\nregion = eu-central-1\naws_access_key_id = test\naws_secret_access_key = test\n")
    environment = {
        **os.environ, "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1", "AWS_PAGER": "", "SAM_CLI_TELEMETRY": "0", "SAM_BUILD_MODE": "debug",
        "CARGO_TARGET_DIR": str(FOLDER / "build"), "PATH": f"{bin_folder}:{os.environ['SAM_BIN']}:{os.environ['PATH']}",
        "OUT": str(FOLDER / "output"), "CONFIGURATIONS": str(FOLDER),
    }
    for number, text in enumerate(configurations("docs/deploy.md"), 1):
        # Nobody waits for half an hour of quiet here.
        text = text.replace("rest.fra-01.braze.eu", host).replace("folder =", "settle_minutes = 0\nfolder =")
        (FOLDER / f"{number}.toml").write_text(text)
    build_quickly()
    upstream, clone = copies()
    emulated = {**environment, "AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(aws), "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0",
                "MINISTACK_REGION": "eu-central-1"}
    servers = []
    try:
        servers.append(started([sys.executable, HERE / "braze.py", str(braze)], braze, environment))
        servers.append(started([os.environ["EMULATOR_PYTHON"], HERE / "emulator.py"], aws, emulated))
        script = FOLDER / "session.sh"
        script.write_text(session(deployment) + 'printf "%s\\n" "$BUCKET" "$SECRET" > "$CONFIGURATIONS/names"\n')
        done = subprocess.run(["bash", script], cwd=clone, env={**environment, "UPSTREAM": str(upstream)}, start_new_session=True,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            sys.exit(f"the session on the stack ended with {done.returncode}; the emulator's log is in {FOLDER}")
        environment["BUCKET"], environment["SECRET"] = (FOLDER / "names").read_text().split()
        run_itb(program, itb, environment, host)
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGTERM)
    print("every documented command is run or listed")


if __name__ == "__main__":
    main()
