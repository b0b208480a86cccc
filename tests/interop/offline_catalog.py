"""Reads an offline catalog with cabextract and lxml, in the way in which programs read wsusscn2.cab: the
list of cabinets, the list of updates, and for each update the fragments in the cabinet that its
RevisionId leads to. What is found there is compared with the documents of the same catalog.

    offline_catalog.py FILE.cab METADATA.TXT

METADATA.TXT is that of an export of the same update point. Ends with 1 if anything differs.
"""

import pathlib
import subprocess
import sys
import tempfile

from lxml import etree

SYNC = "{http://schemas.microsoft.com/msus/2004/02/OfflineSync}"
UPD = "{http://schemas.microsoft.com/msus/2002/12/Update}"


def unpack(cabinet, to):
    subprocess.run(["cabextract", "-q", "-d", str(to), str(cabinet)], check=True)
    return to


def documents(path):
    """The documents of an export; lengths count UTF-16 units."""
    text = path.read_bytes().decode()
    at = 0
    while at < len(text):
        head = text.index(",", text.index(",", text.index(",", at) + 1) + 1)
        length = int(text[at:head].split(",")[2], 16)
        yield etree.fromstring(text[head + 1 : head + 1 + length])
        at = head + 1 + length + 2


def in_force(path):
    """The latest revision of each update, unless it has expired."""
    latest = {}
    for document in documents(path):
        identity = document.find(UPD + "UpdateIdentity")
        key = identity.get("UpdateID").lower()
        revision = int(identity.get("RevisionNumber"))
        if key not in latest or latest[key][0] < revision:
            latest[key] = (revision, document)
    expired = {
        key
        for key, (_, document) in latest.items()
        if document.find(UPD + "Properties").get("PublicationState") == "Expired"
    }
    return {key: it for key, it in latest.items() if key not in expired}


def local(element):
    return etree.QName(element).localname.rpartition(".")[2]


def shape(element):
    """Names, values and texts, without namespaces, prefixes, comments and what surrounds them."""
    children = [shape(it) for it in element if isinstance(it.tag, str)]
    values = {etree.QName(key).localname: value for key, value in element.attrib.items()}
    # A comment divides a text in two.
    text = (element.text or "") + "".join(it.tail or "" for it in element)
    return (local(element), values, text, children)


def fragment(path):
    return etree.fromstring(b"<Root>" + path.read_bytes() + b"</Root>")


def same(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r} and not {wanted!r}")


def ids(update, name, item, attribute="Id"):
    return [it.get(attribute) for it in update.iterfind(f"{SYNC}{name}//{SYNC}{item}")]


def read(cabinet, metadata, directory):
    outer = unpack(cabinet, directory / "outer")
    index = etree.parse(outer / "index.xml").getroot()
    cabs = [(it.get("NAME"), it.get("RANGESTART")) for it in index.iterfind("CABLIST/CAB")]
    listed = {name for name, _ in cabs} | {"index.xml"}
    same("files of the catalog", {it.name for it in outer.iterdir()}, listed)
    ranges = sorted((int(start), name) for name, start in cabs if start is not None)
    parts = {name: unpack(outer / name, directory / name) for _, name in ranges}
    package = unpack(outer / "package.cab", directory / "package") / "package.xml"
    root = etree.parse(package, etree.XMLParser(huge_tree=True)).getroot()
    same("root", root.tag, SYNC + "OfflineSyncPackage")
    updates = root.findall(f"{SYNC}Updates/{SYNC}Update")
    numbers = {it.get("RevisionId"): it for it in updates}
    same("numbers", len(numbers), len(updates))

    wanted = in_force(metadata)
    same("updates", {it.get("UpdateId") for it in updates}, set(wanted))
    number_of = {it.get("UpdateId"): it.get("RevisionId") for it in updates}
    superseded, bundled = {}, {}
    for key, (_, document) in wanted.items():
        for it in document.iterfind(f"{UPD}Relationships/{UPD}SupersededUpdates/{UPD}UpdateIdentity"):
            superseded.setdefault(it.get("UpdateID").lower(), set()).add(number_of[key])
        for it in document.iterfind(f"{UPD}Relationships/{UPD}BundledUpdates//{UPD}UpdateIdentity"):
            bundled.setdefault(it.get("UpdateID").lower(), set()).add(number_of[key])

    fragments = 0
    for update in updates:
        key, number = update.get("UpdateId"), update.get("RevisionId")
        revision, document = wanted[key]
        same(f"revision of {key}", update.get("RevisionNumber"), str(revision))
        same(f"who supersedes {key}", set(ids(update, "SupersededBy", "Revision")), superseded.get(key, set()))
        same(f"who bundles {key}", set(ids(update, "BundledBy", "Revision")), bundled.get(key, set()))
        prerequisites = document.iterfind(f"{UPD}Relationships/{UPD}Prerequisites//{UPD}UpdateIdentity")
        prerequisites = [it.get("UpdateID").lower() for it in prerequisites]
        same(f"prerequisites of {key}", ids(update, "Prerequisites", "UpdateId"), prerequisites)
        part = parts[[name for start, name in ranges if start <= int(number)][-1]]

        core = fragment(part / "c" / number)
        same(f"identity of {key}", core.find("UpdateIdentity").get("UpdateID").lower(), key)
        for name in ["UpdateIdentity", "Relationships", "ApplicabilityRules"]:
            found, original = core.find(name), document.find(UPD + name)
            same(f"{name} of {key}", found is None, original is None)
            if found is not None:
                same(f"{name} of {key}", shape(found), shape(original))
        extended = fragment(part / "x" / number)
        same(f"extended fragment of {key}", extended[0].tag, "ExtendedProperties")
        fragments += 2
        for original in document.iterfind(f"{UPD}LocalizedPropertiesCollection/{UPD}LocalizedProperties"):
            language = original.findtext(UPD + "Language")
            localized = fragment(part / "l" / language / number)
            same(f"{language} of {key}", shape(localized[0]), shape(original))
            fragments += 1
    files = sum(1 for it in parts.values() for path in it.rglob("*") if path.is_file())
    same("files of fragments", files, fragments)
    return len(updates), fragments, len(parts)


def main():
    cabinet, metadata = map(pathlib.Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as directory:
        updates, fragments, parts = read(cabinet, metadata, pathlib.Path(directory))
    print(f"{cabinet.name}: {updates} updates, {fragments} fragments in {parts} cabinet(s), as in their documents")


main()
