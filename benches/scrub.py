#!/usr/bin/env python3
"""Measures the validation of content, and the repair of what it finds.

    cargo build --release && benches/scrub.py [--rounds 5] [--megabytes 4096]

`headwater content validate` on one processor beside `sha256sum` on one, and on all beside itself on one, over the same two
large files; then the repair of one flipped byte beside the pull of everything: its seconds, by the journal, and the bytes
on the loopback interface meanwhile, which count whatever else there is: the machine has to be quiet.

Needs Python 3 and about four times the megabytes of free disk below --directory.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

from processes import report, timed
from spine import BINARY, action_seconds, content_manifests, fresh, once, random_file


def loopback_bytes():
    [line] = [it for it in pathlib.Path("/proc/net/dev").read_text().splitlines() if it.strip().startswith("lo:")]
    return int(line.split(":")[1].split()[8])


def validated(data, prefix=()):
    """What a validation of the pull point has found."""
    command = [*prefix, BINARY, "--data", data, "content", "validate", "pulling", "--output", "json"]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if said.returncode > 1 or not said.stdout:
        raise SystemExit(f"content validate failed:\n{said.stderr}")
    return json.loads(said.stdout)["libraries"][0]["findings"]


def scrub(directory, rounds, megabytes):
    source = fresh(directory, "source")
    for name in ("a.bin", "b.bin"):
        random_file(source / name, megabytes // 2)
    manifests, data = content_manifests(directory, source), fresh(directory, "scrub")
    once(data, manifests)
    pull = action_seconds(data, "DistributeContent:Package/large@TOP.1")
    library = data / "site-systems/two/distribution-point/library/files"
    files = sorted(it for it in library.rglob("*") if it.is_file())
    rate = lambda found: found["bytes"] / found["milliseconds"] / 1000
    one, all_of_them, theirs, moved, seconds = [], [], [], [], []
    for _ in range(rounds):
        subprocess.run(["cat", *files], check=True, stdout=subprocess.DEVNULL)
        one.append(rate(validated(data, ["taskset", "-c", "0"])))
        theirs.append(megabytes // 2 * 2 / timed(["taskset", "-c", "0", "sha256sum", *files]))
        all_of_them.append(rate(validated(data)))
        large = next(it for it in files if it.stat().st_size > 0)
        with open(large, "r+b") as file:
            file.seek(large.stat().st_size // 3)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        if validated(data)["damaged"] != 1:
            raise SystemExit("the flipped byte was not found")
        before = loopback_bytes()
        once(data, manifests)
        moved.append((loopback_bytes() - before) / (1 << 20))
        seconds.append(action_seconds(data, "DistributeContent:Package/large@TOP.1.repair"))
        if validated(data)["damaged"] != 0 or not large.exists():
            raise SystemExit("the flipped byte was not repaired")
    report(f"validate {megabytes} MB, one core", "MB/s", one, {"sha256sum, one core": theirs})
    report("validate, all cores", "MB/s", all_of_them, {"validate, one core": one})
    report("repair of one byte", "seconds", seconds, {"pull of everything": [pull]})
    report("  moved", "MiB", moved)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--megabytes", type=int, default=4096, help="size of the content")
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        scrub(pathlib.Path(directory), given.rounds, given.megabytes)


if __name__ == "__main__":
    main()
