#!/usr/bin/env python3
"""Measures reading, checking and planning beside what others do with as many resources, both sides in one run.

    cargo build --release && benches/peers.py [validate] [plan] [longer] [--count 10000] [--rounds 5]

Needs Python 3 with PyYAML and its C loader (Debian package python3-yaml), terraform, and cargo for `benches/load`, which
writes the manifests. Everything runs in a temporary directory below --directory. The contestants take turns in each round;
a ratio is the median of the rounds' ratios. Ends with 1 if a ratio that is wanted was missed.

validate: `headwater validate` (load, check) of as many manifests of about 490 bytes, in a file each and in a file for each
    site, beside `terraform validate` of as many `terraform_data` resources with the same values, and PyYAML's CSafeLoader
    that only parses the manifests (the time of its loop alone, without the interpreter's start).
plan: `headwater plan --observed` with site systems that are as the manifests say, beside `terraform plan` with refresh and
    a state that agrees with the configuration: both find nothing to do.
longer: both of Headwater's for ten times as many documents, beside those for as many: the work is linear.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/headwater"
# No questions to anybody's server, and nobody's own settings.
TERRAFORM_ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
TERRAFORM_ENVIRONMENT |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
BUILT_IN = 'provider["terraform.io/builtin/terraform"]'
PARSE = """
import pathlib, sys, time, yaml
paths = sorted(pathlib.Path(sys.argv[1]).rglob("*.yaml"))
begun = time.perf_counter(), time.process_time()
count = sum(1 for path in paths for _ in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader))
print(count, time.perf_counter() - begun[0], time.process_time() - begun[1])
"""


class Run:
    """What a process took: seconds by the clock, seconds of processors, megabytes at most."""

    def __init__(self, wall, cpu, memory):
        self.wall, self.cpu, self.memory = wall, cpu, memory


def run(command, directory=None, environment=None, codes=(0,)):
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{command} ended with {process.returncode}:\n{said[-4000:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), said


def manifests(directory, count):
    """Manifests `each` and `by-site`, and `observed.json`: those that benches/load measures in one process."""
    subprocess.run(
        ["cargo", "bench", "--quiet", "--bench", "load", "--", "write", directory, str(count)], cwd=ROOT, check=True
    )


def flat(value, path=""):
    """The values of a document by their paths, texts as they are."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from flat(member, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flat(item, f"{path}[{index}]")
    else:
        yield path, str(value)


def configuration(directory, sites):
    """As many `terraform_data` resources as there are manifests, with seven values of each, and their state."""
    resources = []
    directory.mkdir()
    for site in sorted(sites.glob("*.yaml")):
        blocks = []
        for document in yaml.load_all(site.read_text(), Loader=yaml.CSafeLoader):
            name = f"{document['kind']}_{document['metadata']['name']}".replace("-", "_").lower()
            values = dict(list(flat(document))[:7])
            inputs = "\n".join(f"    {json.dumps(key)} = {json.dumps(text)}" for key, text in values.items())
            about = "# One resource of many, with about as many bytes and values as the manifest that it stands for."
            blocks.append(f'{about}\nresource "terraform_data" "{name}" {{\n  input = {{\n{inputs}\n  }}\n}}\n')
            resources.append((name, values))
        (directory / f"{site.stem}.tf").write_text("\n".join(blocks))
    (directory / "terraform.tfstate").write_text(json.dumps(state(resources)))
    run(["terraform", "init", "-no-color"], directory, TERRAFORM_ENVIRONMENT)
    return len(resources)


def state(resources):
    """The state as `terraform apply` writes it; applying as many takes it hours."""

    def instance(values):
        held = {"value": values, "type": ["object", {key: "string" for key in values}]}
        attributes = {"id": str(uuid.uuid4()), "input": held, "output": held, "triggers_replace": None}
        return {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}

    return {
        "version": 4,
        "terraform_version": json.loads(run(["terraform", "version", "-json"], None, TERRAFORM_ENVIRONMENT)[1])["terraform_version"],
        "serial": 1,
        "lineage": str(uuid.uuid4()),
        "outputs": {},
        "resources": [
            {"mode": "managed", "type": "terraform_data", "name": name, "provider": BUILT_IN, "instances": [instance(values)]}
            for name, values in resources
        ],
        "check_results": None,
    }


def headwater(*arguments):
    return lambda: run([BINARY, *arguments])[0]


def terraform(directory, *arguments, says):
    def contestant():
        measured, said = run(["terraform", *arguments], directory, TERRAFORM_ENVIRONMENT)
        assert says in said, said[-4000:]
        return measured

    return contestant


def pyyaml(directory, count):
    def contestant():
        measured, said = run([sys.executable, "-c", PARSE, directory])
        parsed, wall, cpu = said.split()
        assert int(parsed) == count, said
        return Run(float(wall), float(cpu), measured.memory)

    return contestant


def in_turns(contestants, rounds):
    """What each took in each round; once before for nothing, so that everything is in the page cache."""
    runs = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, contestant in contestants.items():
            measured = contestant()
            if number > 0:
                runs[name].append(measured)
    for name, measured in runs.items():
        wall, cpu, memory = (statistics.median(getattr(it, key) for it in measured) for key in ("wall", "cpu", "memory"))
        print(f"{name:42} {wall:8.3f} s  {cpu:8.3f} CPU s  {memory:7.0f} MB")
    return runs


def compare(runs, ours, peer, what, wanted):
    """How many times less ours takes than a peer."""
    ratio = statistics.median(getattr(b, what) / getattr(a, what) for a, b in zip(runs[ours], runs[peer]))
    reached = wanted is None or ratio >= wanted
    words = "" if wanted is None else f"   at least {wanted}" + ("" if reached else ": MISSED")
    print(f"  {ours}, {what}, against {peer}: {ratio:.1f} times{words}")
    return reached


def validate(directory, count, rounds):
    runs = in_turns(
        {
            "headwater, a file each": headwater("validate", directory / "each"),
            "headwater, a file for each site": headwater("validate", directory / "by-site"),
            "terraform validate": terraform(directory / "terraform", "validate", "-no-color", says="Success"),
            "CSafeLoader, a file each": pyyaml(directory / "each", count),
        },
        rounds,
    )
    reached = []
    for ours in ("headwater, a file each", "headwater, a file for each site"):
        reached.append(compare(runs, ours, "terraform validate", "wall", 12))
        compare(runs, ours, "terraform validate", "cpu", None)
        compare(runs, ours, "terraform validate", "memory", None)
        reached.append(compare(runs, ours, "CSafeLoader, a file each", "wall", 5))
        compare(runs, ours, "CSafeLoader, a file each", "cpu", None)
    return all(reached)


def plan(directory, rounds):
    ours, peer = "headwater plan", "terraform plan, with refresh"
    runs = in_turns(
        {
            ours: headwater("plan", "--detailed-exitcode", "--observed", directory / "observed.json", directory / "each"),
            peer: terraform(directory / "terraform", "plan", "-no-color", says="No changes"),
        },
        rounds,
    )
    reached = [compare(runs, ours, peer, "wall", 60), compare(runs, ours, peer, "memory", 20)]
    compare(runs, ours, peer, "cpu", None)
    return all(reached)


def longer(directory, count, rounds):
    """Ten times as many: processes of their own, so that memory is as new to the one as to the other."""
    (directory / "longer").mkdir()
    manifests(directory / "longer", 10 * count)

    def validate(where):
        return headwater("validate", where / "each")

    def plan(where):
        return headwater("plan", "--detailed-exitcode", "--observed", where / "observed.json", where / "each")

    runs = in_turns(
        {
            "validate": validate(directory),
            "validate, ten times as many": validate(directory / "longer"),
            "plan": plan(directory),
            "plan, ten times as many": plan(directory / "longer"),
        },
        rounds,
    )
    reached = []
    for what in ("validate", "plan"):
        pairs = zip(runs[what], runs[f"{what}, ten times as many"])
        ratio = statistics.median(long.cpu / short.cpu for short, long in pairs)
        reached.append(ratio <= 11)
        print(f"  {what}, cpu, ten times as many: {ratio:.1f} times   at most 11" + ("" if ratio <= 11 else ": MISSED"))
    return all(reached)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", nargs="*", choices=["validate", "plan", "longer", []], help="all, if nothing is named")
    arguments.add_argument("--count", type=int, default=10_000, help="how many documents: a multiple of a hundred")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    # Terraform opens a file for each of its tasks.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        directory = pathlib.Path(directory)
        manifests(directory, given.count)
        # In a process of its own: a process begins with the peak of memory of the one that starts it.
        with concurrent.futures.ProcessPoolExecutor(1) as elsewhere:
            resources = elsewhere.submit(configuration, directory / "terraform", directory / "by-site").result()
        assert resources == given.count
        what = given.what or ["validate", "plan", "longer"]
        reached = [validate(directory, given.count, given.rounds)] if "validate" in what else []
        reached += [plan(directory, given.rounds)] if "plan" in what else []
        reached += [longer(directory, given.count, given.rounds)] if "longer" in what else []
    sys.exit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()
