"""Parses PowerShell scripts with a grammar of the language, and says where one is not PowerShell.

    powershell_parse.py FILE...
"""

import sys

import tree_sitter_powershell
from tree_sitter import Language, Parser


def wrong(node):
    if node.type == "ERROR" or node.is_missing:
        yield node
    for child in node.children:
        yield from wrong(child)


parser = Parser(Language(tree_sitter_powershell.language()))
failed = False
for name in sys.argv[1:]:
    with open(name, "rb") as script:
        root = parser.parse(script.read()).root_node
    for node in wrong(root):
        line, column = node.start_point
        print(f"{name}:{line + 1}:{column + 1}: {node.type} {node.text[:60]!r}", file=sys.stderr)
        failed = True
sys.exit(failed)
