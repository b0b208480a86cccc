#!/usr/bin/env python3
"""Measures content beside the programs that administrators have, both sides of each comparison in one run.

    cargo build --release && benches/content.py [--rounds 5] [--megabytes 4096] [--files 20000] [--only large,small,serve]

Needs Python 3 and the Debian packages curl, openssl, aria2, nginx-light and wrk, and about four times the megabytes of free
disk. Everything runs in a temporary directory below --directory, on loopback, with the page cache warm. Contestants take
turns; quote ratios of one run. ext4 makes files three times more slowly for minutes where thousands were removed before.

large  One file: our pull (verified and durable, timed by the journal, its source in the same process) beside `curl -o` and
       then `openssl dgst`, `aria2c` with four connections and a checksum, and `curl -o` alone, which verify nothing or make
       nothing durable, all from the same distribution point.
small  Many files of 10 KiB: our pull beside `curl -Z` (unverified) and `aria2c` (verified).
serve  The large file to `curl -o /dev/null`, and files of 10 KiB to `wrk`: our distribution point beside nginx, with the
       processor time of each server.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

from spine import BINARY, CONTENT, SITE, action_seconds, fresh, once, serving, spread

SMALL = 10 * 1024
TICKS = os.sysconf("SC_CLK_TCK")
NGINX = """
daemon off; worker_processes 2; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=50000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{ listen 127.0.0.1:8988; root {root}; }}
}}
"""


class Up:
    """`headwater up` with the standard point serving."""

    def __init__(self, data, manifests):
        command = [BINARY, "--data", data, "up", "--every", "1h", manifests]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = serving(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def processor_seconds(pid):
    """Seconds that a process and its children have computed."""
    pids = [pid] + [int(it) for it in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    fields = [pathlib.Path(f"/proc/{it}/stat").read_text().rsplit(")", 1)[1].split() for it in pids]
    return sum(int(it[11]) + int(it[12]) for it in fields) / TICKS


def timed(*commands):
    os.sync()
    started = time.monotonic()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def manifests_for(directory, source):
    manifests = fresh(directory, "manifests")
    text = SITE.format(name="top", code="TOP", type="Primary", parent="") + CONTENT.format(path=source)
    (manifests / "all.yaml").write_text(text)
    return manifests


def report(work, unit, ours, peers):
    print(f"{work:<28}{spread(ours, unit)}")
    for name, values in peers.items():
        print(f"  {name:<26}{spread(values, unit)}   ours {statistics.median(ours) / statistics.median(values):.2f} times")


def large(directory, rounds, megabytes):
    source = fresh(directory, "source")
    digest = hashlib.sha256()
    with open(source / "large.bin", "wb") as file:
        for _ in range(megabytes):
            block = os.urandom(1_000_000)
            digest.update(block)
            file.write(block)
    manifests = manifests_for(directory, source)
    ours, peers = [], {"curl -o; openssl dgst": [], "aria2c -x4 --checksum": [], "curl -o": []}
    for _ in range(rounds):
        data = fresh(directory, "large")
        once(data, manifests)
        ours.append(megabytes / action_seconds(data, "DistributeContent:Package/large@TOP.1"))
        target = directory / "by-others.bin"
        with Up(data, manifests) as up:
            url = f"{up.url}/content/TOP00001/large.bin"
            curl = ["curl", "-sSf", "-o", target, url]
            openssl = ["openssl", "dgst", "-sha256", target]
            aria2c = ["aria2c", "-q", "-x4", "-s4", "--file-allocation=falloc", "--allow-overwrite=true"]
            aria2c += [f"--checksum=sha-256={digest.hexdigest()}", "-d", directory, "-o", target.name, url]
            for name, commands in zip(peers, [[curl, openssl], [aria2c], [curl]]):
                target.unlink(missing_ok=True)
                peers[name].append(megabytes / timed(*commands))
        target.unlink()
        # The copies of one round fill the disk soon enough.
        shutil.rmtree(data)
    report(f"pull {megabytes} MB", "MB/s", ours, peers)


def small_source(directory, files):
    source = fresh(directory, "source")
    for number in range(files):
        (source / f"{number:06}.bin").write_bytes(os.urandom(SMALL))
    return source


def small(directory, rounds, files):
    source = small_source(directory, files)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(source.iterdir())}
    manifests = manifests_for(directory, source)
    ours, peers = [], {"curl -Z (unverified)": [], "aria2c -j16 --checksum": []}
    for _ in range(rounds):
        data = fresh(directory, "small")
        once(data, manifests)
        ours.append(files / action_seconds(data, "DistributeContent:Package/large@TOP.1"))
        with Up(data, manifests) as up:
            to = fresh(directory, "by-curl")
            config = directory / "curl.txt"
            url = f"{up.url}/content/TOP00001"
            config.write_text("".join(f'url = "{url}/{name}"\noutput = "{to}/{name}"\n' for name in digests))
            peers["curl -Z (unverified)"].append(
                files / timed(["curl", "-sSf", "-Z", "--parallel-max", "16", "-K", config])
            )
            to = fresh(directory, "by-aria2c")
            wanted = directory / "aria2c.txt"
            entry = "{url}/{name}\n dir={to}\n out={name}\n checksum=sha-256={digest}\n"
            wanted.write_text("".join(entry.format(url=url, to=to, name=it, digest=at) for it, at in digests.items()))
            peers["aria2c -j16 --checksum"].append(
                files / timed(["aria2c", "-q", "-j16", "--file-allocation=none", "-i", wanted])
            )
    report(f"pull {files} files", "files/s", ours, peers)


class Nginx:
    def __init__(self, directory, root):
        home = fresh(directory, "nginx")
        (home / "nginx.conf").write_text(NGINX.format(home=home, root=root))
        # Its workers run as another user where it is started by root.
        for path in (directory, home, root):
            path.chmod(0o755)
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", home / "nginx.conf", "-e", home / "error.log"])
        self.url = "http://127.0.0.1:8988"
        time.sleep(0.5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def serve(directory, rounds, megabytes, files):
    source = small_source(directory, files)
    with open(source / "large.bin", "wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    manifests = manifests_for(directory, source)
    data = fresh(directory, "serve")
    once(data, manifests)
    script = directory / "random.lua"
    script.write_text(
        f'request = function() return wrk.format("GET", PREFIX .. string.format("/%06d.bin", math.random(0, {files - 1}))) end\n'
    )
    rates, costs, requests, per_request = [{"ours": [], "nginx": []} for _ in range(4)]
    with Up(data, manifests) as up, Nginx(directory, source) as nginx:
        contestants = {"ours": (up, "/content/TOP00001"), "nginx": (nginx, "")}
        for _ in range(rounds):
            for name, (server, path) in contestants.items():
                pid, url = server.process.pid, server.url + path
                before = processor_seconds(pid)
                seconds = timed(["curl", "-sSf", "-o", "/dev/null", f"{url}/large.bin"])
                rates[name].append(megabytes / seconds)
                costs[name].append((processor_seconds(pid) - before) / megabytes * 1000)
                chosen = directory / f"{name}.lua"
                chosen.write_text(script.read_text().replace("PREFIX", f'"{path}"'))
                before = processor_seconds(pid)
                command = ["wrk", "-t1", "-c32", "-d4s", "-s", chosen, server.url]
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                [rate] = [line.split()[1] for line in said.splitlines() if line.startswith("Requests/sec")]
                total = next(int(line.split()[0]) for line in said.splitlines() if " requests in " in line)
                if "Non-2xx" in said:
                    raise SystemExit(f"{name} did not serve:\n{said}")
                requests[name].append(float(rate))
                per_request[name].append((processor_seconds(pid) - before) / total * 1e6)
    for work, unit, values in [
        (f"serve {megabytes} MB", "MB/s", rates),
        ("  server processor time", "s/GB", costs),
        (f"serve {files} files", "requests/s", requests),
        ("  server processor time", "us each", per_request),
    ]:
        report(work, unit, values.pop("ours"), values)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--megabytes", type=int, default=4096, help="size of the large file")
    arguments.add_argument("--files", type=int, default=20_000, help="how many files of 10 KiB")
    arguments.add_argument("--only", default="large,small,serve", help="which parts, separated by commas")
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    parts = given.only.split(",")
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        directory = pathlib.Path(directory)
        if "large" in parts:
            large(directory, given.rounds, given.megabytes)
        if "small" in parts:
            small(directory, given.rounds, given.files)
        if "serve" in parts:
            serve(directory, given.rounds, given.megabytes, given.files)


if __name__ == "__main__":
    main()
