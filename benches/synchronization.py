#!/usr/bin/env python3
"""Measures synchronization from tier to tier, between processes: one site with its update point in each.

    cargo build --release && benches/synchronization.py [--rounds 3] [--updates 100000] [--tiers 4]

The catalog at the top is synthetic (`benches/catalog/synthetic.rs`), and made anew for each round. Everything runs in a
temporary directory below --directory, on loopback addresses of a network namespace of its own where it is run by root.

1. tier: updates a second from one point to the next, durable, indexed and searchable; processor time of both processes for
   each update; peak of memory of the lower one for each update; beside a plain bulk insert of the same rows into SQLite.
2. tiers: the same through several tiers, each of which begins when its parent is done; and with
   `synchronization: Pipelined`, where what a point has stored flows on at once.
3. unchanged: the next run, and what goes over the network for it; and the one after 1,000 updates have come to the top.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.request

from processes import Server, alone, peak_megabytes, processor_seconds, spread, warm
from spine import BINARY, ROOT, fresh

CHANGED = 1_000

SITE = """
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {{name: tier{number}}}
spec: {{siteCode: T0{number}, type: {type}, {parent}{order}mode: Mixed, version: "2403", siteServer: server{number}}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: server{number}}}
spec:
  site: tier{number}
  address: 127.0.0.{ip}
  placement: Remote
  agent: {{url: "http://127.0.0.{ip}:8550"}}
  software: {{wsus: "10.0"}}
---
apiVersion: headwater.dev/v1alpha1
kind: SoftwareUpdatePoint
metadata: {{name: point{number}}}
spec: {{site: tier{number}, siteSystem: server{number}, role: Active{source}}}
---
"""


def bench_binary():
    """The program that makes synthetic catalogs."""
    command = ["cargo", "bench", "-q", "--bench", "catalog", "--no-run", "--message-format", "json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    built = [json.loads(line).get("executable") for line in lines if '"name":"catalog"' in line]
    return next(path for path in built if path)


class Tier(Server):
    """A site system as a process."""

    def __init__(self, chain, number):
        self.ip = f"127.0.0.{20 + number}"
        self.data = chain.directory / f"tier{number}"
        command = [BINARY, "--data", self.data, "agent", "--name", f"server{number}", "--listen", f"{self.ip}:8550"]
        command += ["--token-file", chain.data / "admin-token"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.process.stderr.readline()

    def synchronize(self, chain):
        """Has it synchronize, as its controller would."""
        token = {"Authorization": f"Bearer {(chain.data / 'admin-token').read_text()}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{self.ip}:8550/v1/commands", b'"synchronizeUpdatePoint"', token)
        with urllib.request.urlopen(request) as answer:
            said = answer.read().decode()
        if '"Synchronized"' not in said and "synchronized" not in said:
            raise SystemExit(f"it did not synchronize: {said}")

    def catalog(self):
        return next(self.data.rglob("catalog.db"))


class Chain:
    """Tiers, one below the other."""

    def __init__(self, directory, filled):
        self.directory, self.filled = fresh(directory, "chain"), filled
        self.data, self.manifests = self.directory / "data", self.directory / "manifests"
        self.data.mkdir(mode=0o700)
        self.manifests.mkdir()
        (self.data / "admin-token").write_text(os.urandom(32).hex())
        (self.data / "admin-token").chmod(0o600)

    def top(self):
        """The first tier, with the synthetic catalog."""
        with Tier(self, 1) as tier:
            self.apply(1)
            catalog = tier.catalog()
        for suffix in ("-wal", "-shm"):
            pathlib.Path(f"{catalog}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.filled, catalog)
        return Tier(self, 1)

    def apply(self, tiers, order="TierByTier"):
        text = ""
        for number in range(1, tiers + 1):
            kind = "Central" if number == 1 else "Secondary" if number == 4 else "Primary"
            parent = "" if number == 1 else f"parent: tier{number - 1}, "
            source = ", source: {type: None}" if number == 1 else ""
            flow = "" if number == 1 else f"synchronization: {order}, "
            text += SITE.format(number=number, type=kind, parent=parent, order=flow, source=source, ip=20 + number)
        (self.manifests / "all.yaml").write_text(text)
        command = [BINARY, "--data", self.data, "up", "--once", self.manifests]
        started = time.monotonic()
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            raise SystemExit(f"up --once failed:\n{ran.stdout}{ran.stderr}")
        return time.monotonic() - started

    def window(self, first, last):
        """When the synchronizations of these points began and ended, in seconds since 1970."""
        with sqlite3.connect(f"file:{self.data}/journal.db?mode=ro", uri=True) as journal:
            query = """SELECT min(started_at), max(finished_at) FROM action WHERE outcome = 'done'
                AND id IN (?, ?)"""
            ids = [f"Synchronize:SoftwareUpdatePoint/point{number}" for number in (first, last)]
            began, ended = journal.execute(query, ids).fetchone()
        return began / 1000, ended / 1000


class Watch:
    """Processor time of processes, looked at all the while, so that what began before counts for nothing."""

    def __init__(self, *processes):
        self.processes, self.seen, self.over = processes, [], threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.02):
            self.seen.append((time.time(), sum(processor_seconds(it.pid) for it in self.processes)))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def between(self, window):
        began, ended = (min(self.seen, key=lambda it: abs(it[0] - at))[1] for at in window)
        return ended - began


def on_loopback():
    """Bytes that went over the loopback interface so far, of everybody in this network namespace."""
    for line in pathlib.Path("/proc/self/net/dev").read_text().splitlines():
        if line.strip().startswith("lo:"):
            return int(line.split()[1])
    return 0


def whole_chain(directory, filled, tiers, order):
    """Seconds from the first synchronization below the top to the end of the last one."""
    chain = Chain(directory, filled)
    with chain.top():
        lower = [Tier(chain, number) for number in range(2, tiers + 1)]
        try:
            chain.apply(tiers, order)
            began, ended = chain.window(2, tiers)
        finally:
            for tier in lower:
                tier.__exit__()
    shutil.rmtree(chain.directory)
    return ended - began


def measure(directory, rounds, updates, tiers):
    bench = bench_binary()
    filled = directory / "filled.db"
    subprocess.run([bench, "fill", filled, str(updates)], check=True)
    for suffix in ("-wal", "-shm"):
        pathlib.Path(f"{filled}{suffix}").unlink(missing_ok=True)
    said = subprocess.run([bench, str(updates)], check=True, capture_output=True, text=True).stdout
    print(said, end="")
    total = int(re.search(r"^(\d+) revisions", said).group(1))
    plain = 1e6 / float(re.search(r"plain bulk insert +([\d.]+) us", said).group(1))
    rates, costs, memory, unchanged, sent, changed, serial, pipelined = ([] for _ in range(8))
    for _ in range(rounds):
        chain = Chain(directory, filled)
        with chain.top() as top, Tier(chain, 2) as second:
            with Watch(top, second) as watch:
                chain.apply(2)
            window = chain.window(2, 2)
            rates.append(total / (window[1] - window[0]))
            costs.append(watch.between(window) * 1e6 / total)
            memory.append(peak_megabytes(second.pid) * 1024 * 1024 / total)
            began, before = time.monotonic(), on_loopback()
            second.synchronize(chain)
            unchanged.append(time.monotonic() - began)
            sent.append((on_loopback() - before) / 1024)
            top.__exit__()
            subprocess.run([bench, "more", top.catalog(), str(updates), str(CHANGED)], check=True)
            with Tier(chain, 1):
                began = time.monotonic()
                second.synchronize(chain)
                changed.append(time.monotonic() - began)
        shutil.rmtree(chain.directory)
        if tiers > 2:
            serial.append(whole_chain(directory, filled, tiers, "TierByTier"))
            pipelined.append(whole_chain(directory, filled, tiers, "Pipelined"))
    print(f"one tier                {spread(rates, 'updates/s')}   {max(rates) / plain:.2f} of a plain bulk insert")
    print(f"  processor time        {spread(costs, 'us an update')}")
    print(f"  peak of memory        {spread(memory, 'bytes an update')}")
    print(f"unchanged, the next run {spread(unchanged, 's')}")
    print(f"  over the network      {spread(sent, 'KiB')}, with the rollup and the command")
    print(f"{CHANGED} more, the next run {spread(changed, 's')}")
    if serial:
        ratio = min(serial) * max(rates) / total
        print(f"{tiers - 1} tiers one by one       {spread(serial, 's')}   {ratio:.2f} times one tier")
        print(f"{tiers - 1} tiers at once          {spread(pipelined, 's')}   {min(pipelined) / min(serial):.2f} of that")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=100_000)
    parser.add_argument("--tiers", type=int, default=4)
    parser.add_argument("--directory", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    alone()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="headwater-bench-", dir=arguments.directory))
    try:
        warm(directory)
        measure(directory, arguments.rounds, arguments.updates, arguments.tiers)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
