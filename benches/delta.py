#!/usr/bin/env python3
"""Measures what a new version of a package costs that holds one large, deflate-packed file.

    cargo build --release && benches/delta.py [--rounds 3] [--rates 2,20,200] [--only cmake,ruff,sympy]

Needs Python 3 with pip, and the Debian packages rsync, iproute2 and util-linux (`unshare`); root, for a network namespace.
The pairs come from PyPI: two versions of a wheel with programs (cmake, packed by zlib), one by another compressor (ruff,
packed by miniz_oxide), and one of text (sympy). Everything runs in a temporary directory below --directory.

bytes  The patch that our site server makes, beside the whole file (which file-level delta sends) and what `rsync` sends
       (`--stats`, no -z: the files are packed).
time   `up --once` with the first version, then a standard point gets the second one, then a pull point pulls it over a
       loopback of so many megabits a second (`tc tbf`), timed by the journal. `auto` is what the product chooses; `full`
       the same without the patch at its source, which is what file-level delta does. What `patch` takes where it was not
       chosen is reckoned: its bytes at that rate, and the work of the slowest rate.
"""

import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from spine import BINARY, action_seconds, content_manifests, fresh, once

PAIRS = {"cmake": ("4.0.2", "4.0.3"), "ruff": ("0.11.12", "0.11.13"), "sympy": ("1.13.2", "1.13.3")}


def download(directory, name, version):
    target = directory / f"{name}-{version}"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", target, f"{name}=={version}"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return next(target.glob("*.whl"))


def by_rsync(directory, old, new):
    """Bytes that rsync moves, in both directions, between two processes."""
    target = fresh(directory, "rsync") / "file"
    shutil.copy(old, target)
    command = ["rsync", "--no-whole-file", "--ignore-times", "--stats", new, target]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    moved = [re.search(rf"Total bytes {way}: ([\d,]+)", said).group(1) for way in ("sent", "received")]
    return sum(int(number.replace(",", "")) for number in moved)


def shape(megabits):
    subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], stderr=subprocess.DEVNULL)
    if megabits:
        command = f"tc qdisc add dev lo root tbf rate {megabits}mbit burst 128kb latency 200ms"
        subprocess.run(command.split(), check=True)


class Pair:
    """Both versions as a package."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.old, self.new = [download(directory, name, version) for version in PAIRS[name]]
        self.sources = []
        for file in (self.old, self.new):
            source = fresh(directory, "source")
            shutil.copy(file, source / f"{name}.whl")
            self.sources.append(source)
        # What every round begins with: the first version everywhere, the second one at the standard point.
        self.prepared = fresh(directory, "data") / "data"
        shape(None)
        once(self.prepared, content_manifests(directory, self.sources[0], 1, ["standard", "pulling"]))
        # It ends with an error: the pull point keeps what it has, for nobody confirms that it goes.
        command = [BINARY, "--data", self.prepared, "up", "--once", content_manifests(directory, self.sources[1], 2, ["standard"])]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.patches = self.prepared / "site-systems/one/distribution-point/library/patches"
        found = [path.stat().st_size for path in self.patches.glob("*/*")]
        self.patch = found[0] if found else None
        self.full = self.new.stat().st_size

    def pull(self, megabits, with_patch):
        """Seconds, and whether the patch was taken."""
        data = self.prepared.parent / "round"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.prepared, data)
        if not with_patch:
            for path in data.glob("site-systems/one/distribution-point/library/patches/*"):
                shutil.rmtree(path)
        shape(megabits)
        try:
            once(data, content_manifests(self.directory, self.sources[1], 2, ["standard", "pulling"]))
        finally:
            shape(None)
        log = (data / "site-systems/two/distribution-point/logs/PullDP.log").read_text()
        return action_seconds(data, "%Content:Package/large@TOP.%"), "bytes saved" in log


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--rates", default="2,20,200", help="megabits a second")
    arguments.add_argument("--only", default="cmake,ruff,sympy")
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    names = given.only.split(",")
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        directory = pathlib.Path(directory)
        if os.environ.get("HEADWATER_DELTA") != "inside":
            # pip needs the network, which the namespace has not.
            for name in names:
                for version in PAIRS[name]:
                    download(directory, name, version)
            cached = {**os.environ, "HEADWATER_DELTA": "inside", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": links(directory, names)}
            raise SystemExit(subprocess.run(["unshare", "-n", sys.executable, *sys.argv], env=cached).returncode)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        measure(directory, names, [int(rate) for rate in given.rates.split(",")], given.rounds)


def links(directory, names):
    return " ".join(str(directory / f"{name}-{version}") for name in names for version in PAIRS[name])


def measure(directory, names, rates, rounds):
    missed, sums = False, [0, 0]
    for name in names:
        pair = Pair(directory, name)
        patch = pair.patch or pair.full
        moved = by_rsync(directory, pair.old, pair.new)
        sums = [sums[0] + patch, sums[1] + pair.full]
        missed |= patch > pair.full / 2
        print(f"{name:6}  full {pair.full:9}  patch {patch:9} ({patch / pair.full:.3f})  rsync {moved:9} ({moved / pair.full:.3f})", flush=True)
        work = 0.0
        for rate in rates:
            auto, full, chosen = [], [], False
            for _ in range(rounds):
                seconds, patched = pair.pull(rate, True)
                auto.append(seconds)
                chosen |= patched
                full.append(pair.pull(rate, False)[0])
            auto, full = statistics.median(auto), statistics.median(full)
            sent = patch * 8 / 1e6 / rate
            if chosen and not work:
                work = max(auto - sent, 0)
            better = min(full, sent + work)
            missed |= auto > 1.05 * better
            way = "patch" if chosen else "whole"
            print(
                f"        {rate:4} Mbit/s  auto {auto:7.2f} s ({way})  full {full:7.2f} s  patch {sent + work:7.2f} s  "
                f"auto/better {auto / better:.3f}",
                flush=True,
            )
    print(f"sum     {sums[0] / sums[1]:.3f} of the bytes (at most 0.35, each at most 0.5)")
    missed |= sums[0] > 0.35 * sums[1]
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
