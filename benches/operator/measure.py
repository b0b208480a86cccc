"""What `benches/operator/run` measures: how soon objects are Ready, what that takes of an operator, and the requests that it
makes.

Both operators do the same to the same objects of the same server, one after the other, each in a namespace of its own and as
a user of its own, by which the audit log of the server knows its requests.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import tempfile
import time

import yaml
from api import GROUP, MERGE, Api
from sides import WORKS, Namespace, Phase, base, free_port, headwater, is_ready, kopf
from spine import ROOT

IDLE = 60
WORDS = {"create": "created", "change": "changed", "idle": "an idle minute", "remove": "removed"}


def side(start, admin, arguments, name, content):
    """All phases of one operator."""
    work = WORKS[arguments.work]
    namespace = Namespace(admin, arguments.server, name, work.plural)
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=arguments.directory))
    admin.all(base(name, free_port()))
    count = arguments.objects
    numbers = range(1, count + 1)
    path = lambda number: f"{namespace.objects}/p{number:05}"
    with start(namespace, directory, content) as operator:
        phases = {}
        # One before all others: then it is there, and everything is loaded and connected.
        namespace.until_ready(1, [("POST", namespace.objects, work.made(0))])
        Phase(operator, namespace).until_quiet(0)
        phase = Phase(operator, namespace)
        create = [("POST", namespace.objects, work.made(number)) for number in numbers]
        phases["create"] = phase.until_quiet(namespace.until_ready(count, create))
        phase = Phase(operator, namespace)
        change = [("PATCH", path(number), {"spec": work.changed(number)}, MERGE) for number in numbers]
        changed = lambda kind, it: kind != "DELETED" and is_ready(it) and it["metadata"]["generation"] > 1
        phases["change"] = phase.until_quiet(namespace.until(count, changed, change))
        phases["idle"] = Phase(operator, namespace).over(IDLE)
        phase = Phase(operator, namespace)
        remove = [("DELETE", path(number)) for number in numbers]
        phases["remove"] = phase.until_quiet(namespace.until(count, lambda kind, _: kind == "DELETED", remove))
    shutil.rmtree(directory)
    return phases


def floor(admin, arguments, name):
    """Seconds that a plain client takes that makes the objects, and writes a finalizer and a status to each."""
    work = WORKS[arguments.work]
    namespace = Namespace(admin, arguments.server, name, work.plural)
    said = {"status": "True", "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "AsWanted",
            "message": "it is as this object says"}
    kinds = ("Ready", "Reconciling", "Stalled", "ContentDistributed", "Suspended")
    conditions = [{"type": kind, **said} for kind in kinds]
    status = {"status": {"observedGeneration": 1, "conditions": conditions, "progress": "1/1"}}
    finalizers = {"metadata": {"finalizers": ["bench.example/removal"]}}
    names = [f"p{number:05}" for number in range(1, arguments.objects + 1)]
    started = time.monotonic()
    admin.all([("POST", namespace.objects, work.made(int(it[1:]))) for it in names])
    created = time.monotonic() - started
    admin.all([("PATCH", f"{namespace.objects}/{it}", finalizers, MERGE) for it in names])
    admin.all([("PATCH", f"{namespace.objects}/{it}/status", status, MERGE) for it in names])
    took = time.monotonic() - started
    nothing = {"metadata": {"finalizers": None}}
    admin.all([("PATCH", f"{namespace.objects}/{it}", nothing, MERGE) for it in names])
    admin.all([("DELETE", f"{namespace.objects}/{it}") for it in names])
    return created, took


def contents(directory, count):
    """Two versions of the content of each package."""
    for version in ("one", "two"):
        for number in range(count + 1):
            place = directory / version / f"p{number:05}"
            place.mkdir(parents=True)
            (place / "content.bin").write_bytes(os.urandom(4096))


def define(admin):
    """Makes the committed definitions known."""
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    there = [it["metadata"]["name"] for it in admin.get(definitions)["items"]]
    for path in sorted((ROOT / "charts/headwater/crds").iterdir()):
        definition = yaml.safe_load(path.read_text())
        name = definition["metadata"]["name"]
        if name not in there:
            admin.ask("POST", definitions, definition)
        for _ in range(600):
            it = admin.get(f"{definitions}/{name}")
            conditions = it.get("status", {}).get("conditions") or []
            if any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
                break
            time.sleep(0.05)


def told(rounds, count):
    """Both sides and their ratios, medians of all rounds."""

    def spread(values):
        return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

    def row(name, unit, pick):
        ours, theirs = ([pick(it[who]) for it in rounds] for who in ("headwater", "kopf"))
        ratio = statistics.median(theirs) / statistics.median(ours) if statistics.median(ours) else float("inf")
        print(f"{name:<38}{spread(ours):>26}{spread(theirs):>26} {unit:<10}{ratio:7.2f}")

    print(f"{'':<38}{'headwater':>26}{'kopf':>26} {'':<10}{'times':>7}")
    for phase, words in WORDS.items():
        idle = phase == "idle"
        name = words if idle else f"{count} {words}"
        if not idle:
            row(f"{name}, until all are", "s", lambda it: it[phase]["seconds"])
        row(f"{name}, processor time", "s", lambda it: it[phase]["processor"])
        row(f"{name}, that of the server", "s", lambda it: it[phase]["server"])
        each = 1 if idle else count
        row(f"{name}, requests", "" if idle else "an object", lambda it: sum(it[phase]["requests"].values()) / each)
    row("peak of memory", "MB", lambda it: it["remove"]["peak"])
    row("memory of its own, after the changes", "MB", lambda it: it["change"]["own"])
    for phase in WORDS:
        for who in ("headwater", "kopf"):
            requests = sorted(rounds[-1][who][phase]["requests"].items(), key=lambda it: -it[1])
            print(f"{phase}, {who}: {', '.join(f'{count} {name}' for name, count in requests)}")


def told_floor(rounds, count):
    created, took = ([it["floor"][at] for it in rounds] for at in (0, 1))
    print(f"a plain client creates {count} in {statistics.median(created):.2f} s, and has written a finalizer and a status to "
          f"each after {statistics.median(took):.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", type=pathlib.Path, help="the directory of the API server")
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--work", choices=WORKS, default="packages")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    parser.add_argument("--only", choices=("headwater", "kopf", "floor"))
    arguments = parser.parse_args()
    admin = Api.of(arguments.server / "kubeconfig")
    define(admin)
    rounds = []
    with tempfile.TemporaryDirectory(dir=arguments.directory) as content:
        content = pathlib.Path(content)
        contents(content, arguments.objects)
        for number in range(arguments.rounds):
            sides = {}
            # Neither is always the first.
            order = [("headwater", headwater), ("kopf", kopf)][:: 1 if number % 2 == 0 else -1]
            for name, start in order:
                if arguments.only in (None, name):
                    sides[name] = side(start, admin, arguments, f"{name}-{number}-{os.getpid()}", content)
                    for phase, it in sides[name].items():
                        print(number, name, phase, json.dumps(it), flush=True)
            if arguments.only in (None, "floor"):
                sides["floor"] = floor(admin, arguments, f"floor-{number}-{os.getpid()}")
            rounds.append(sides)
    if arguments.only is None:
        told(rounds, arguments.objects)
    if arguments.only in (None, "floor"):
        told_floor(rounds, arguments.objects)


if __name__ == "__main__":
    main()
