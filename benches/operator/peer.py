"""The same work as that of Headwater's operator, written with kopf as its documentation has it: packages are put into
a store by their hash, settings of ports are looked at, and their status says so.

Reads PEER_CONTENT, where relative paths begin, PEER_STORE, where content is put, and PEER_EVERY: how often it is
looked whether it is still there, in seconds; never without it.
"""

import datetime
import hashlib
import json
import os
import pathlib

import kopf

CONTENT, STORE = pathlib.Path(os.environ["PEER_CONTENT"]), pathlib.Path(os.environ["PEER_STORE"])
EVERY = float(os.environ.get("PEER_EVERY", 0))
PACKAGES = ("headwater.dev", "v1alpha1", "packages")
SETTINGS = ("headwater.dev", "v1alpha1", "portsettings")


@kopf.on.startup()
def configure(settings, **_):
    settings.persistence.finalizer = "peer.example/removal"
    # Only what is told on purpose becomes an event, and no definitions or namespaces are watched.
    settings.posting.loggers = False
    settings.scanning.disabled = True


@kopf.on.create(*PACKAGES)
@kopf.on.update(*PACKAGES, field="spec")
async def put(spec, body, meta, status, patch, **_):
    """Puts the files of a package into the store, and says so."""
    wanted = len(spec["distributeTo"]["distributionPoints"])
    files = {}
    source = CONTENT / spec["source"]["path"]
    for path in sorted(it for it in source.rglob("*") if it.is_file()):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        stored = STORE / digest
        if not stored.exists():
            coming = STORE / f"{digest}.coming"
            coming.write_bytes(content)
            if hashlib.sha256(coming.read_bytes()).hexdigest() != digest:
                raise kopf.TemporaryError(f"{path} has changed while it was read", delay=1)
            coming.rename(stored)
        files[str(path.relative_to(source))] = {"sha256": digest, "size": len(content)}
    record(meta["name"]).write_text(json.dumps(files))
    kopf.event(body, type="Normal", reason="DistributeContent", message=f"{len(files)} files")
    tell(meta["generation"], status, patch, wanted)


@kopf.on.create(*SETTINGS)
@kopf.on.update(*SETTINGS, field="spec")
async def judge(spec, meta, status, patch, **_):
    """Says of settings whether they can be had."""
    ports = [spec[it] for it in ("http", "https") if it in spec]
    right = all(0 < it < 65536 for it in ports) and len(set(ports)) == len(ports)
    three(meta["generation"], status, patch, None if right else "its ports are not two different ports")


if EVERY:

    @kopf.timer(*PACKAGES, interval=EVERY, initial_delay=EVERY)
    async def look(name, meta, status, patch, **_):
        """Looks whether what a package consists of is there, and says so if it is not."""
        files = json.loads(record(name).read_text())
        for path, file in files.items():
            stored = STORE / file["sha256"]
            if not stored.exists() or stored.stat().st_size != file["size"]:
                tell(meta["generation"], status, patch, 1, missing=path)


@kopf.on.delete(*PACKAGES)
async def remove(name, **_):
    """Forgets a package."""
    record(name).unlink(missing_ok=True)


@kopf.on.delete(*SETTINGS)
async def forget(**_):
    """Nothing is behind settings; they are held all the same, until it is known that nothing needs them."""


def record(name):
    return STORE / f"package-{name}"


def tell(generation, status, patch, wanted, missing=None):
    """What the status of a package says."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    present = 0 if missing else wanted
    patch.status["content"] = {"wanted": wanted, "present": present, "coming": 0, "failed": wanted - present}
    patch.status["progress"] = f"{present}/{wanted}"
    done = [] if missing else [{"at": now, "actions": ["DistributeContent"], "outcome": "Done"}]
    patch.status["reconciliations"] = (done + list(status.get("reconciliations", [])))[:5]
    said = f"{present} of {wanted} distribution points have it, 0 on their way, {wanted - present} failed"
    content = ("ContentDistributed", not missing, "ContentFailed" if missing else "ContentAvailable", said)
    three(generation, status, patch, missing, content)


def three(generation, status, patch, wrong, *more):
    """The same conditions as Headwater's; one that has not changed keeps its time."""
    before = {it["type"]: it for it in status.get("conditions", [])}
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def condition(kind, holds, reason, message):
        text = "True" if holds else "False"
        old = before.get(kind, {})
        since = old["lastTransitionTime"] if old.get("status") == text else now
        return {"type": kind, "status": text, "observedGeneration": generation, "lastTransitionTime": since,
                "reason": reason, "message": message}

    conditions = [
        ("Ready", not wrong, "Wrong" if wrong else "AsWanted", wrong or "it is as this object says"),
        ("Reconciling", bool(wrong), "Wrong" if wrong else "NothingToDo", wrong or "nothing is being done about it"),
        ("Stalled", False, "GoesOn", "nobody has to act"),
        ("Suspended", False, "NotSuspended", "it is not suspended"),
        *more,
    ]
    patch.status["observedGeneration"] = generation
    patch.status["conditions"] = [condition(*it) for it in conditions]
