//! Objects that break one rule each, with what is said of them.

use headwater::model::Kind;
use serde_json::{Value, json};

/// A value with the fields of another one over its own.
fn with(mut value: Value, over: Value) -> Value {
    let Value::Object(over) = over else { panic!("{over} has no fields") };
    for (key, field) in over {
        value[key] = field;
    }
    value
}

fn site(over: Value) -> Value {
    let site = json!({
        "siteCode": "ONE", "type": "Primary", "mode": "Native", "version": "2403",
        "siteServer": "server",
    });
    with(site, over)
}

fn system(over: Value) -> Value {
    with(json!({"site": "one", "address": "a.example"}), over)
}

fn active(over: Value) -> Value {
    with(json!({"site": "one", "siteSystem": "server", "role": "Active"}), over)
}

fn internet_based(over: Value) -> Value {
    with(active(json!({"role": "InternetBased"})), over)
}

fn point(over: Value) -> Value {
    with(json!({"site": "one", "siteSystem": "server"}), over)
}

fn gateway(over: Value) -> Value {
    with(point(json!({"type": "CloudManagementGateway"})), over)
}

fn update(over: Value) -> Value {
    let update = json!({
        "updateId": "0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10", "title": "Reader 4.2.1",
        "publisher": "Fabrikam", "product": "Reader", "classification": "Updates",
        "applicability": {"isInstalled": "<lar:False />", "isInstallable": "<lar:True />"},
    });
    with(update, over)
}

fn install(over: Value) -> Value {
    let command = with(json!({"program": "reader.exe"}), over);
    update(json!({"files": [{"path": "reader.exe"}], "install": command}))
}

fn mail(over: Value) -> Value {
    let email = json!({"server": "mail.example", "from": "a@b.example", "to": ["c@d.example"]});
    json!({"to": {"email": with(email, over)}})
}

fn status(over: Value) -> Value {
    let status =
        json!({"provider": "GitHub", "repository": "contoso/updates", "tokenFile": "token"});
    json!({"to": {"commitStatus": with(status, over)}})
}

fn window(over: Value) -> Value {
    with(json!({"schedule": "0 22 * * *", "duration": "6h"}), over)
}

/// What is wrong, and how it begins to be told.
pub(super) fn broken() -> Vec<(Kind, Value, &'static str)> {
    let mut all = sites();
    all.extend(update_points());
    all.extend(content());
    all.extend(updates());
    all.extend(notifications());
    all
}

fn sites() -> Vec<(Kind, Value, &'static str)> {
    let agent = |url: &str| system(json!({"agent": {"url": url}}));
    let sends = |key: &str| site(json!({"softwareDistribution": {"distributionPoints": {key: 0}}}));
    let ports = |http: u32, https: u32| json!({"webSite": "Custom", "http": http, "https": https});
    let certificate = |it: Value| site(json!({"managementPoint": {"certificate": it}}));
    vec![
        (
            Kind::Site,
            site(json!({"type": "Secondary"})),
            "secondary site `one` has no parent; write",
        ),
        (Kind::Site, site(json!({"type": "Central", "parent": "two"})), "central site `one` has a"),
        (Kind::Site, site(json!({"parent": "one"})), "site `one` is its own parent; name another"),
        (Kind::Site, sends("maximumPackages"), "with 0 packages at a time nothing is ever sent"),
        (Kind::Site, sends("threadsPerPackage"), "without a thread no package is ever sent"),
        (
            Kind::Site,
            certificate(json!({"selfSigned": false})),
            "`spec.managementPoint.certificate` has none of `selfSigned`, `secretRef`; write exactly",
        ),
        (
            Kind::Site,
            certificate(json!({"selfSigned": true, "secretRef": {"name": "a"}})),
            "`spec.managementPoint.certificate` has more than one of `selfSigned`, `secretRef`",
        ),
        (
            Kind::SiteSystem,
            system(json!({"placement": "Remote"})),
            "site system `one` runs on a computer of its own, but how its agent is reached is not said",
        ),
        (Kind::SiteSystem, agent("https://a:8550/"), "`https://a:8550/` is not the address of an"),
        (Kind::SiteSystem, agent("a:8550"), "`a:8550` is not the address of an agent"),
        (Kind::SiteSystem, agent("https://a:0"), "`https://a:0` is not the address of an agent"),
        (Kind::SiteSystem, agent("http://a:8550"), "`http://a:8550` would be asked in the clear"),
        (Kind::SiteSystem, agent("http://[::2]:1"), "`http://[::2]:1` would be asked in the clear"),
        (Kind::PortSettings, ports(65_535, 1), "HTTP port 65535 leaves no port for HTTPS"),
        (Kind::PortSettings, ports(8_530, 443), "HTTPS port 443 does not belong to HTTP port 8530"),
        (
            Kind::PortSettings,
            json!({"webSite": "Default", "https": 8_531}),
            "HTTPS port 8531 does not belong to HTTP port 80; when HTTP is 80, HTTPS is 443",
        ),
    ]
}

fn update_points() -> Vec<(Kind, Value, &'static str)> {
    let source = |it: Value| active(json!({"source": it}));
    let top = |key: &str, it: Value| internet_based(json!({key: it}));
    [
        (
            internet_based(json!({"clientConnections": "Intranet"})),
            "Internet-based software update point `one` accepts Internet clients only",
        ),
        (
            active(json!({"clientConnections": "Internet"})),
            "active software update point `one` shuts out the clients on the intranet",
        ),
        (
            internet_based(json!({"source": {"type": "ParentSite"}})),
            "`one` is an Internet-based point and cannot have the source `ParentSite`; write `Active",
        ),
        (
            source(json!({"type": "ActiveUpdatePoint"})),
            "`one` is the active point of its site and cannot have the source `ActiveUpdatePoint`",
        ),
        (source(json!({"type": "UpstreamServer"})), "source `UpstreamServer` needs `url`"),
        (
            source(json!({"type": "ParentSite", "url": "http://a:8530"})),
            "source `ParentSite` has no `url`; remove it",
        ),
        (
            source(json!({"type": "UpstreamServer", "url": "http://a:b"})),
            "`http://a:b` is not the address of a server",
        ),
        (source(json!({"type": "Import"})), "source `Import` needs `file`: the file made by"),
        (source(json!({"type": "Import", "file": " "})), "`file` is empty; write the path"),
        (source(json!({"type": "None", "file": "a"})), "source `None` has no `file`; remove it"),
        (top("schedule", json!({"every": "1d"})), "`schedule` is a setting of the top-level point"),
        (top("classifications", json!(["a"])), "`classifications` is a setting of the top-level"),
        (top("products", json!(["a"])), "`products` is a setting of the top-level point"),
        (top("selection", json!("AtLeast")), "`selection` is a setting of the top-level point"),
        (top("publishers", json!(["a"])), "`publishers` is a setting of the top-level point"),
        (active(json!({"schedule": {}})), "`spec.schedule` has none of `every`, `cron`"),
        (
            active(json!({"schedule": {"every": "1d", "cron": "0 2 * * *"}})),
            "`spec.schedule` has more than one of `every`, `cron`; write exactly one",
        ),
        (
            active(json!({"schedule": {"every": "1d", "timeZone": "Europe/Lisbon"}})),
            "a time zone goes with `cron`: an interval is the same in every one; remove",
        ),
        (
            active(json!({"schedule": {"cron": "0 2 * *"}})),
            "`0 2 * *` is not a cron expression of five fields; write minute, hour",
        ),
        (active(json!({"certificate": {}})), "`spec.certificate` has none of `selfSigned`"),
        (
            active(json!({"certificate": {"selfSigned": true, "secretRef": {"name": "a"}}})),
            "`spec.certificate` has more than one of `selfSigned`, `secretRef`",
        ),
    ]
    .into_iter()
    .map(|(spec, message)| (Kind::SoftwareUpdatePoint, spec, message))
    .collect()
}

fn content() -> Vec<(Kind, Value, &'static str)> {
    let cannot = |key: &str, it: Value| gateway(json!({key: it}));
    let multicast = |key: &str, it: &str| point(json!({"multicast": {key: it}}));
    let rate = json!({"from": 4, "to": 3, "kilobytesPerSecond": 1});
    let pulse = json!({"blockKilobytes": 1, "delay": "1s"});
    let limit = |it: Value| point(json!({"rateLimit": it}));
    let package = |it: Value| json!({"packageId": "ONE00001", "source": it});
    let points = [
        (point(json!({"pull": {"sources": []}})), "pull distribution point `one` has no source"),
        (
            point(json!({"pull": {"sources": [{"distributionPoint": "one"}]}})),
            "distribution point `one` is its own source; name another",
        ),
        (
            cannot("pxe", json!({"enabled": true})),
            "`one` is a cloud management gateway and cannot boot",
        ),
        (
            cannot("multicast", json!({"enabled": true})),
            "`one` is a cloud management gateway and cannot multi",
        ),
        (
            cannot("prestaged", json!(true)),
            "`one` is a cloud management gateway and cannot take content",
        ),
        (
            cannot("protocol", json!("HTTP")),
            "`one` is a cloud management gateway and cannot serve over",
        ),
        (
            cannot("pull", json!({"sources": [{"distributionPoint": "two"}]})),
            "`one` is a cloud management gateway and cannot be a pull distribution point; remove",
        ),
        (
            point(json!({"schedule": [{"from": 22, "to": 6}]})),
            "hours from 22 to 6 are not a span of",
        ),
        (limit(json!({"perHour": [rate]})), "hours from 4 to 3 are not a span of one day; write"),
        (limit(json!({})), "`spec.rateLimit` has none of `perHour`, `pulse`"),
        (
            limit(
                json!({"pulse": pulse, "perHour": [{"from": 3, "to": 4, "kilobytesPerSecond": 1}]}),
            ),
            "`spec.rateLimit` has more than one of `perHour`, `pulse`",
        ),
        (
            multicast("addresses", "10.0.0.1-10.0.0.9"),
            "`10.0.0.1-10.0.0.9` is not a range of multi",
        ),
        (multicast("addresses", "239.0.0.9-239.0.0.1"), "`239.0.0.9-239.0.0.1` is not a range of"),
        (multicast("ports", "65000-64001"), "`65000-64001` is not a range of ports; write"),
        (multicast("ports", "1-65536"), "`1-65536` is not a range of ports; write"),
        (point(json!({"certificate": {}})), "`spec.certificate` has none of `selfSigned`"),
        (
            point(json!({"certificate": {"selfSigned": true, "secretRef": {"name": "a"}}})),
            "`spec.certificate` has more than one of `selfSigned`, `secretRef`",
        ),
    ];
    let packages = [
        (package(json!({})), "`spec.source` has none of `path`, `url`, `updates`, `legacyCatalog`"),
        (package(json!({"path": "a", "url": "b"})), "`spec.source` has more than one of `path`"),
        (
            package(json!({"updates": {"products": []}})),
            "the package would have the files of all updates: nothing is selected; write",
        ),
    ];
    let points = points.into_iter().map(|(spec, message)| (Kind::DistributionPoint, spec, message));
    let packages = packages.into_iter().map(|(spec, message)| (Kind::Package, spec, message));
    points.chain(packages).collect()
}

fn updates() -> Vec<(Kind, Value, &'static str)> {
    let text = |key: &str, it: &str| update(json!({key: it}));
    let itself = json!(["0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10"]);
    let mut all = vec![
        (
            text("title", &"a".repeat(201)),
            "`title` has 201 characters, and 200 are the most; write",
        ),
        (text("language", "EN"), "`EN` is no language; write it"),
        (text("knowledgeBaseArticle", "KB"), "`KB` is no number of an article; write it"),
        (text("supportUrl", "ftp://a"), "`supportUrl` is no address that people can open; write"),
        (text("classification", "Patches"), "there is no classification `Patches`; write one of"),
        (update(json!({"prerequisites": itself})), "the update names itself among its `prerequis"),
        (update(json!({"supersedes": itself})), "the update names itself among its `supersedes`"),
        (
            update(json!({"files": [{"path": "a/reader.exe"}]})),
            "the update has files, and nothing says how they are installed; add `install`",
        ),
        (
            install(json!({"arguments": "a".repeat(8_001)})),
            "`arguments` have more than 8000 letters, or control characters; write",
        ),
        (
            install(json!({"successCodes": []})),
            "no exit code says that it is installed; list one, such as 0",
        ),
        (
            install(json!({"successCodes": (0..60).collect::<Vec<_>>(),
                "restartCodes": (60..120).collect::<Vec<_>>()})),
            "there are more than 100 exit codes; list fewer",
        ),
        (install(json!({"restartCodes": [7, 0]})), "exit code 0 says two things; remove it"),
    ];
    for (key, empty, letters, long) in [
        ("title", "`title` is empty", "`title` has letters that no XML can have", ""),
        (
            "description",
            "`description` is empty",
            "`description` has letters",
            "`description` has 1",
        ),
        ("publisher", "`publisher` is empty", "`publisher` has letters", "`publisher` has 1"),
        ("product", "`product` is empty", "`product` has letters", "`product` has 1"),
        (
            "securityBulletin",
            "`securityBulletin` is",
            "`securityBulletin` has l",
            "`securityBulletin` has 1",
        ),
    ] {
        all.push((text(key, " "), empty));
        all.push((text(key, "a\u{1}"), letters));
        if !long.is_empty() {
            // Of one byte each: this evaluator counts bytes, where servers count letters.
            all.push((text(key, &"a".repeat(1_600)), long));
        }
    }
    all.into_iter().map(|(spec, message)| (Kind::LocalUpdate, spec, message)).collect()
}

fn notifications() -> Vec<(Kind, Value, &'static str)> {
    let whole = |key: &str, it: Value| with(status(json!({})), json!({key: it}));
    let notifications = [
        (json!({"to": {}}), "`spec.to` has none of `webhook`, `slack`, `email`, `commitStatus`"),
        (
            json!({"to": {"slack": {"urlFile": "a"}, "webhook": {"urlFile": "a"}}}),
            "`spec.to` has more than one of `webhook`, `slack`",
        ),
        (json!({"to": {"webhook": {}}}), "`spec.to.webhook` has none of `url`, `urlFile`"),
        (
            json!({"to": {"webhook": {"url": "https://a.example", "urlFile": "a"}}}),
            "`spec.to.webhook` has more than one of `url`, `urlFile`",
        ),
        (
            with(mail(json!({})), json!({"repeatEvery": "59s"})),
            "what lasts would be told more often than once a minute; write",
        ),
        (mail(json!({"to": []})), "a mail goes to 1 to 50 addresses; list one"),
        (mail(json!({"userFile": "a"})), "`userFile` stands there without `passwordFile`; add"),
        (mail(json!({"passwordFile": "a"})), "`passwordFile` stands there without `userFile`"),
        (
            mail(json!({"userFile": "a", "passwordFile": "b", "tls": "None"})),
            "the password would go over the network in the clear; use",
        ),
        (status(json!({"provider": "Gitea"})), "nothing says where Gitea is; add `url`"),
        (
            status(json!({"url": "http://git.example/api"})),
            "the token would go over the network in the clear; use `https://`",
        ),
        (status(json!({"context": ""})), "the name of a status has 1 to 100 letters; use"),
        (whole("on", json!(["Failed"])), "a commit status has no `on`: it is that of the whole"),
        (whole("sites", json!(["one"])), "a commit status has no `sites`: it is that of the"),
        (whole("minSeverity", json!("Error")), "a commit status has no `minSeverity`: it is that"),
    ];
    let windows = [
        (window(json!({"schedule": "@daily"})), "`@daily` is not a cron expression of five fields"),
        (window(json!({"duration": "0h"})), "a window of 0 seconds never opens; write"),
    ];
    let notifications = notifications.into_iter().map(|(it, told)| (Kind::Notification, it, told));
    notifications.chain(windows.map(|(it, told)| (Kind::MaintenanceWindow, it, told))).collect()
}
