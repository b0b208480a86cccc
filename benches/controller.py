#!/usr/bin/env python3
"""Measures `headwater controller`: what it takes to hear of a change, and what it costs while nothing changes.

    cargo build --release && benches/controller.py [--points 3000] [--rounds 5] [--idle 120] [--every 30s]

Needs Python 3 and git (Debian packages python3, git). Everything runs in a temporary directory below --directory, on
loopback. Times of actions come from the journal, which notes them in milliseconds.

1. commit: seconds from `git commit` to the first action that follows from it, with --every 1s: what is left when nobody
   waits for the interval.
2. drift: seconds from the moment a site system is gone to the first action that brings it back, with --every 1s.
3. idle: processor seconds an hour and memory of a controller over as many distribution points as --points says, each on a
   site system of its own, all in its process, with --every as given; what is measured goes on for --idle seconds. A point
   keeps up to six files open, so that 3,000 are what a limit of 20,000 allows.
"""

import argparse
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

from spine import BINARY, fresh, spread

TICKS = os.sysconf("SC_CLK_TCK")

SITE = """
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {name: top}
spec: {siteCode: TOP, type: Primary, mode: Mixed, version: "2403", siteServer: server}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: server}
spec: {site: top, address: server.bench.example}
---
apiVersion: headwater.dev/v1alpha1
kind: PortSettings
metadata: {name: content}
spec: {webSite: Custom, http: 8080}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: standard}
spec: {site: top, address: standard.bench.example}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {name: standard}
spec: {site: top, siteSystem: standard, ports: content}
"""
POINT = """---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: point-{number}}}
spec: {{site: top, address: point-{number}.bench.example}}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {{name: point-{number}}}
spec: {{site: top, siteSystem: point-{number}, ports: content, pull: {{sources: [{{distributionPoint: standard}}]}}}}
"""


class Repository:
    """Manifests under git."""

    def __init__(self, directory, points):
        self.directory = fresh(directory, "repository")
        self.git("init", "--quiet", "--initial-branch=main")
        (self.directory / "all.yaml").write_text(SITE + "".join(POINT.format(number=it) for it in range(points)))
        self.commit()

    def git(self, *arguments):
        name = ["-c", "user.name=Ada", "-c", "user.email=ada@contoso.example"]
        subprocess.run(["git", *name, *arguments], cwd=self.directory, check=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=a change")


class Controller:
    """A controller that follows a repository."""

    def __init__(self, directory, repository, every):
        self.data = fresh(directory, "data")
        command = [BINARY, "--data", self.data, "controller", "--source", f"git+file://{repository.directory}", "--every", every]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()

    def converged(self):
        """Waits until it says that everything is as the manifests say."""
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "The hierarchy is as the manifests say." in line or "Nothing to do" in line:
                return
        raise SystemExit("the controller ended:\n" + "".join(said[-20:]))

    def first_action_since(self, moment):
        """Seconds from a moment, of the clock, to the next action that begins, by the journal."""
        query = "SELECT min(started_at) FROM action WHERE started_at >= ?"
        while True:
            with sqlite3.connect(f"file:{self.data}/journal.db?mode=ro", uri=True) as journal:
                began = journal.execute(query, (int(moment * 1000),)).fetchone()[0]
            if began is not None:
                return began / 1000 - moment
            time.sleep(0.05)

    def processor_seconds(self):
        """What it has computed, with the programs that it has run."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(int(it) for it in fields[11:15]) / TICKS

    def megabytes(self, what):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) / 1024

    def remove(self, system):
        """Takes a site system away behind its back."""
        host = (self.data / "host").read_text().split()[1]
        request = urllib.request.Request(f"{host}/v1/site-systems/{system}", method="DELETE")
        request.add_header("authorization", f"Bearer {(self.data / 'admin-token').read_text().strip()}")
        with urllib.request.urlopen(request, timeout=60):
            pass


def hearing(directory, rounds):
    repository = Repository(directory, 3)
    commits, drifts = [], []
    with Controller(directory, repository, "1s") as controller:
        controller.converged()
        for number in range(3, 3 + rounds):
            with open(repository.directory / "all.yaml", "a") as manifests:
                manifests.write(POINT.format(number=number))
            repository.commit()
            commits.append(controller.first_action_since(time.time()))
            controller.converged()
            moment = time.time()
            controller.remove(f"point-{number}")
            drifts.append(controller.first_action_since(moment))
            controller.converged()
    print(f"commit to action {spread(commits, 's')}")
    print(f"drift to action  {spread(drifts, 's')}")


def idle(directory, points, every, seconds):
    repository = Repository(directory, points)
    began = time.monotonic()
    with Controller(directory, repository, every) as controller:
        controller.converged()
        print(f"{points} points made in {time.monotonic() - began:.1f} s, {controller.processor_seconds():.1f} s computed")
        time.sleep(5)
        before, moment = controller.processor_seconds(), time.monotonic()
        time.sleep(seconds)
        computed, passed = controller.processor_seconds() - before, time.monotonic() - moment
        print(f"idle, --every {every}: {computed / passed * 3600:8.1f} processor seconds an hour")
        print(f"memory           {controller.megabytes('VmRSS'):8.1f} MB, at most {controller.megabytes('VmHWM'):.1f} MB")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--points", type=int, default=3000, help="distribution points of the controller that is idle")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--idle", type=int, default=120, help="seconds that are measured")
    arguments.add_argument("--every", default="30s", help="how often the controller that is idle looks")
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        directory = pathlib.Path(directory)
        hearing(directory, given.rounds)
        idle(directory, given.points, given.every, given.idle)


if __name__ == "__main__":
    main()
