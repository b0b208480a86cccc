#!/usr/bin/env python3
"""Measures the spine, both sides of each comparison in one run.

    cargo build --release && benches/spine.py [--rounds 5] [--megabytes 1024]

Needs Python 3, curl and openssl (Debian packages python3, curl, openssl) and about five times the megabytes of free
disk. Everything runs in a temporary directory below --directory, on loopback. Times of actions come from the journal,
which notes them in milliseconds. ext4 makes files three times more slowly for minutes where thousands were removed before:
choose a --directory where that is not so. Quote ratios of one run; the absolute figures are those of the machine.

1. contoso: wall time and peak memory of `up --once examples/contoso` on an empty data directory.
2. tier: updates a second from one update point to the next, over the server-server protocol, stored durably.
3. pull: megabytes a second of a pull distribution point, verified and durable, beside `curl -o` and then
   `openssl dgst -sha256` of the same file from the same distribution point.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/headwater"
EXPORT = ROOT / "examples/wsus-export/WSUS-2024-06-19.cab"

SITE = """
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {{name: {name}}}
spec: {{siteCode: {code}, type: {type}, {parent}mode: Mixed, version: "2403", siteServer: {name}-srv}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: {name}-srv}}
spec: {{site: {name}, address: {name}-srv.bench.example, software: {{wsus: "10.0"}}}}
---
"""
POINT = """
apiVersion: headwater.dev/v1alpha1
kind: SoftwareUpdatePoint
metadata: {{name: {name}-active}}
spec: {{site: {name}, siteSystem: {name}-srv, role: Active{source}}}
---
"""
CONTENT = """
apiVersion: headwater.dev/v1alpha1
kind: PortSettings
metadata: {{name: content}}
spec: {{webSite: Custom, http: 8080}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: one}}
spec: {{site: top, address: one.bench.example}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: two}}
spec: {{site: top, address: two.bench.example}}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {{name: standard}}
spec: {{site: top, siteSystem: one, ports: content}}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {{name: pulling}}
spec: {{site: top, siteSystem: two, ports: content, pull: {{sources: [{{distributionPoint: standard}}]}}}}
---
apiVersion: headwater.dev/v1alpha1
kind: Package
metadata: {{name: large}}
spec: {{packageId: TOP00001, sourceVersion: {version}, source: {{path: {path}}}, distributeTo: {{distributionPoints: [{points}]}}}}
"""


def once(data, manifests):
    """Runs `up --once`; wall seconds and peak memory in megabytes. Begins with nothing left to write from before."""
    os.sync()
    started = time.monotonic()
    process = subprocess.Popen(
        [BINARY, "--data", data, "up", "--once", manifests], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    if status != 0:
        raise SystemExit(f"up --once failed:\n{said}")
    return wall, usage.ru_maxrss / 1024


def action_seconds(data, action):
    """How long the last done action took whose ID is like this, by the journal."""
    with sqlite3.connect(f"file:{data}/journal.db?mode=ro", uri=True) as journal:
        query = """SELECT finished_at - started_at FROM action WHERE outcome = 'done' AND id LIKE ?
            ORDER BY started_at DESC"""
        return journal.execute(query, (action,)).fetchone()[0] / 1000


def random_file(path, megabytes):
    """Makes a file that nothing can pack, and gives its SHA-256."""
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for _ in range(megabytes):
            block = os.urandom(1_000_000)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def content_manifests(directory, source, version=1, points=("standard", "pulling")):
    """A site whose two distribution points get what is in a directory."""
    manifests = fresh(directory, "manifests")
    text = SITE.format(name="top", code="TOP", type="Primary", parent="")
    text += CONTENT.format(path=source, version=version, points=", ".join(points))
    (manifests / "all.yaml").write_text(text)
    return manifests


def spread(values, unit):
    return f"{statistics.median(values):8.2f} {unit} median ({min(values):.2f} to {max(values):.2f})"


def fresh(directory, name):
    """A new directory each time, removed only at the end: file systems are slow after thousands of removals."""
    return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=directory))


def contoso(directory, rounds):
    runs = [once(fresh(directory, "contoso"), ROOT / "examples/contoso") for _ in range(rounds)]
    print(f"contoso, wall    {spread([wall for wall, _ in runs], 's')}")
    print(f"contoso, memory  {spread([memory for _, memory in runs], 'MB')}")


def tier(directory, rounds):
    manifests = fresh(directory, "tier-manifests")
    text = SITE.format(name="top", code="TOP", type="Central", parent="")
    text += SITE.format(name="low", code="LOW", type="Primary", parent="parent: top, ")
    text += POINT.format(name="top", source=f", source: {{type: Import, file: {EXPORT}}}")
    text += POINT.format(name="low", source="")
    (manifests / "all.yaml").write_text(text)
    speeds = []
    for _ in range(rounds):
        data = fresh(directory, "tier")
        once(data, manifests)
        speeds.append(4125 / action_seconds(data, "Synchronize:SoftwareUpdatePoint/low-active"))
    print(f"one tier         {spread(speeds, 'updates/s')}")


def pull(directory, rounds, megabytes):
    source = fresh(directory, "source")
    random_file(source / "large.bin", megabytes)
    manifests = content_manifests(directory, source)
    ours, peers = [], []
    for _ in range(rounds):
        data = fresh(directory, "pull")
        once(data, manifests)
        ours.append(megabytes / action_seconds(data, "DistributeContent:Package/large@TOP.1"))
        peers.append(megabytes / curl_and_openssl(directory, data, manifests))
        # The copies of one round fill the disk soon enough.
        shutil.rmtree(data)
    print(f"pull             {spread(ours, 'MB/s')}")
    print(f"curl, openssl    {spread(peers, 'MB/s')}")
    print(f"ratio            {spread([our / peer for our, peer in zip(ours, peers)], 'times')}")


def curl_and_openssl(directory, data, manifests):
    """Seconds that curl and then openssl take for the same file from the same distribution point."""
    up = subprocess.Popen(
        [BINARY, "--data", data, "up", "--every", "1h", manifests], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        target = directory / "by-curl.bin"
        target.unlink(missing_ok=True)
        url = f"{serving(data)}/content/TOP00001/large.bin"
        os.sync()
        started = time.monotonic()
        subprocess.run(["curl", "-sSf", "-o", target, url], check=True)
        subprocess.run(["openssl", "dgst", "-sha256", target], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait()


def serving(data):
    """Where the standard distribution point serves, once it does."""
    for _ in range(100):
        command = [BINARY, "--data", data, "status", "--output", "json"]
        status = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        host_is_up = (pathlib.Path(data) / "host").read_text().startswith("up ")
        for point in status["distributionPoints"]:
            if point["name"] == "standard" and "open" in point["listener"] and host_is_up:
                return "http://" + point["listener"]["open"]
        time.sleep(0.1)
    raise SystemExit("the distribution point did not come up")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--megabytes", type=int, default=1024, help="size of the file that is pulled")
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        directory = pathlib.Path(directory)
        contoso(directory, given.rounds)
        tier(directory, given.rounds)
        pull(directory, given.rounds, given.megabytes)


if __name__ == "__main__":
    main()
