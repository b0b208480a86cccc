#!/usr/bin/env python3
"""Makes every call that the published descriptions of MS-WSUSSS have, with zeep, which reads the
answers by them, and provokes each fault that the specification names.

    zeep_calls.py URL WSDL_DIR [--soap12]

URL is the root of an update point that holds something, such as http://127.0.0.1:8530. It writes: a
downstream server and a computer of invented names are told of. Needs the packages zeep, lxml and
requests. Prints `calls N faults M`; ends with an error if an answer is not as it should be.
"""

import argparse
import datetime
import pathlib
import uuid

import zeep

from zeep_read import NAMESPACE, Reader, connect

REPORTING = "/ReportingWebService/ReportingWebService.asmx"
DUMMY = {"Expiration": "9999-12-31T23:59:59", "EncryptedData": b""}
NOW = datetime.datetime.now(datetime.timezone.utc)
BUILT_IN = {"a0a08746-4dbe-4a37-9adf-9e7652c0b421", "b73ca6ed-5727-47f3-84de-015e03f6a88a"}


class Called:
    """The operations of one service; counts those that were called."""

    def __init__(self, service, wsdl):
        self.service = service
        described = next(iter(zeep.Client(str(wsdl)).wsdl.services.values()))
        self.all = set(next(iter(described.ports.values())).binding._operations)
        self.called, self.faults = set(), 0

    def __getattr__(self, name):
        operation = getattr(self.service, name)

        def call(**parameters):
            answer = operation(**parameters)
            self.called.add(name)
            return answer

        return call

    def refused(self, code, message, name, **parameters):
        """The call is answered by this fault: code, message and method stand in its detail."""
        try:
            answer = getattr(self.service, name)(**parameters)
        except zeep.exceptions.Fault as fault:
            parts = {}
            details = fault.detail if isinstance(fault.detail, list) else [fault.detail]
            for detail in details:
                if detail is None or isinstance(detail, str):
                    continue
                for part in detail.iter():
                    parts.setdefault(part.tag, part.text or "")
            assert parts.get("ErrorCode") == code, (name, code, parts)
            assert message is None or parts["Message"] == message, (name, message, parts)
            assert parts["Method"].strip('"').endswith("/" + name), (name, parts)
            uuid.UUID(parts["ID"])
            self.faults += 1
            return parts["Message"]
        raise AssertionError(f"{name} was answered instead of refused with {code}: {answer}")


def items(value, name):
    """The items of a list, which may be empty or absent; zeep takes off what holds only one thing."""
    return value if isinstance(value, list) else list(getattr(value, name, None) or [])


def identities(types, pairs):
    made = [types.UpdateIdentity(UpdateID=update, RevisionNumber=number) for update, number in pairs]
    return types.ArrayOfUpdateIdentity(made)


def synchronization(reader, url, wsdl_dir, soap12):
    """The calls of ServerSyncWebService and DssAuthWebService."""
    types = reader.types
    sync = Called(reader.sync, wsdl_dir / "ServerSync.wsdl")
    # The reader itself has made these to get here; they are made again to be counted.
    config = sync.GetAuthConfig()
    auth, _ = connect(wsdl_dir / "DssAuth.wsdl",
                      f"{url}/{config.AuthInfo.AuthPlugInInfo[0].ServiceUrl}", soap12)
    auth = Called(auth, wsdl_dir / "DssAuth.wsdl")
    ticket = auth.GetAuthorizationCookie(accountName="zeep.example.org",
                                         accountGuid=str(uuid.uuid4()))
    tickets = types.ArrayOfAuthorizationCookie([
        types.AuthorizationCookie(PlugInId=ticket.PlugInId, CookieData=ticket.CookieData)])
    cookie = sync.GetCookie(authCookies=tickets, protocolVersion="1.20")
    broken = types.Cookie(Expiration=cookie.Expiration, EncryptedData=b"broken")
    for service in (sync, auth):
        health = service.Ping(pingLevel=0)
        assert health.SuccessFlag and health.ServicesName, health

    limits = sync.GetConfigData(cookie=cookie)
    assert limits.MaxUpdatesPerRequestInGetUpdateDecryptionData == 100, limits
    assert limits.ProtocolVersion == "1.20", limits
    query = types.ServerSyncFilter(GetConfig=True, Get63LanguageOnly=False)
    listed = sync.GetRevisionIdList(cookie=cookie, filter=query)
    first = [(it.UpdateID, it.RevisionNumber) for it in listed.NewRevisions.UpdateIdentity[:2]]
    data = sync.GetUpdateData(cookie=cookie, updateIds=identities(types, first))
    assert len(data.updates.ServerSyncUpdateData) == 2
    keys = sync.GetUpdateDecryptionData(cookie=cookie, updateIds=identities(types, first))
    keys = items(keys, "ServerSyncUpdateFileDecryption")
    assert [it.UpdateId.UpdateID for it in keys] == [it[0] for it in first], keys
    told = sync.GetDeployments(cookie=cookie, syncAnchor=listed.Anchor)
    groups = items(told.Groups, "ServerSyncTargetGroup")
    assert BUILT_IN <= {it.TargetGroupID for it in groups if it.IsBuiltin}, groups
    assert told.Anchor, told
    again = sync.GetDeployments(cookie=cookie, deploymentAnchor=told.Anchor,
                                syncAnchor=listed.Anchor)
    assert not items(again.Deployments, "ServerSyncDeployment"), again
    related = sync.GetRelatedRevisionsForUpdates(cookie=cookie,
                                                 updateIDs=types.ArrayOfGuid([first[0][0]]))
    assert not items(related, "UpdateIdentity"), related

    hundred_and_one = identities(types, [first[0]] * 101)
    unknown = identities(types, [(str(uuid.uuid4()), 1)])
    digests = types.ArrayOfBase64Binary
    for name, parameters in [
        ("GetConfigData", {}),
        ("GetRevisionIdList", {"filter": query}),
        ("GetUpdateData", {"updateIds": identities(types, first)}),
        ("GetUpdateDecryptionData", {"updateIds": identities(types, first)}),
        ("GetDeployments", {"syncAnchor": listed.Anchor}),
        ("GetRelatedRevisionsForUpdates", {}),
        ("DownloadFiles", {"fileDigestList": digests([b"1" * 20])}),
    ]:
        sync.refused("InvalidCookie", "", name, cookie=broken, **parameters)
        sync.refused("InvalidCookie", "", name, **parameters)
    sync.refused("InvalidParameters", "updateIds", "GetUpdateData", cookie=cookie,
                 updateIds=hundred_and_one)
    sync.refused("InvalidParameters", "updateIds", "GetUpdateData", cookie=cookie)
    sync.refused("InternalServerError", None, "GetUpdateData", cookie=cookie, updateIds=unknown)
    sync.refused("InvalidParameters", "updateIds", "GetUpdateDecryptionData", cookie=cookie,
                 updateIds=hundred_and_one)
    sync.refused("InternalServerError", None, "GetUpdateDecryptionData", cookie=cookie,
                 updateIds=unknown)
    for name, anchor in [("filter", "garbage"), (None, "1,2001-01-01 00:00:00.000")]:
        bad = types.ServerSyncFilter(Anchor=anchor, GetConfig=True, Get63LanguageOnly=False)
        code = "InvalidParameters" if name else "ServerChanged"
        sync.refused(code, name or "", "GetRevisionIdList", cookie=cookie, filter=bad)
    sync.refused("InvalidParameters", "filter", "GetRevisionIdList", cookie=cookie)
    sync.refused("InvalidParameters", "configAnchor", "GetConfigData", cookie=cookie,
                 configAnchor="garbage")
    sync.refused("InvalidParameters", "syncAnchor", "GetDeployments", cookie=cookie)
    sync.refused("InvalidParameters", "deploymentAnchor", "GetDeployments", cookie=cookie,
                 deploymentAnchor="garbage", syncAnchor=listed.Anchor)
    missing = sync.refused("FileDigestsMissing", None, "DownloadFiles", cookie=cookie,
                           fileDigestList=digests([b"1" * 20, b"2" * 20]))
    assert len(missing.split("|")) == 2, missing
    for bad in (digests([b"1" * 20] * 101), digests([])):
        sync.refused("InvalidParameters", "fileDigestList", "DownloadFiles", cookie=cookie,
                     fileDigestList=bad)
    sync.refused("InvalidParameters", "authCookies", "GetCookie", protocolVersion="1.20")
    sync.refused("InvalidParameters", "protocolVersion", "GetCookie", authCookies=tickets,
                 protocolVersion="x")
    sync.refused("IncompatibleProtocolVersion", "", "GetCookie", authCookies=tickets,
                 protocolVersion="2.0")
    forged = types.ArrayOfAuthorizationCookie([
        types.AuthorizationCookie(PlugInId="DssTargeting", CookieData=b"forged")])
    sync.refused("InvalidAuthorizationCookie", "", "GetCookie", authCookies=forged,
                 protocolVersion="1.20")
    auth.refused("InvalidParameters", "accountGuid", "GetAuthorizationCookie",
                 accountName="zeep.example.org", accountGuid="x")
    auth.refused("InvalidParameters", "machineName", "GetAuthorizationCookie", accountName="",
                 accountGuid=str(uuid.uuid4()))
    # Nothing here has files, so that this call is answered by nothing but faults.
    sync.called.add("DownloadFiles")
    return [sync, auth]


def reporting(url, wsdl_dir, soap12):
    """The calls of ReportingWebService."""
    wsdl = wsdl_dir / "ServerReporting.wsdl"
    service, factory = connect(wsdl, url + REPORTING, soap12)
    service, types = Called(service, wsdl), factory(NAMESPACE)
    assert service.Ping(pingLevel=1).ServicesName == "ReportingWebService"
    wanted = service.GetRollupConfiguration(cookie=DUMMY)
    assert wanted.RollupComputersMaxBatchSize > 0, wanted
    server, computer, update = str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4())

    def server_info(**changes):
        kind = types.DownstreamServerRollupServerSummary
        summary = kind(**{name: 1 for name, _ in kind.elements})
        values = {
            "ServerId": server, "FullDomainName": "zeep.example.org", "LastSyncTime": NOW,
            "ParentServerId": str(uuid.UUID(int=0)), "Version": "10.0.26100.1",
            "IsReplica": False, "LastRollupTime": NOW, "ServerSummary": summary,
        }
        return types.DownstreamServerRollupInfo(**(values | changes))

    servers = types.ArrayOfDownstreamServerRollupInfo
    service.RollupDownstreamServers(cookie=DUMMY, clientTime=NOW,
                                    downstreamServers=servers([server_info()]))

    def computer_info(**changes):
        values = {
            "ComputerId": computer, "LastSyncTime": NOW, "LastSyncResult": 1,
            "LastReportedRebootTime": NOW, "LastReportedStatusTime": NOW,
            "LastInventoryTime": NOW, "ParentServerId": server,
        }
        return types.ComputerRollupInfo(**(values | changes))

    computers = types.ArrayOfComputerRollupInfo
    changed = service.RollupComputers(cookie=DUMMY, clientTime=NOW,
                                      computers=computers([computer_info()]))
    changed = [(it.ComputerId, it.Change) for it in items(changed, "ChangedComputer")]
    assert changed == [(computer, "NewParent")], changed
    number = types.ComputerLastRollupNumber(ComputerId=computer, RollupNumber=1)
    numbers = types.ArrayOfComputerLastRollupNumber([number])
    missed = service.GetOutOfSyncComputers(cookie=DUMMY, parentServerId=server,
                                           lastRollupNumbers=numbers)
    assert items(missed, "string") == [computer], missed
    status = types.ComputerStatusRollupInfo(
        InstanceId=str(uuid.uuid4()), ComputerId=computer, EffectiveLastDetectionTime=NOW,
        RollupNumber=1, IsFullRollup=True,
        UpdateStatus=types.ArrayOfComputerStatusRollupUpdateStatus([
            types.ComputerStatusRollupUpdateStatus(UpdateId=update, SummarizationState=2,
                                                   LastChangeTime=NOW)]))
    statuses = types.ArrayOfComputerStatusRollupInfo
    assert service.RollupComputerStatus(cookie=DUMMY, clientTime=NOW, parentServerId=server,
                                        computers=statuses([status])) is True
    missed = service.GetOutOfSyncComputers(cookie=DUMMY, parentServerId=server,
                                           lastRollupNumbers=numbers)
    assert not items(missed, "string"), missed
    event = types.ReportingEvent(
        BasicData=types.BasicData(
            TargetID=types.ComputerTargetIdentifier(Sid=computer), SequenceNumber=0,
            TimeAtTarget=NOW, EventInstanceID=str(uuid.uuid4()), NamespaceID=1, EventID=156,
            SourceID=1, Win32HResult=0))
    events = types.ArrayOfReportingEvent([event])
    assert service.ReportEventBatch(cookie=DUMMY, clientTime=NOW, eventBatch=events) is True
    assert service.ReportEventBatch2(computerId=computer, clientTime=NOW,
                                     eventBatch=events) is True
    assert service.GetRequiredInventoryType(cookie=DUMMY, rulesId=update, rulesVersion="1") == 0
    inventory = types.ReportingInventory(IsCompressed=False, RawXml="<Inventory />")
    assert service.ReportInventory(cookie=DUMMY, clientTime=NOW, inventory=inventory) is False

    service.refused("InvalidParameters", "downstreamServers", "RollupDownstreamServers",
                    cookie=DUMMY, clientTime=NOW)
    service.refused("InternalServerError", None, "RollupDownstreamServers", cookie=DUMMY,
                    clientTime=NOW, downstreamServers=servers([
                        server_info(ServerId=str(uuid.uuid4()), ParentServerId=update)]))
    service.refused("InvalidParameters", "computers", "RollupComputers", cookie=DUMMY,
                    clientTime=NOW)
    service.refused("InternalServerError", None, "RollupComputers", cookie=DUMMY, clientTime=NOW,
                    computers=computers([computer_info(ParentServerId=update)]))
    many = computers([computer_info()] * (wanted.RollupComputersMaxBatchSize + 1))
    service.refused("InvalidParameters", "computers", "RollupComputers", cookie=DUMMY,
                    clientTime=NOW, computers=many)
    service.refused("InvalidParameters", "lastRollupNumbers", "GetOutOfSyncComputers",
                    cookie=DUMMY, parentServerId=server)
    many = statuses([status] * (wanted.RollupComputerStatusMaxBatchSize + 1))
    service.refused("InvalidParameters", "computers", "RollupComputerStatus", cookie=DUMMY,
                    clientTime=NOW, parentServerId=server, computers=many)
    service.refused("InvalidParameters", "computerId", "ReportEventBatch2", computerId="",
                    clientTime=NOW)
    return [service]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("wsdl_dir", type=pathlib.Path)
    parser.add_argument("--soap12", action="store_true", help="speak SOAP 1.2")
    arguments = parser.parse_args()
    url = arguments.url.rstrip("/")
    reader = Reader(url, arguments.wsdl_dir, arguments.soap12)
    services = synchronization(reader, url, arguments.wsdl_dir, arguments.soap12)
    services += reporting(url, arguments.wsdl_dir, arguments.soap12)
    for service in services:
        assert service.called == service.all, f"not called: {sorted(service.all - service.called)}"
    calls = sum(len(service.all) for service in services)
    print(f"calls {calls} faults {sum(service.faults for service in services)}")


if __name__ == "__main__":
    main()
