"""Sends real connections to a host whose nftables rules `headwater ports` wrote.

    firewall_traffic.py RULES

Runs as root of a network namespace of its own, makes a second one for everybody else, and connects
the two. RULES are those of `mix-dp1` in tests/ports/mixed.yaml. Before they are loaded every
connection succeeds; after it exactly those that the hierarchy needs.
"""

import json
import os
import socket
import subprocess
import sys
import threading

HOST = "10.1.0.7"
PEERS = ["10.1.0.5", "10.1.0.8", "203.0.113.9"]
PORTS = [22, 80, 445, 3389, 8550, 60000]
# The site server, a pull distribution point (both on the intranet), and somebody from elsewhere.
ALLOWED = {
    ("10.1.0.5", 80), ("10.1.0.5", 445), ("10.1.0.5", 8550), ("10.1.0.5", 60000),
    ("10.1.0.8", 80),
}
# On one machine an answer comes within a millisecond, and what is dropped never answers.
PATIENCE = 1.0


def run(*command):
    subprocess.run(command, check=True)


def listen(port):
    listener = socket.create_server((HOST, port), backlog=64)

    def accept():
        while True:
            listener.accept()[0].close()

    threading.Thread(target=accept, daemon=True).start()


def connect(peer, port, found):
    with socket.socket() as connection:
        connection.settimeout(PATIENCE)
        connection.bind((peer, 0))
        try:
            connection.connect((HOST, port))
            found.add((peer, port))
        except OSError:
            pass


def everybody():
    """In the other namespace: who reaches what, on a line for each question on standard input."""
    for _ in sys.stdin:
        found = set()
        pairs = [(peer, port) for peer in PEERS for port in PORTS]
        threads = [threading.Thread(target=connect, args=(*pair, found)) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps(sorted(found)), flush=True)


def main(rules):
    others = subprocess.Popen(
        ["unshare", "-n", sys.executable, __file__, "--others"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    assert others.stdout.readline() == "ready\n"
    outside = ["nsenter", "-t", str(others.pid), "-n"]
    run("ip", "link", "set", "lo", "up")
    both_ends = ["inside", "type", "veth", "peer", "name", "outside", "netns", str(others.pid)]
    run("ip", "link", "add", *both_ends)
    run("ip", "address", "add", f"{HOST}/24", "dev", "inside")
    run("ip", "link", "set", "inside", "up")
    run("ip", "route", "add", "203.0.113.0/24", "dev", "inside")
    for peer in PEERS:
        run(*outside, "ip", "address", "add", f"{peer}/24", "dev", "outside")
    run(*outside, "ip", "link", "set", "outside", "up")
    run(*outside, "ip", "route", "replace", f"{HOST}/32", "dev", "outside")
    for port in PORTS:
        listen(port)

    def reached():
        others.stdin.write("\n")
        others.stdin.flush()
        return {tuple(pair) for pair in json.loads(others.stdout.readline())}

    everything = {(peer, port) for peer in PEERS for port in PORTS}
    before = reached()
    assert before == everything, f"not reached without rules: {sorted(everything - before)}"
    for _ in range(2):
        # Loading them again replaces them.
        run("nft", "-f", rules)
        after = reached()
        much, little = sorted(after - ALLOWED), sorted(ALLOWED - after)
        assert after == ALLOWED, f"let through though nobody needs it: {much}; dropped: {little}"
    others.stdin.close()
    others.wait()
    print(f"{len(everything)} connections, {len(ALLOWED)} let through")


if sys.argv[1] == "--others":
    print("ready", flush=True)
    everybody()
else:
    main(os.path.abspath(sys.argv[1]))
