//! One document of each kind, for the schemas: what editors offer to begin with.

use serde_json::{Value, json};

use crate::model::{API_VERSION, Kind};

/// A document of a kind that says what such documents usually say.
pub(super) fn example(kind: Kind) -> Value {
    let (name, spec) = match kind {
        Kind::Site => ("ams", site()),
        Kind::SiteSystem => ("ams-srv", site_system()),
        Kind::PortSettings => ("content", json!({"webSite": "Custom", "http": 8080})),
        Kind::SoftwareUpdatePoint => ("cen-active", update_point()),
        Kind::DistributionPoint => ("ams-dp2", distribution_point()),
        Kind::DistributionPointGroup => ("amsterdam", json!({"members": ["ams-dp1", "ams-dp2"]})),
        Kind::Package => ("printer-definitions", package()),
        Kind::LocalUpdate => ("fabrikam-reader", local_update()),
        Kind::Notification => ("operators", notification()),
        Kind::MaintenanceWindow => ("saturday-night", maintenance_window()),
    };
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn maintenance_window() -> Value {
    json!({
        "sites": ["ams"],
        "schedule": "0 22 * * SAT",
        "duration": "6h",
        "timeZone": "Europe/Amsterdam",
    })
}

fn site() -> Value {
    json!({
        "siteCode": "AMS",
        "type": "Primary",
        "parent": "cen",
        "mode": "Mixed",
        "version": "2403",
        "siteServer": "ams-srv",
    })
}

fn site_system() -> Value {
    json!({
        "site": "ams",
        "address": "ams-srv.contoso.example",
        "software": {"wsus": "10.0"},
    })
}

fn update_point() -> Value {
    json!({
        "site": "cen",
        "siteSystem": "cen-srv",
        "role": "Active",
        "schedule": {"every": "1d"},
        "classifications": ["Critical Updates", "Security Updates"],
        "products": ["Windows 11"],
        "languages": ["en"],
    })
}

fn distribution_point() -> Value {
    json!({
        "site": "ams",
        "siteSystem": "ams-dp2",
        "ports": "content",
        "pull": {"sources": [{"distributionPoint": "ams-dp1", "priority": 1}]},
    })
}

fn package() -> Value {
    json!({
        "packageId": "AMS00001",
        "displayName": "Printer definitions",
        "source": {"path": "../content/printer-definitions"},
        "distributeTo": {"groups": ["amsterdam"]},
    })
}

fn local_update() -> Value {
    let installed = concat!(
        "<bar:RegSzToVersion Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"SOFTWARE\\Fabrikam\\Reader\"",
        " Value=\"Version\" Comparison=\"GreaterThanOrEqualTo\" Data=\"4.2.1.0\" />",
    );
    json!({
        "updateId": "0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10",
        "title": "Fabrikam Reader 4.2.1",
        "publisher": "Fabrikam",
        "product": "Fabrikam Reader",
        "classification": "Security Updates",
        "files": [{"path": "../content/reader-4.2.1.exe"}],
        "install": {"program": "reader-4.2.1.exe", "arguments": "/quiet /norestart"},
        "applicability": {"isInstalled": installed, "isInstallable": "<lar:True />"},
    })
}

fn notification() -> Value {
    json!({
        "to": {"slack": {"urlFile": "operators/url"}},
        "on": ["ManifestsRefused", "SourceUnreachable", "SiteSystemUnreachable", "Failed"],
        "repeatEvery": "4h",
    })
}
