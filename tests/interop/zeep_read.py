#!/usr/bin/env python3
"""Reads a server with zeep, a SOAP client that knows this protocol only from its WSDL, and
compares every document with the export the server was filled from.

    zeep_read.py URL WSDL_DIR EXPORT [--soap12]

URL is the server's root, such as http://127.0.0.1:8530. EXPORT is the .cab of a `wsusutil export`
(needs cabextract) or its unpacked metadata.txt. Needs the packages zeep, lxml and requests.
Prints `documents N mismatches M`; ends with 1 if anything differs.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import uuid

import zeep

SYNC = "/ServerSyncWebService/ServerSyncWebService.asmx"
AUTH = "DssAuthWebService/DssAuthWebService.asmx"
NAMESPACE = "http://www.microsoft.com/SoftwareDistribution"


def export_records(path):
    """(identifier, revision) -> document, read by the lengths in the file (UTF-16 units)."""
    if path.suffix == ".cab":
        command = ["cabextract", "-q", "-p", "-F", "metadata.txt", str(path)]
        raw = subprocess.run(command, check=True, capture_output=True).stdout
    else:
        raw = path.read_bytes()
    units = raw.decode("utf-8").encode("utf-16-le")
    at, records = 0, {}
    while at < len(units):
        head = units[at : at + 110].decode("utf-16-le")
        identifier, revision, length = head[:36], int(head[37:45], 16), int(head[46:54], 16)
        end = at + 110 + 2 * length
        records[identifier.lower(), revision] = units[at + 110 : end].decode("utf-16-le")
        assert units[end : end + 4].decode("utf-16-le") == "\r\n", f"no line end after {identifier}"
        at = end + 4
    return records


def connect(wsdl, address, soap12):
    """The operations of one service, and the factory of its types."""
    client = zeep.Client(str(wsdl), settings=zeep.Settings(xml_huge_tree=True))
    name = "Soap12Binding" if soap12 else "Soap11Binding"
    bindings = client.wsdl.bindings.items()
    binding = next(key for key, it in bindings if type(it).__name__ == name)
    return client.create_service(binding, address), client.type_factory


def of_category_type(records, wanted):
    """Identifiers of the categories of these types."""
    pattern = re.compile(r'CategoryType="(\w+)"')
    found = {
        identifier
        for (identifier, _), text in records.items()
        if (match := pattern.search(text)) and match.group(1) in wanted
    }
    return sorted(found)


class Reader:
    def __init__(self, url, wsdl_dir, soap12):
        self.url, self.wsdl_dir, self.soap12 = url.rstrip("/"), wsdl_dir, soap12
        wsdl = wsdl_dir / "ServerSync.wsdl"
        self.sync, self.factory = connect(wsdl, self.url + SYNC, soap12)
        self.types = self.factory(NAMESPACE)
        self.cookie = self.authorize()

    def authorize(self):
        config = self.sync.GetAuthConfig()
        plug_ins = config.AuthInfo.AuthPlugInInfo
        assert len(plug_ins) == 1 and plug_ins[0].PlugInID == "DssTargeting", plug_ins
        assert plug_ins[0].ServiceUrl == AUTH, plug_ins[0].ServiceUrl
        address = f"{self.url}/{plug_ins[0].ServiceUrl}"
        auth, _ = connect(self.wsdl_dir / "DssAuth.wsdl", address, self.soap12)
        ticket = auth.GetAuthorizationCookie(
            accountName="zeep.example.org", accountGuid=str(uuid.uuid4())
        )
        assert ticket.PlugInId == "DssTargeting" and ticket.CookieData, ticket
        ticket = self.types.AuthorizationCookie(
            PlugInId=ticket.PlugInId, CookieData=ticket.CookieData
        )
        tickets = self.types.ArrayOfAuthorizationCookie([ticket])
        cookie = self.sync.GetCookie(authCookies=tickets, protocolVersion="1.20")
        assert cookie.Expiration and cookie.EncryptedData, cookie
        return cookie

    def config(self):
        config = self.sync.GetConfigData(cookie=self.cookie)
        for name in config:
            assert config[name] is not None or name == "NewConfigAnchor", f"{name} is absent"
        assert config.MaxNumberOfUpdatesPerRequest > 0
        return config

    def revisions(self, get_config, products=(), classifications=(), anchor=None):
        def ids(identifiers):
            items = [self.types.IdAndDelta(Id=it, Delta=True) for it in identifiers]
            return self.types.ArrayOfIdAndDelta(items)

        lists = {} if get_config else {
            "Categories": ids(products),
            "Classifications": ids(classifications),
        }
        query = self.types.ServerSyncFilter(
            Anchor=anchor, GetConfig=get_config, Get63LanguageOnly=False, **lists
        )
        answer = self.sync.GetRevisionIdList(cookie=self.cookie, filter=query)
        assert answer.Anchor, "no anchor"
        listed = answer.NewRevisions.UpdateIdentity if answer.NewRevisions else []
        return [(it.UpdateID.lower(), it.RevisionNumber) for it in listed], answer.Anchor

    def documents(self, identities, batch):
        for start in range(0, len(identities), batch):
            wanted = identities[start : start + batch]
            items = [self.types.UpdateIdentity(UpdateID=u, RevisionNumber=r) for u, r in wanted]
            data = self.sync.GetUpdateData(
                cookie=self.cookie, updateIds=self.types.ArrayOfUpdateIdentity(items)
            )
            got = data.updates.ServerSyncUpdateData if data.updates else []
            answered = [(it.Id.UpdateID.lower(), it.Id.RevisionNumber) for it in got]
            assert sorted(answered) == sorted(wanted), f"batch at {start}: other identities"
            yield from zip(answered, (it.XmlUpdateBlob for it in got))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("wsdl_dir", type=pathlib.Path)
    parser.add_argument("export", type=pathlib.Path)
    parser.add_argument("--soap12", action="store_true", help="speak SOAP 1.2")
    arguments = parser.parse_args()

    records = export_records(arguments.export)
    reader = Reader(arguments.url, arguments.wsdl_dir, arguments.soap12)
    config = reader.config()
    categories, anchor = reader.revisions(True)
    products = of_category_type(records, {"Product", "ProductFamily"})
    classifications = of_category_type(records, {"UpdateClassification"})
    updates, _ = reader.revisions(False, products, classifications)
    again, _ = reader.revisions(True, anchor=anchor)
    if again:
        print(f"{len(again)} revisions are listed again after their own anchor", file=sys.stderr)

    listed = categories + updates
    mismatches = len(again) + len(listed) - len(set(listed))
    for identity in sorted(set(records) ^ set(listed)):
        where = "not listed" if identity in records else "not in the export"
        print(f"{identity[0]}.{identity[1]}: {where}", file=sys.stderr)
        mismatches += 1
    count = 0
    for identity, text in reader.documents(listed, config.MaxNumberOfUpdatesPerRequest):
        count += 1
        if identity in records and text != records[identity]:
            print(f"{identity[0]}.{identity[1]}: text differs", file=sys.stderr)
            mismatches += 1
    print(f"documents {count} mismatches {mismatches}")
    sys.exit(1 if mismatches or not count else 0)


if __name__ == "__main__":
    main()
