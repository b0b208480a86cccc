"""Asks the health check for Argo CD, by Lua's own interpreter, about objects with all kinds of
conditions."""

import subprocess
import sys
from pathlib import Path

import yaml


def lua(value):
    """A value as Lua writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{lua(key)}] = {lua(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    return str(value) if isinstance(value, int) else '"' + value + '"'


def condition(name, status, generation=2):
    return {"type": name, "status": status, "message": f"{name} is {status}", "observedGeneration": generation}


def of(*conditions, **metadata):
    return {"metadata": {"generation": 2, **metadata}, "status": {"conditions": list(conditions)}}


CASES = [
    ({"metadata": {"generation": 1}}, "Progressing"),
    (of(), "Progressing"),
    (of(condition("Ready", "True")), "Healthy"),
    (of(condition("Ready", "True", 1)), "Progressing"),
    (of(condition("Ready", "False"), condition("Reconciling", "True")), "Progressing"),
    (of(condition("Ready", "Unknown")), "Progressing"),
    (of(condition("Ready", "False"), condition("Stalled", "True")), "Degraded"),
    (of(condition("Ready", "False"), condition("Stalled", "False")), "Progressing"),
    (of(condition("Ready", "False"), condition("Suspended", "True")), "Suspended"),
    (of(condition("Ready", "True"), deletionTimestamp="2026-01-01T00:00:00Z"), "Progressing"),
]

document = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
customizations = yaml.safe_load(document["data"]["resource.customizations"])
(group, check), = customizations.items()
if group != "headwater.dev/*":
    sys.exit(f"the check is for {group}")
for given, expected in CASES:
    # As in Argo CD: nothing of Lua's library but what every program has.
    program = f"obj = {lua(given)}\nlocal it = (function()\n{check['health.lua']}\nend)()\nprint(it.status)"
    said = subprocess.run(["lua5.1", "-"], input=program, capture_output=True, text=True, check=False)
    if said.stdout.strip() != expected:
        sys.exit(f"{given}: {said.stdout.strip()}{said.stderr.strip()} instead of {expected}")
print(f"Argo CD's health of {len(CASES)} objects")
