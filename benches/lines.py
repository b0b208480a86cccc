"""What `what_if.py` runs on: computers as network namespaces, joined by lines that are as narrow as is said.

Each site is a bridge, in a namespace of their own, and so is the socket in the wall of each computer. A line is a pair of
virtual cards between two bridges, with a token bucket (`tc tbf`) at both ends, which counts whole Ethernet frames, headers
included, as a line does. A computer is a namespace with a card that is as fast as it can be, at its socket: of what still
waits in the computer itself, Linux keeps no more than a few packets of each connection, whatever TCP would send, so that
connections would share a slow card otherwise than any line. No card puts segments together before it sends them
(`gso_max_segs 1`): what the counters of the cards say is what would be on the wire.
"""

import json
import os
import subprocess


def run(*command):
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {ran.stderr}")
    return ran.stdout


class Lines:
    """Sites, lines between them, and computers in them. Ends with its block, and so does all that is in it."""

    def __init__(self):
        self.prefix = f"what-if-{os.getpid()}"
        self.wires = f"{self.prefix}-wires"
        self.computers, self.bridges, self.cards, self.pairs = {}, {}, {}, 0

    def __enter__(self):
        try:
            self._namespace(self.wires)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for namespace in [*(self.namespace(name) for name in self.computers), self.wires]:
            subprocess.run(["ip", "netns", "delete", namespace], stderr=subprocess.DEVNULL)

    def namespace(self, computer):
        return f"{self.prefix}-{computer}"

    def site(self, code):
        """A switch that is in nobody's way."""
        self.bridges[code] = self._bridge(f"site{len(self.bridges)}")

    def line(self, one, other, megabits):
        """A line between two sites, as fast in each direction."""
        ends = self._pair(self.bridges[one], self.bridges[other], megabits)
        self.cards[one, other], self.cards[other, one] = ends

    def computer(self, name, site, megabits):
        """A computer in a site, behind a line of its own; its address."""
        number = len(self.computers) + 1
        address = self.computers[name] = f"10.66.0.{number}"
        namespace = self.namespace(name)
        self._namespace(namespace)
        socket, plug = self._bridge(f"socket{number}"), f"plug{number}"
        run("ip", "-n", self.wires, "link", "add", plug, "type", "veth", "peer", "name", "card", "netns", namespace)
        run("ip", "-n", self.wires, "link", "set", plug, "master", socket, "up")
        self._pair(socket, self.bridges[site], megabits)
        run("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", "card")
        run("ip", "-n", namespace, "link", "set", "card", "up", "gso_max_segs", "1")
        return address

    def inside(self, computer, command, **more):
        """A process on a computer. Whatever else the machine does, it is served first, as on a computer of its own."""
        command = ["ip", "netns", "exec", self.namespace(computer), "chrt", "--rr", "1", *map(str, command)]
        return subprocess.Popen(command, **more)

    def moved(self):
        """Bytes that have gone over each direction of each line, in whole frames."""
        said = json.loads(run("ip", "-n", self.wires, "-s", "-j", "link", "show"))
        sent = {card["ifname"]: card["stats64"]["tx"]["bytes"] for card in said}
        return {direction: sent[card] for direction, card in self.cards.items()}

    def _namespace(self, name):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        # By acknowledgements alone: the timers by which BBR paces cost more than the bytes.
        settings = ["net.ipv4.tcp_congestion_control=reno", "net.ipv6.conf.all.disable_ipv6=1"]
        run("ip", "netns", "exec", name, "sysctl", "-qw", *settings)

    def _bridge(self, name):
        run("ip", "-n", self.wires, "link", "add", name, "type", "bridge")
        run("ip", "-n", self.wires, "link", "set", name, "up")
        return name

    def _pair(self, one, other, megabits):
        """Joins two bridges; the cards that send from the one and from the other."""
        self.pairs += 1
        ends = [f"there{self.pairs}", f"back{self.pairs}"]
        run("ip", "-n", self.wires, "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for end, bridge in zip(ends, (one, other)):
            run("ip", "-n", self.wires, "link", "set", end, "master", bridge, "up")
            bucket = f"tbf rate {megabits}mbit burst 64kb latency 50ms".split()
            run("tc", "-n", self.wires, "qdisc", "add", "dev", end, "root", *bucket)
        return ends
