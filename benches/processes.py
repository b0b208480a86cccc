"""What `content.py` runs: site systems as processes of their own, nginx beside them, a network without others.

Each distribution point is a process, so that processor time and memory of a server and of a puller are known apart.
"""

import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

from spine import BINARY, ROOT, action_seconds, fresh

TICKS = os.sysconf("SC_CLK_TCK")
SOURCE, PULLING = "127.0.0.11", "127.0.0.12"

MANIFESTS = """
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {{name: top}}
spec: {{siteCode: TOP, type: Primary, mode: Mixed, version: "2403", siteServer: server}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: server}}
spec: {{site: top, address: server.bench.example}}
---
apiVersion: headwater.dev/v1alpha1
kind: PortSettings
metadata: {{name: content}}
spec: {{webSite: Custom, http: 8080, https: 8081}}
---
apiVersion: headwater.dev/v1alpha1
kind: Package
metadata: {{name: content}}
spec: {{packageId: TOP00001, source: {{path: {path}}}, distributeTo: {{distributionPoints: [{points}]}}}}
"""
POINT = """
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: {name}}}
spec: {{site: top, address: {ip}, placement: Remote, agent: {{url: "http://{ip}:8550"}}, software: {{client: "2403"}}}}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {{name: {name}}}
spec: {{site: top, siteSystem: {name}, ports: content, protocol: {protocol}{pull}}}
"""
PULL = ", pull: {sources: [{distributionPoint: standard}]}"

NGINX = """
daemon off; worker_processes 2; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=9000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  ssl_protocols TLSv1.3; ssl_certificate {home}/tls.crt; ssl_certificate_key {home}/tls.key;
  server {{ listen 127.0.0.13:8080; listen 127.0.0.13:8081 ssl; root {root}; }}
}}
"""


def alone():
    """Runs this program again in a network namespace of its own, paced by acknowledgements alone (`reno`): with BBR the
    timers of pacing cost more than the bytes. Needs root; otherwise the network is as it is."""
    if os.geteuid() != 0 or os.environ.get("HEADWATER_BENCH_ALONE"):
        return
    prepare = "ip link set lo up && sysctl -qw net.ipv4.tcp_congestion_control=reno && exec \"$@\""
    os.environ["HEADWATER_BENCH_ALONE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", prepare, "sh", sys.executable, *sys.argv])


def warm(directory):
    """Fills the memory with the cache of a file of zeros, as it is on a computer that has run for a while. A virtual machine
    gives what is free back to its host, and gets it from there page by page: up to 4 s/GB, for whoever needs it first."""
    os.sync()
    spare = 200 << 20
    size = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemFree")) * 1024 - spare
    if size <= 0:
        return
    block = bytearray(1 << 20)
    # It takes no room on the disk, and stays until the end, since its memory would be free without it.
    with open(fresh(directory, "zeros") / "zeros", "w+b", buffering=0) as zeros:
        zeros.truncate(size)
        while zeros.readinto(block):
            pass


def processor_seconds(pid):
    """Seconds that a process and its children have computed."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = [pathlib.Path(f"/proc/{it}/stat").read_text().rsplit(")", 1)[1].split() for it in [pid, *children]]
    return sum(int(it[11]) + int(it[12]) for it in fields) / TICKS


def peak_megabytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def timed(*commands):
    started = time.monotonic()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def spread(values, unit):
    return f"{statistics.median(values):10.2f} {unit} ({min(values):.2f} to {max(values):.2f})"


def report(work, unit, ours, peers=()):
    print(f"{work:<34}{spread(ours, unit)}")
    for name, values in dict(peers).items():
        ratio = statistics.median(ours) / statistics.median(values)
        print(f"  {name:<32}{spread(values, unit)}   ours {ratio:.2f} times", flush=True)


class Server:
    """A process that ends with its block."""

    process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid


class Nginx(Server):
    def __init__(self, directory, root):
        home = fresh(directory, "nginx")
        self.root = home / "tls.crt"
        certificate = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        certificate += ["-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.13"]
        timed([*certificate, "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", home / "tls.key", "-out", self.root])
        (home / "nginx.conf").write_text(NGINX.format(home=home, root=root))
        # Its workers run as another user where it is started by root.
        for path in (directory, home, root):
            path.chmod(0o755)
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", home / "nginx.conf", "-e", home / "error.log"])
        self.http, self.https = "http://127.0.0.13:8080", "https://127.0.0.13:8081"
        time.sleep(0.5)


class Agent(Server):
    def __init__(self, fleet, name, ip, protocol, trusted=None):
        self.data = fresh(fleet.directory, name)
        command = [BINARY, "--data", self.data, "agent", "--name", name, "--listen", f"{ip}:8550"]
        command += ["--token-file", fleet.data / "admin-token"] + (["--ca", trusted] if trusted else [])
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.process.stderr.readline()
        self.root = self.data / "certificates/authority.crt"
        at = f"http://{ip}:8080" if protocol == "HTTP" else f"https://{ip}:8081"
        self.url = f"{at}/content/TOP00001"

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.data)


class Fleet:
    """A site with the standard point `standard`, and the pull point `pulling` where it is wanted."""

    def __init__(self, directory, source, protocol="HTTP"):
        self.directory, self.source, self.protocol = directory, source, protocol
        self.data, self.manifests = fresh(directory, "data"), fresh(directory, "manifests")
        (self.data / "admin-token").write_text(os.urandom(32).hex())
        (self.data / "admin-token").chmod(0o600)

    def standard(self):
        """The source, with all content."""
        agent = Agent(self, "standard", SOURCE, self.protocol)
        self._trust(agent)
        self._apply([("standard", SOURCE, "")])
        return agent

    def pulling(self, standard):
        """A pull point with nothing, before it is told to pull."""
        agent = Agent(self, "pulling", PULLING, self.protocol, standard.root)
        self._trust(standard, agent)
        return agent

    def pull(self):
        """Seconds that it takes until the pull point has it, verified and durable, by the journal."""
        self._apply([("standard", SOURCE, ""), ("pulling", PULLING, PULL)])
        return action_seconds(self.data, "DistributeContent:%")

    def _trust(self, *agents):
        """Has the controller believe certificates of the agents' authorities."""
        trusted = self.data / "certificates/trusted.pem"
        trusted.parent.mkdir(mode=0o700, exist_ok=True)
        trusted.write_text("".join(agent.root.read_text() for agent in agents))

    def _apply(self, points):
        text = MANIFESTS.format(path=self.source, points=", ".join(name for name, _, _ in points))
        for name, ip, pull in points:
            text += POINT.format(name=name, ip=ip, pull=pull, protocol=self.protocol)
        (self.manifests / "all.yaml").write_text(text)
        command = [BINARY, "--data", self.data, "up", "--once", self.manifests]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode != 0:
            raise SystemExit(f"up --once failed:\n{ran.stdout}{ran.stderr}")


def reader():
    """The program that reads as fast as it can."""
    command = ["cargo", "bench", "-q", "--bench", "reader", "--no-run", "--message-format", "json"]
    built = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    messages = [json.loads(line) for line in built.splitlines() if line.startswith("{")]
    return next(it["executable"] for it in messages if it.get("executable") and it["target"]["name"] == "reader")
