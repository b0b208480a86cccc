"""Compares what a chart says of its values in three places: values.yaml, its schema, and the table in
its README.md, which `--write` makes anew. And its dashboards with the figures that there are.

Comments that begin with `# --` stand above the value that they are about, as helm-docs wants it."""

import json
import re
import sys
from pathlib import Path

import yaml

BEGIN = "<!-- values: made of values.yaml by `tests/interop/chart readme` -->"
END = "<!-- end of values -->"


def comment_above(lines, line):
    """The comment that ends right above a line."""
    words = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        text = lines[line].lstrip().removeprefix("#").strip()
        if text.startswith("-- "):
            return " ".join([text.removeprefix("-- "), *reversed(words)])
        words.append(text)
    return None


def values(node, lines, path=()):
    """Each value with its comment: path, default, comment."""
    for key, value in node.value:
        here = (*path, key.value)
        comment = comment_above(lines, key.start_mark.line)
        if comment:
            yield here, yaml.SafeLoader("").construct_document(value), comment
        elif isinstance(value, yaml.MappingNode) and value.value:
            yield from values(value, lines, here)
        else:
            sys.exit(f"values.yaml: {'.'.join(here)} has no comment that says what it is for")


def table(rows):
    """The table of README.md."""
    kinds = {bool: "bool", int: "int", str: "string", list: "list", dict: "object"}
    yield "| Value | Type | Default | What it is for |"
    yield "|---|---|---|---|"
    for path, default, comment in rows:
        shown = json.dumps(default, ensure_ascii=False).replace("|", "\\|")
        yield f"| `{'.'.join(path)}` | {kinds[type(default)]} | `{shown}` | {comment.replace('|', chr(92) + '|')} |"


def leaves(schema, path=()):
    """The paths of a schema, down to where anything goes."""
    for name, inner in schema.get("properties", {}).items():
        yield (*path, name), inner
        yield from leaves(inner, (*path, name))


def compare_schema(rows, schema):
    known = dict(leaves(schema))
    for path, *_ in rows:
        if path not in known:
            sys.exit(f"values.schema.json does not know {'.'.join(path)}")
    said = {path[:end] for path, *_ in rows for end in range(1, len(path) + 1)}
    for path, inner in known.items():
        # What is inside a value that values.yaml says as a whole is in none of its comments.
        inside = any(path[:end] in {row[0] for row in rows} for end in range(1, len(path)))
        if path not in said and not inside and path != ("global",):
            sys.exit(f"values.yaml says nothing of {'.'.join(path)}")
        if "properties" in inner and "required" not in inner and inner.get("additionalProperties") is not False:
            sys.exit(f"values.schema.json: anything goes in {'.'.join(path)}")
    if schema.get("additionalProperties") is not False:
        sys.exit("values.schema.json: anything goes")


def compare_dashboards(chart, readme):
    """Each figure of a dashboard is one of the table of figures, which a test of the crate compares with
    those that there are."""
    figures = set()
    for line in readme.splitlines():
        found = re.match(r"\| `((?:headwater|process)_[a-z_]+)(?:\{[a-z,]*\})?` \| (.*) \|$", line)
        if found:
            figures.add(found[1])
            if found[2].startswith("histogram:"):
                figures |= {found[1] + end for end in ("_bucket", "_sum", "_count")}
    if len(figures) < 20:
        sys.exit(f"README.md: only {len(figures)} figures found in its table")
    used = set()
    for path in sorted((chart / "dashboards").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        expressions = [it["expr"] for panel in board["panels"] for it in panel.get("targets", [])]
        expressions += [it["query"]["query"] for it in board["templating"]["list"] if it["type"] == "query"]
        named = {name for it in expressions for name in re.findall(r"\b(?:headwater|process)_[a-z_]+", it)}
        if not named:
            sys.exit(f"{path.name} shows nothing")
        if named - figures:
            sys.exit(f"{path.name} names figures that do not exist: {', '.join(sorted(named - figures))}")
        identifiers = [panel["id"] for panel in board["panels"]]
        if len(set(identifiers)) != len(identifiers):
            sys.exit(f"{path.name} has two panels of one id")
        used |= named
    if not used:
        sys.exit("there is no dashboard")
    return len(used)


def main():
    write = sys.argv[1] == "--write"
    chart = Path(sys.argv[-1])
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    rows = list(values(yaml.compose(text), text.splitlines()))
    readme = chart / "README.md"
    before = readme.read_text(encoding="utf-8")
    head, _, rest = before.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        sys.exit(f"{readme} has no place for the table: {BEGIN} ... {END}")
    after = "\n".join([head + BEGIN, "", *table(rows), "", END]) + tail
    if write:
        readme.write_text(after, encoding="utf-8")
    elif before != after:
        sys.exit(f"{readme} does not say what values.yaml says: `tests/interop/chart readme` makes the table anew")
    compare_schema(rows, json.loads((chart / "values.schema.json").read_text(encoding="utf-8")))
    figures = compare_dashboards(chart, Path("README.md").read_text(encoding="utf-8"))
    print(f"{len(rows)} values with comments, in the schema and in the table; {figures} figures on dashboards")


main()
