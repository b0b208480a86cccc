#!/usr/bin/env python3
"""Writes content/printer-definitions: 2,400 small files, all different, in a nested tree.

Nothing in them is real: the makers, the models and every figure are invented. The same files come out on every run and
on every machine, so the committed ones can be checked with `git status` after a run.
"""

import hashlib
from pathlib import Path

MAKERS = [
    "alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel", "ironwood", "juniper", "katsura", "larch",
]
SERIES = ["office", "studio", "label", "plot", "travel", "archive", "press", "desk", "floor", "counter"]
MODELS = 20

ROOT = Path(__file__).resolve().parent / "content" / "printer-definitions"


class Draw:
    """Choices that depend on a name alone: the `random` module may choose differently in another Python."""

    def __init__(self, name):
        self.name = name
        self.count = 0

    def number(self, below):
        self.count += 1
        digest = hashlib.sha256(f"{self.name}#{self.count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % below

    def among(self, things):
        return things[self.number(len(things))]

    def some(self, things):
        return [thing for thing in things if self.number(2)] or things[:1]


def definition(draw, maker, series, model):
    lines = [
        "# Invented: no such printer exists.",
        f"model      {maker} {series} {model}",
        f"resolution {draw.among([300, 600, 1200, 2400])} dpi",
        f"speed      {4 + draw.number(87)} pages a minute",
        f"memory     {2 ** (5 + draw.number(7))} MB",
        f"trays      {1 + draw.number(6)}",
        f"paper      {' '.join(draw.some(['A3', 'A4', 'A5', 'B5', 'letter', 'legal', 'roll']))}",
        f"duplex     {draw.among(['yes', 'no'])}",
        f"colours    {draw.among(['black', 'black cyan magenta yellow', 'black light-black'])}",
        f"serial     {draw.number(2 ** 64):016x}",
    ]
    return "\n".join(lines) + "\n"


def main():
    written = 0
    for maker in MAKERS:
        for series in SERIES:
            folder = ROOT / maker / series
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(1, MODELS + 1):
                model = f"{maker[0]}{series[0]}-{number * 10:03}"
                # By its own name: adding a maker leaves the files of the others as they are.
                draw = Draw(f"{maker}/{series}/{model}")
                text = definition(draw, maker, series, model)
                (folder / f"{model}.txt").write_bytes(text.encode("ascii"))
                written += 1
    print(f"{written} files below {ROOT}")


if __name__ == "__main__":
    main()
