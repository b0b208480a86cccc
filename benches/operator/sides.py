"""One side of what `measure.py` compares: a namespace with a user of its own, an operator as a process there, and what it
takes while it does something.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

from api import GROUP

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from processes import peak_megabytes, processor_seconds  # noqa: E402
from spine import BINARY  # noqa: E402

# Once so long nothing was asked any more, what was to be done is done: not more than a lease is kept.
QUIET, KEPT = 3, 4
# How often both look whether what they have made is still there.
EVERY = 30
# How long something may take.
PATIENCE = 900


def base(namespace, port):
    """What packages need before there are any."""
    documents = {
        "sites": ("Site", "top", {"siteCode": "TOP", "type": "Primary", "mode": "Mixed", "version": "2403",
                                  "siteServer": "server"}),
        "sitesystems": ("SiteSystem", "server", {"site": "top", "address": "server.bench.example"}),
        "portsettings": ("PortSettings", "content", {"webSite": "Custom", "http": port}),
        "distributionpoints": ("DistributionPoint", "content", {"site": "top", "siteSystem": "server", "ports": "content"}),
    }
    place = f"{GROUP}/namespaces/{namespace}"
    return [("POST", f"{place}/{plural}", document(*it)) for plural, it in documents.items()]


def document(kind, name, spec):
    return {"apiVersion": "headwater.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class Packages:
    """Objects with content behind them: its files are put into a store, and removed with the object."""

    plural = "packages"

    @staticmethod
    def made(number):
        spec = {"packageId": f"TOP{number:05}", "source": {"path": f"one/p{number:05}"},
                "distributeTo": {"distributionPoints": ["content"]}}
        return document("Package", f"p{number:05}", spec)

    @staticmethod
    def changed(number):
        return {"source": {"path": f"two/p{number:05}"}, "sourceVersion": 2}


class Settings:
    """Objects with nothing behind them: they are looked at, and their status says how they are."""

    plural = "portsettings"

    @staticmethod
    def made(number):
        return document("PortSettings", f"p{number:05}", {"webSite": "Custom", "http": 20000 + number})

    @staticmethod
    def changed(number):
        return {"http": 30000 + number}


WORKS = {"packages": Packages, "settings": Settings}


def is_ready(it):
    """Whether an object says that it is as it is wanted now."""
    status = it.get("status", {})
    current = status.get("observedGeneration") == it["metadata"]["generation"]
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", []))
    return current and ready and "deletionTimestamp" not in it["metadata"]


class Audit:
    """The requests of a user since it was asked last."""

    def __init__(self, path, user):
        self.path, self.user, self.at = path, user, path.stat().st_size

    def since(self):
        counts, seen = {}, set()
        with open(self.path, "rb") as log:
            log.seek(self.at)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self.at += len(line)
                entry = json.loads(line)
                # A watch has a line when it begins and one when it ends.
                if entry["user"]["username"] != self.user or entry["auditID"] in seen:
                    continue
                seen.add(entry["auditID"])
                about = entry.get("objectRef", {})
                what = "/".join(filter(None, (about.get("resource"), about.get("subresource"))))
                name = f"{entry['verb']} {what}"
                counts[name] = counts.get(name, 0) + 1
        return counts


class Namespace:
    """A namespace with a user of its own, and what both operators need there."""

    def __init__(self, admin, server, name, plural):
        self.admin, self.name = admin, name
        pids = [line.split() for line in (server / "pids").read_text().splitlines()]
        self.servers = [int(it[1]) for it in pids if it[0] in ("etcd", "kube-apiserver")]
        self.objects = f"{GROUP}/namespaces/{name}/{plural}"
        admin.ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        accounts = f"/api/v1/namespaces/{name}/serviceaccounts"
        admin.ask("POST", accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}})
        admin.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": name}],
        })
        spec = {"audiences": [], "expirationSeconds": 7200}
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        token = json.loads(admin.ask("POST", f"{accounts}/operator/token", request))["status"]["token"]
        self.user = admin.with_token(token)
        self.audit = Audit(server / "audit.log", f"system:serviceaccount:{name}:operator")

    def server_processor(self):
        """Seconds that the API server and its store have computed."""
        return sum(processor_seconds(it) for it in self.servers)

    def until(self, count, holds, requests):
        """Seconds from the first of the requests until it holds of so many objects."""
        events, names = self.admin.watch(self.objects), set()

        def listen():
            for event in events:
                it = event["object"]
                if holds(event["type"], it):
                    names.add(it["metadata"]["name"])
                if len(names) == count:
                    return

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        started = time.monotonic()
        self.admin.all(requests)
        listening.join(timeout=PATIENCE)
        took = time.monotonic() - started
        if listening.is_alive():
            raise SystemExit(f"{count - len(names)} of {count} objects in {self.name} are not what they should be")
        return took

    def until_ready(self, count, requests):
        return self.until(count, lambda kind, it: kind != "DELETED" and is_ready(it), requests)


class Operator:
    """An operator that ends with its block."""

    def __init__(self, namespace, directory, command, environment):
        (directory / "kubeconfig").write_text(namespace.user.kubeconfig(namespace.name))
        self.log = directory / "log"
        environment = {**os.environ, "KUBECONFIG": str(directory / "kubeconfig"), **environment}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def processor(self):
        if self.process.poll() is not None:
            raise SystemExit(f"the operator has ended:\n{self.log.read_text()[-3000:]}")
        return processor_seconds(self.process.pid)


def headwater(namespace, directory, content):
    command = [os.environ.get("BINARY", BINARY), "--data", directory / "data", "operator", "--namespace", namespace.name]
    command += ["--placement", "Embedded", "--content-directory", content, "--every", f"{EVERY}s"]
    return Operator(namespace, directory, command, {"HEADWATER_LOG": "warn"})


def kopf(namespace, directory, content):
    (directory / "store").mkdir()
    command = [pathlib.Path(sys.executable).parent / "kopf", "run", "--standalone", "--quiet"]
    command += ["--namespace", namespace.name, HERE / "peer.py"]
    environment = {"PEER_CONTENT": str(content), "PEER_STORE": str(directory / "store"), "PEER_EVERY": str(EVERY)}
    return Operator(namespace, directory, command, environment)


def free_port():
    """A port where nobody listens."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


class Phase:
    """What an operator and the server take from now on: processor time, requests."""

    def __init__(self, operator, namespace):
        self.operator, self.namespace = operator, namespace
        self.requests = {}
        namespace.audit.since()
        self.before, self.server = operator.processor(), namespace.server_processor()

    def until_quiet(self, seconds):
        """Ends when nothing is asked any more. What was waited for took so many seconds."""
        while self._wait(QUIET) > KEPT:
            pass
        return self._end(seconds)

    def over(self, seconds):
        """Ends after so many seconds."""
        self._wait(seconds)
        return self._end(None)

    def _wait(self, seconds):
        time.sleep(seconds)
        more = self.namespace.audit.since()
        for name, count in more.items():
            self.requests[name] = self.requests.get(name, 0) + count
        return sum(more.values())

    def _end(self, seconds):
        return {
            "seconds": seconds,
            "processor": self.operator.processor() - self.before,
            "server": self.namespace.server_processor() - self.server,
            "requests": self.requests,
            "peak": peak_megabytes(self.operator.process.pid),
            "own": own_megabytes(self.operator.process.pid),
        }


def own_megabytes(pid):
    """Memory that is no part of a file: what a process has for itself."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024
