"""Runs the image that `image_build` has built with runc, as engines do: as its own user, without capabilities,
and with a root that cannot be written wherever that is possible.

    image_runs.py ROOT IMAGE.json DIRECTORY

ROOT is the mounted image, IMAGE.json what `buildah inspect` says of it; DIRECTORY is empty. Wants a network
namespace of its own, for its name service takes port 53 of a loopback address. Ends with 1 if anything is not
as it should be.
"""

import contextlib
import json
import os
import pathlib
import re
import socketserver
import struct
import subprocess
import sys
import threading
import time

ROOT, IMAGE, DIRECTORY = map(pathlib.Path, sys.argv[1:])
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
CONFIG = json.loads(IMAGE.read_text())["OCIv1"]["config"]
USER, GROUP = map(int, CONFIG["User"].split(":"))
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
IN_SYNC = "The hierarchy is as the manifests say."
# A name that only the name service here has, and one that it does not have either.
UPSTREAM, NOBODY = "wsus.fabrikam.example", "nobody.fabrikam.example"
NAME_SERVER = "127.77.0.1"
COUNT = 4125

POINT = """
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {{name: one}}
spec: {{siteCode: ONE, type: Primary, mode: Mixed, version: "2403", siteServer: server}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: server}}
spec: {{site: one, address: {address}, software: {{wsus: "10.0"}}}}
---
apiVersion: headwater.dev/v1alpha1
kind: SoftwareUpdatePoint
metadata: {{name: updates}}
spec: {{site: one, siteSystem: server, role: Active, ssl: {ssl}, source: {{type: {source}}}}}
"""


def wanted(what, condition, said=""):
    if not condition:
        sys.exit(f"tests/interop/image: {what}\n{said}".rstrip())


class Names(socketserver.BaseRequestHandler):
    """A name service that knows one name at a time, and remembers what it was asked."""

    known, asked = {}, []

    def handle(self):
        question, socket = self.request
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        name, (kind,) = ".".join(labels).lower(), struct.unpack_from("!H", question, at + 1)
        Names.asked.append(name)
        address = Names.known.get(name)
        flags = 0x8183 if address is None else 0x8180
        answer = b""
        if address and kind == 1:
            # A pointer to the name in the question, and an address that holds for a minute.
            answer = struct.pack("!3HIH4B", 0xC00C, 1, 1, 60, 4, *map(int, address.split(".")))
        head = question[:2] + struct.pack("!5H", flags, 1, 1 if answer else 0, 0, 0)
        socket.sendto(head + question[12 : at + 5] + answer, self.client_address)


class Container:
    """The image under runc: with its own user, environment and program."""

    count = 0

    def __init__(self, *arguments, program=None, mounts=None, writable=False):
        Container.count += 1
        self.name = f"headwater-image-{os.getpid()}-{Container.count}"
        self.runc = ["runc", "--root", str(DIRECTORY / "state")]
        self.bundle = DIRECTORY / self.name
        self.bundle.mkdir()
        subprocess.run(["runc", "spec"], check=True, cwd=self.bundle)
        spec = json.loads((self.bundle / "config.json").read_text())
        spec["process"] |= {
            "terminal": False,
            "user": {"uid": USER, "gid": GROUP},
            "args": [*([program] if program else CONFIG["Entrypoint"]), *arguments],
            "env": CONFIG["Env"],
            "capabilities": {},
            "noNewPrivileges": True,
        }
        # runc may not raise limits of this computer.
        spec["process"].pop("rlimits", None)
        spec["root"] = {"path": str(ROOT), "readonly": not writable}
        # Only the network is shared with what runs here; `/sys` needs one of its own.
        spec["mounts"] = [it for it in spec["mounts"] if not it["destination"].startswith("/sys")]
        spec["linux"]["namespaces"] = [it for it in spec["linux"]["namespaces"] if it["type"] != "network"]
        for inside, outside in (mounts or {}).items():
            options = ["bind", "rw" if inside == "/data" else "ro"]
            spec["mounts"].append({"destination": inside, "type": "bind", "source": str(outside), "options": options})
        (self.bundle / "config.json").write_text(json.dumps(spec))

    def start(self):
        said = (self.bundle / "said").open("wb")
        command = [*self.runc, "run", "--bundle", str(self.bundle), self.name]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)

    def said(self):
        return (self.bundle / "said").read_text()

    def gone(self):
        subprocess.run([*self.runc, "delete", "--force", self.name], capture_output=True)

    def run(self, seconds=120):
        """Its exit code, and all that it has said."""
        try:
            return self.start().wait(seconds), self.said()
        except subprocess.TimeoutExpired:
            sys.exit(f"tests/interop/image: did not end in {seconds} s\n{self.said()}")
        finally:
            self.gone()

    @contextlib.contextmanager
    def running(self):
        process = self.start()
        try:
            yield process
        finally:
            self.gone()
            process.wait(30)


def data(name):
    path = DIRECTORY / name
    path.mkdir(mode=0o700)
    os.chown(path, USER, GROUP)
    return path


def file(name, text):
    path = DIRECTORY / name
    path.write_text(text)
    return path


def programs_start():
    version = re.search(r'^version = "(.*)"$', (EXAMPLES.parent / "Cargo.toml").read_text(), re.M)[1]
    said = Container("--version").run()
    wanted("`headwater --version`", said == (0, f"headwater {version}\n"), said)
    said = Container("--help", program="/usr/bin/kubectl-headwater").run()
    wanted("`kubectl headwater --help`", said[0] == 0 and "Usage: kubectl headwater" in said[1], said)
    said = Container("appr", program="/usr/bin/kubectl_complete-headwater").run()
    wanted("completions of `kubectl headwater`", said[0] == 0 and "approve" in said[1], said)
    print(f"headwater {version}, kubectl headwater and its completions start, with a root that cannot be written")


def hierarchy_converges():
    began = time.monotonic()
    code, said = Container("up", "--once", "/examples/minimal", mounts={"/examples": EXAMPLES}, writable=True).run()
    wanted("`up --once examples/minimal`", code == 0 and IN_SYNC in said and f"{COUNT} new updates" in said, said)
    kept = [path.lstat() for path in (ROOT / "data").rglob("*")]
    wanted("/data is empty, or not the user's", kept and {it.st_uid for it in kept} == {USER})
    print(f"`up --once examples/minimal` converges as user {USER} in the image's /data: {time.monotonic() - began:.1f} s")


def names_and_certificates():
    """Two hierarchies, each in a container: the one below knows the name, and trusts the authority, of the one above."""
    source = "Import, file: /examples/wsus-export/WSUS-2024-06-19.cab"
    of_above = file("above.yaml", POINT.format(address=UPSTREAM, ssl="true", source=source))
    above = {"/data": data("above"), "/examples": EXAMPLES, "/above.yaml": of_above}

    def below(name, upstream, hosts="", authority=None):
        url = f'UpstreamServer, url: "https://{upstream}:8531"'
        text = POINT.format(address="wsus.contoso.example", ssl="false", source=url)
        mounts = {
            "/data": data(name),
            "/below.yaml": file(f"{name}.yaml", text),
            "/etc/resolv.conf": file(f"{name}.resolv", f"nameserver {NAME_SERVER}\noptions timeout:2 attempts:2\n"),
            "/etc/hosts": file(f"{name}.hosts", f"127.0.0.1 localhost\n{hosts}"),
        }
        if authority:
            mounts[AUTHORITIES] = file(f"{name}.crt", (ROOT / AUTHORITIES[1:]).read_text() + authority)
        Names.asked.clear()
        code, said = Container("up", "--once", "/below.yaml", mounts=mounts).run()
        return code == 0 and IN_SYNC in said and f"{COUNT} new updates" in said, said, set(Names.asked)

    server = Container("up", "/above.yaml", mounts=above)
    with server.running() as process:
        deadline = time.monotonic() + 180
        while Container("plan", "--detailed-exitcode", "/above.yaml", mounts=above).run()[0] != 0:
            wanted("no upstream server", process.poll() is None and time.monotonic() < deadline, server.said())
            time.sleep(1)
        status = json.loads(Container("status", "--output", "json", mounts=above).run()[1])
        address = status["updatePoints"][0]["https"]["listener"]["open"].rsplit(":", 1)[0]
        authority = (above["/data"] / "certificates/authority.crt").read_text()

        Names.known = {UPSTREAM: address}
        good, said, asked = below("by-dns", UPSTREAM, authority=authority)
        wanted("a name of DNS, over TLS", good and UPSTREAM in asked, f"{said}asked: {asked}")
        good, said, _ = below("not-trusted", UPSTREAM)
        refused = "its certificate is refused: it does not lead to a root that is trusted" in said
        wanted("an authority that is not in the file is trusted", not good and refused, said)
        good, said, asked = below("nobody", NOBODY)
        failed = "failed to lookup address information: Name or service not known" in said
        wanted("a name that nobody has", not good and failed and NOBODY in asked, f"{said}asked: {asked}")
        Names.known = {}
        good, said, asked = below("by-hosts", UPSTREAM, hosts=f"{address} {UPSTREAM}\n", authority=authority)
        wanted("a name of /etc/hosts, over TLS", good and UPSTREAM not in asked, f"{said}asked: {asked}")
    print(f"names are looked up in /etc/hosts and then in DNS, and {COUNT} updates come over TLS from {UPSTREAM}")
    print("only authorities in the file of SSL_CERT_FILE are trusted")


def what_is_missing_is_said():
    code, said = Container("operator").run()
    wanted("the operator without a cluster", code != 0 and "there is no way to a Kubernetes cluster" in said, said)
    source = "--source=git+https://git.fabrikam.example/hierarchy"
    code, said = Container("controller", source, mounts={"/data": data("controller")}).run()
    wanted("the controller without `git`", code != 0 and "the program `git` is not there" in said, said)
    print("the operator says that there is no cluster, and the controller that there is no `git`")


subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
service = socketserver.UDPServer((NAME_SERVER, 53), Names)
threading.Thread(target=service.serve_forever, daemon=True).start()
programs_start()
hierarchy_converges()
names_and_certificates()
what_is_missing_is_said()
