#!/usr/bin/env python3
"""Compares what `headwater simulate` says with what happens, on lines of 20 to 200 Mbit/s.

    cargo build --release && benches/what_if.py [--rounds 3] [--megabytes 256] [--files 1] [--server 1000]

Needs Python 3, root for network namespaces, and the Debian packages iproute2 (`ip`, `tc`) and util-linux (`chrt`). 13
computers in five sites: the controller with the site server at the top, and 12 distribution points, each an agent that has
joined as on a computer of its own. Two are sent to, the others pull: some one behind the other, some side by side from one
source; some take what is still coming, some wait until it is there. A package of so many MiB is published, brought
everywhere, and watched:

time   From the start of the run, by the journal, until the last point has the package, by what the points themselves
       write down when it is there; at most 5 % off.
bytes  Over each direction of each line, by the counters of its cards: whole frames, with all that is said beside content
       (who commands whom, and what is asked); at most 1 % off. Where nothing but acknowledgements goes back, nothing is
       predicted, and what went is shown.

Ends with 1 if one of the two is missed: the median of the times, or any of the bytes. With --server 200 the line of the
site server is full too while it sends.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from lines import Lines
from processes import processor_seconds, warm
from spine import BINARY, fresh

ID = "CEN00001"
# Megabits a second of the line that each distribution point is behind, in its site: `network` of the scenario.
CARD = 200
# Site, type, the site above it, and megabits a second of the line to that one.
SITES = [
    ("CEN", "Central", None, None),
    ("AMS", "Primary", "CEN", 100),
    ("SEA", "Primary", "CEN", 50),
    ("LIS", "Secondary", "AMS", 20),
    ("OSL", "Secondary", "AMS", 40),
]
# Distribution point, whether it serves what is still coming, and the sources it pulls from; none: it is sent to.
POINTS = [
    ("cen-dp1", False, []),
    ("cen-dp2", False, ["cen-dp1"]),
    ("ams-dp1", False, []),
    ("ams-dp2", True, ["ams-dp1"]),
    ("ams-dp3", False, ["ams-dp2", "ams-dp1"]),
    ("sea-dp1", True, ["cen-dp1"]),
    ("sea-dp2", True, ["sea-dp1", "cen-dp1"]),
    ("sea-dp3", False, ["sea-dp2", "sea-dp1"]),
    ("lis-dp1", False, ["ams-dp1"]),
    ("lis-dp2", False, ["lis-dp1"]),
    ("osl-dp1", False, ["ams-dp1"]),
    ("osl-dp2", False, ["ams-dp1"]),
]

SITE = """---
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {{name: {name}}}
spec: {{siteCode: {code}, type: {type}, {parent}mode: Mixed, version: "2403", siteServer: {name}-srv}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: {name}-srv}}
spec: {{site: {name}, address: {name}-srv.bench.example}}
"""
POINT = """---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: {name}}}
spec: {{site: {site}, address: {ip}, placement: Remote, agent: {{url: "https://{ip}:8550"}}}}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {{name: {name}}}
spec: {{site: {site}, siteSystem: {name}, ports: content{pull}}}
"""
PORTS = """---
apiVersion: headwater.dev/v1alpha1
kind: PortSettings
metadata: {name: content}
spec: {webSite: Custom, http: 8080}
"""
PACKAGE = """---
apiVersion: headwater.dev/v1alpha1
kind: Package
metadata: {{name: package}}
spec: {{packageId: {id}, source: {{path: {path}}}, distributeTo: {{distributionPoints: [{points}]}}}}
"""


def pull(cuts_through, sources):
    if not sources:
        return ""
    sources = [f"{{distributionPoint: {it}, priority: {number + 1}}}" for number, it in enumerate(sources)]
    return f", pull: {{sources: [{', '.join(sources)}]{', cutThrough: true' if cuts_through else ''}}}"


class Field:
    """The hierarchy, with all agents joined and nothing to distribute yet. Ends with its block."""

    def __init__(self, directory, lines, server):
        self.lines, self.data, self.manifests = lines, fresh(directory, "data"), fresh(directory, "manifests")
        self.directory, self.server, self.agents, self.own = directory, server, {}, {}
        text = PORTS
        for code, kind, parent, megabits in SITES:
            lines.site(code)
            if parent:
                lines.line(parent, code, megabits)
            above = f"parent: {parent.lower()}, " if parent else ""
            text += SITE.format(name=code.lower(), code=code, type=kind, parent=above)
        lines.computer("cen-srv", "CEN", server)
        for name, cuts_through, sources in POINTS:
            site = name.split("-")[0]
            ip = lines.computer(name, site.upper(), CARD)
            text += POINT.format(name=name, site=site, ip=ip, pull=pull(cuts_through, sources))
        (self.manifests / "all.yaml").write_text(text)

    def __enter__(self):
        try:
            for name, _, _ in POINTS:
                self._join(name)
            self.headwater("up", "--once", self.manifests)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _join(self, name):
        data = self.own[name] = fresh(self.directory, name)
        token = data / "token"
        token.write_text(self.headwater("join-token", name))
        token.chmod(0o600)
        command = [BINARY, "--data", data, "agent", "--name", name, "--listen", f"{self.lines.computers[name]}:8550"]
        command += ["--join-token-file", token]
        agent = self.agents[name] = self.lines.inside(name, command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # It waits for the controller now.
        agent.stderr.readline()

    def __exit__(self, *_):
        for agent in self.agents.values():
            agent.send_signal(signal.SIGTERM)
        for agent in self.agents.values():
            agent.wait()
        for data in [self.data, *self.own.values()]:
            shutil.rmtree(data)

    def headwater(self, *arguments):
        """Runs a command where the controller is; what it prints."""
        command = [BINARY, "--data", self.data, *arguments]
        process = self.lines.inside("cen-srv", command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        told, said = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, arguments))} failed:\n{told}{said}")
        return told

    def publish(self, source):
        """Wants a package everywhere, from now on."""
        points = ", ".join(name for name, _, _ in POINTS)
        (self.manifests / "package.yaml").write_text(PACKAGE.format(id=ID, path=source, points=points))

    def predicted(self, source):
        """What the simulation says, begun with what there is now."""
        observed, scenario = self.manifests / "now.json", self.manifests / "scenario"
        observed.write_text(self.headwater("observe", self.manifests))
        links = [f"{{between: [{parent}, {code}], bandwidth: {rate}Mbit}}" for code, _, parent, rate in SITES if parent]
        text = f"defaults: {{network: {CARD}Mbit, latency: 0ms}}\nmachines: {{cen-srv: {{network: {self.server}Mbit}}}}\n"
        scenario.write_text(f"{text}links: [{', '.join(links)}]\n")
        said = self.headwater("simulate", "--scenario", scenario, "--observed", observed, "--output", "json", self.manifests)
        return json.loads(said)

    def happens(self):
        """Seconds from the start of the run until each point has the package, bytes over each line, and processors busy."""
        before, busy, own, began = self.lines.moved(), machine_seconds(), self.processor_seconds(), time.monotonic()
        self.headwater("up", "--once", self.manifests)
        took, after = time.monotonic() - began, self.lines.moved()
        load = (machine_seconds() - busy) / took, (self.processor_seconds() - own) / took
        with sqlite3.connect(f"file:{self.data}/journal.db?mode=ro", uri=True) as journal:
            started = journal.execute("SELECT started_at FROM run ORDER BY id DESC LIMIT 1").fetchone()[0] / 1000
        there = {name: self.record(name).stat().st_mtime - started for name, _, _ in POINTS}
        return there, {line: after[line] - before[line] for line in after}, load

    def record(self, point):
        """What a point writes when a package is there, whole, verified and durable."""
        return self.own[point] / f"distribution-point/library/packages/{ID}.json"

    def processor_seconds(self):
        """What the points have computed."""
        return sum(processor_seconds(agent.pid) for agent in self.agents.values())


def machine_seconds():
    """Seconds that all processors have computed, for whomever."""
    fields = [int(it) for it in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def measure(directory, source, server, ratios):
    with Lines() as lines, Field(directory, lines, server) as field:
        field.publish(source)
        said = field.predicted(source)
        there, moved, (busy, own) = field.happens()
    print(f"processors busy: {busy:.2f} of {os.cpu_count()}, by the points {own:.2f}")
    points = {point["name"]: point["last"] for point in said["distributionPoints"]}
    for name, seconds in there.items():
        compare(f"  {name}", points[name], seconds, "s")
    ratios["time"].append(compare("time to all", said["distributedAfter"], max(there.values()), "s"))
    links = {(link["from"], link["to"]): link["bytes"] / 1e6 for link in said["links"]}
    for line, amount in moved.items():
        name = f"bytes {line[0]} to {line[1]}"
        if line in links:
            ratios["bytes"].append(compare(name, links[line], amount / 1e6, "MB"))
        else:
            print(f"{name:<20} nothing  {amount / 1e6:9.2f} MB", flush=True)


def compare(name, predicted, happened, unit):
    ratio = predicted / happened
    print(f"{name:<20}{predicted:8.2f} {happened:9.2f} {unit:<3} {ratio:.4f}", flush=True)
    return ratio


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--megabytes", type=int, default=256, help="size of the package in MiB")
    arguments.add_argument("--files", type=int, default=1, help="how many files it has, of the same size")
    arguments.add_argument("--server", type=int, default=1000, help="megabits a second of the site server's line")
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("network namespaces need root")
    # However it ends, it leaves no namespace behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    ratios = {"time": [], "bytes": []}
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        directory = pathlib.Path(directory).resolve()
        source = fresh(directory, "source")
        for number in range(given.files):
            (source / f"{number}.bin").write_bytes(os.urandom((given.megabytes << 20) // given.files))
        warm(directory)
        for number in range(given.rounds):
            print(f"\nround {number + 1}: predicted, happened, ratio", flush=True)
            measure(directory, source, given.server, ratios)
    time_off = abs(statistics.median(ratios["time"]) - 1)
    bytes_off = max(abs(ratio - 1) for ratio in ratios["bytes"])
    print(f"\ntime to all, median: {100 * time_off:.2f} % off (at most 5)")
    print(f"bytes of a line, the worst: {100 * bytes_off:.2f} % off (at most 1)")
    raise SystemExit(1 if time_off > 0.05 or bytes_off > 0.01 else 0)


if __name__ == "__main__":
    main()
