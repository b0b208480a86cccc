#!/usr/bin/env python3
"""What zeep, a SOAP client that knows the protocol from its WSDL, takes to read all 4,125 documents of the genuine export
from an update point, and how much of that the update point computes.

    cargo build --release && benches/zeep.py

Needs what `tests/interop/check` needs, and that it has run once: the client is in its virtual environment.
"""

import pathlib
import subprocess
import tempfile
import time

from processes import processor_seconds
from spine import BINARY, ROOT

INTEROP = ROOT / "tests/interop"
EXPORT = ROOT / "examples/wsus-export/WSUS-2024-06-19.cab"
POINT = """
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {{name: top}}
spec: {{siteCode: TOP, type: Primary, mode: Mixed, version: "2403", siteServer: server}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {{name: server}}
spec: {{site: top, address: 127.0.0.31, placement: Remote, agent: {{url: "http://127.0.0.31:8550"}}, software: {{wsus: "10.0"}}}}
---
apiVersion: headwater.dev/v1alpha1
kind: SoftwareUpdatePoint
metadata: {{name: point}}
spec: {{site: top, siteSystem: server, role: Active, source: {{type: Import, file: {export}}}}}
"""


def python():
    """The interpreter that has zeep."""
    script = f'source "{INTEROP}/environment" "{INTEROP}/requirements.txt" >&2; echo "$python"'
    return subprocess.run(["bash", "-ec", script], check=True, capture_output=True, text=True).stdout.strip()


def main():
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as directory:
        directory = pathlib.Path(directory)
        (directory / "point.yaml").write_text(POINT.format(export=EXPORT))
        up = ["up", "--once", directory / "point.yaml"]
        token = directory / "data/admin-token"
        token.parent.mkdir(mode=0o700)
        token.write_text("b" * 64)
        token.chmod(0o600)
        agent = [BINARY, "--data", directory / "agent", "agent", "--name", "server", "--listen", "127.0.0.31:8550"]
        with subprocess.Popen([*agent, "--token-file", token], stderr=subprocess.PIPE) as server:
            try:
                server.stderr.readline()
                subprocess.run([BINARY, "--data", token.parent, *up], check=True, capture_output=True)
                before, began = processor_seconds(server.pid), time.monotonic()
                read = [python(), INTEROP / "zeep_read.py", "http://127.0.0.31:8530", INTEROP / "wsdl", EXPORT]
                subprocess.run(read, check=True)
                took, ours = time.monotonic() - began, processor_seconds(server.pid) - before
            finally:
                server.terminate()
    print(f"zeep has read everything in {took:.1f} s; the update point computed {ours:.2f} s, {ours / (took - ours):.1%} of the rest")


if __name__ == "__main__":
    main()
