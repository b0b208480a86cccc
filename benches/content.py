#!/usr/bin/env python3
"""Measures content beside the programs that administrators have, both sides of each comparison in one run.

    cargo build --release && benches/content.py [--rounds 5] [--megabytes 4096] [--files 20000]
        [--only large,tls,small,serve,memory,herd]

Needs Python 3 and the Debian packages curl, openssl, aria2, nginx-light, wrk and iproute2, and about five times the
megabytes of free disk. Everything runs in a temporary directory below --directory, between processes of their own, on
loopback; as root in a network namespace of its own, with the congestion control `reno`. The page cache is warm, and the
memory is full of it before each turn. Contestants take turns; quote ratios of one run.

large   One file: our pull (verified and durable, timed by the journal) beside `curl -o` and then `openssl dgst`, `aria2c`
        with four connections and a checksum, and `curl -o` alone, which verify nothing or make nothing durable; all of them
        from the same distribution point. `dd` copies the file and makes it durable: no pull is faster than its disk.
tls     The same over HTTPS, beside `curl` and `openssl`.
small   Many files of 10 KiB: our pull beside `curl -Z` (unverified) and `aria2c` (verified).
serve   The large file, over HTTP and over TLS 1.3, to a fast reader (`benches/reader.rs`) and to `curl`, and files of 10 KiB
        to `wrk`: our distribution point beside nginx, with the processor time of each server.
memory  The peak of a server while 1,000 connections read the large file, each slowly, over HTTP and HTTPS.
herd    1 MiB to 5,000 connections at once, and to 50.
"""

import argparse
import hashlib
import os
import pathlib
import re
import resource
import subprocess
import tempfile

from processes import (
    Fleet,
    Nginx,
    alone,
    peak_megabytes,
    processor_seconds,
    reader,
    report,
    timed,
    warm,
)
from spine import fresh, random_file

SMALL = 10 * 1024


def large_source(directory, megabytes):
    """A directory with one large file, and its digest."""
    source = fresh(directory, "source")
    return source, random_file(source / "large.bin", megabytes)


def small_source(directory, files):
    source = fresh(directory, "source")
    for number in range(files):
        (source / f"{number:06}.bin").write_bytes(os.urandom(SMALL))
    return source


def curl(url, target, root):
    return ["curl", "-sSf", "--cacert", root, "-o", target, url]


def large(directory, rounds, megabytes, protocol="HTTP"):
    source, digest = large_source(directory, megabytes)
    fleet = Fleet(directory, source, protocol)
    pulled, serving, pulling, memory = [], [], [], []
    peers = {"curl -o; openssl dgst": []}
    if protocol == "HTTP":
        peers |= {"aria2c -x4 --checksum": [], "curl -o": [], "dd conv=fdatasync, no network": []}
    target = directory / "by-others.bin"
    with fleet.standard() as standard:
        url = f"{standard.url}/large.bin"
        get = curl(url, target, standard.root)
        openssl = ["openssl", "dgst", "-sha256", target]
        aria2c = ["aria2c", "-q", "-x4", "-s4", "--file-allocation=falloc", "--allow-overwrite=true"]
        aria2c += [f"--checksum=sha-256={digest}", "-d", directory, "-o", target.name, url]
        # What the disk takes.
        dd = ["dd", f"if={source}/large.bin", f"of={target}", "bs=256k", "conv=fdatasync"]
        for _ in range(rounds):
            with fleet.pulling(standard) as puller:
                warm(directory)
                before = processor_seconds(standard.pid)
                pulled.append(megabytes / fleet.pull())
                serving.append((processor_seconds(standard.pid) - before) / megabytes * 1000)
                pulling.append(processor_seconds(puller.pid) / megabytes * 1000)
                memory.append(peak_megabytes(puller.pid))
            for name, commands in zip(peers, [[get, openssl], [aria2c], [get], [dd]]):
                target.unlink(missing_ok=True)
                warm(directory)
                peers[name].append(megabytes / timed(*commands))
            target.unlink()
    report(f"pull {megabytes} MB over {protocol}", "MB/s", pulled, peers)
    report("  source, processor time", "s/GB", serving)
    report("  puller, processor time", "s/GB", pulling)
    report("  puller, peak of memory", "MB", memory)


def small(directory, rounds, files):
    source = small_source(directory, files)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(source.iterdir())}
    fleet = Fleet(directory, source)
    ours, memory, peers = [], [], {"curl -Z (unverified)": [], "aria2c -j16 --checksum": []}
    with fleet.standard() as standard:
        for _ in range(rounds):
            with fleet.pulling(standard) as puller:
                warm(directory)
                ours.append(files / fleet.pull())
                memory.append(peak_megabytes(puller.pid))
                to, config = fresh(directory, "by-curl"), directory / "curl.txt"
                lines = [f'url = "{standard.url}/{name}"\noutput = "{to}/{name}"\n' for name in digests]
                config.write_text("".join(lines))
                warm(directory)
                seconds = timed(["curl", "-sSf", "-Z", "--parallel-max", "16", "-K", config])
                peers["curl -Z (unverified)"].append(files / seconds)
                to, wanted = fresh(directory, "by-aria2c"), directory / "aria2c.txt"
                entry = "{url}/{name}\n dir={to}\n out={name}\n checksum=sha-256={digest}\n"
                lines = [entry.format(url=standard.url, to=to, name=it, digest=at) for it, at in digests.items()]
                wanted.write_text("".join(lines))
                warm(directory)
                seconds = timed(["aria2c", "-q", "-j16", "--file-allocation=none", "-i", wanted])
                peers["aria2c -j16 --checksum"].append(files / seconds)
    report(f"pull {files} files", "files/s", ours, peers)
    report("  puller, peak of memory", "MB", memory)


def wrk(url, *options):
    """What `wrk` says: requests and bytes a second, requests in all."""
    command = ["wrk", "-t1", *options, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    [rate] = re.findall(r"Requests/sec:\s+([\d.]+)", said)
    [total] = re.findall(r"(\d+) requests in", said)
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url} was not served:\n{said}")
    return float(rate), int(total)


def serve(directory, rounds, megabytes, files):
    source = small_source(directory, files)
    large, _ = large_source(directory, megabytes)
    (large / "large.bin").rename(source / "large.bin")
    fast = reader()
    script = directory / "random.lua"
    for protocol in ("HTTP", "HTTPS"):
        figures = {}

        def note(what, unit, who, value):
            figures.setdefault((what, unit), {}).setdefault(who, []).append(value)

        with Fleet(directory, source, protocol).standard() as standard, Nginx(directory, source) as nginx:
            nginx.url = nginx.http if protocol == "HTTP" else nginx.https
            for _ in range(rounds):
                for name, server in [("ours", standard), ("nginx", nginx)]:
                    url = f"{server.url}/large.bin"
                    for client in ("reader", "curl"):
                        before = processor_seconds(server.pid)
                        if client == "reader":
                            said = subprocess.run([fast, url, server.root], check=True, capture_output=True, text=True)
                            seconds = float(said.stdout.split()[1])
                        else:
                            seconds = timed(curl(url, "/dev/null", server.root))
                        note(f"large to {client}", "MB/s", name, megabytes / seconds)
                        computed = processor_seconds(server.pid) - before
                        note(f"large to {client}, server", "s/GB", name, computed / megabytes * 1000)
                    path = "/" + server.url.split("/", 3)[3] if server.url.count("/") > 2 else ""
                    choose = f'string.format("{path}/%06d.bin", math.random(0, {files - 1}))'
                    script.write_text(f'request = function() return wrk.format("GET", {choose}) end\n')
                    before = processor_seconds(server.pid)
                    rate, total = wrk(server.url, "-c32", "-d4s", "--timeout", "30s", "-s", script)
                    note("small to wrk", "requests/s", name, rate)
                    note("small to wrk, server", "us each", name, (processor_seconds(server.pid) - before) / total * 1e6)
        for (what, unit), values in figures.items():
            report(f"{protocol} {what}", unit, values.pop("ours"), values)


def memory(directory, megabytes):
    source, _ = large_source(directory, megabytes)
    for protocol in ("HTTP", "HTTPS"):
        with Fleet(directory, source, protocol).standard() as standard:
            before = peak_megabytes(standard.pid)
            # Nobody gets all of it in this time: they are slow since they are so many.
            command = ["wrk", "-t1", "-c1000", "-d15s", "--timeout", "60s", f"{standard.url}/large.bin"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            report(f"{protocol} peak with content", "MB", [before])
            report(f"{protocol} peak with 1,000 readers", "MB", [peak_megabytes(standard.pid)])


def herd(directory, rounds):
    source = fresh(directory, "source")
    (source / "one.bin").write_bytes(os.urandom(1 << 20))
    rates = {"5,000 at once": [], "50 at once": []}
    with Fleet(directory, source).standard() as standard:
        for _ in range(rounds):
            for name, number in [("5,000 at once", 5000), ("50 at once", 50)]:
                rate, _ = wrk(f"{standard.url}/one.bin", f"-c{number}", "-d10s", "--timeout", "60s")
                rates[name].append(rate)
        peak = peak_megabytes(standard.pid)
    report("1 MiB to 5,000 at once", "files/s", rates.pop("5,000 at once"), rates)
    report("  server, peak of memory", "MB", [peak])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--megabytes", type=int, default=4096, help="size of the large file")
    arguments.add_argument("--files", type=int, default=20_000, help="how many files of 10 KiB")
    arguments.add_argument("--only", default="large,tls,small,serve,memory,herd", help="which parts, separated by commas")
    arguments.add_argument("--directory", help="where the temporary directory is made")
    given = arguments.parse_args()
    alone()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    parts = {
        "large": lambda at: large(at, given.rounds, given.megabytes),
        "tls": lambda at: large(at, given.rounds, given.megabytes, "HTTPS"),
        "small": lambda at: small(at, given.rounds, given.files),
        "serve": lambda at: serve(at, given.rounds, given.megabytes, given.files),
        "memory": lambda at: memory(at, given.megabytes),
        "herd": lambda at: herd(at, given.rounds),
    }
    for part in given.only.split(","):
        with tempfile.TemporaryDirectory(dir=given.directory) as directory:
            parts[part](pathlib.Path(directory))


if __name__ == "__main__":
    main()
