//! Where loader and schema differ, on purpose.

use serde_json::Value;

use super::schemas::{Schemas, loaded, wrong};

/// Where the two differ, and why. Each: the document, whether the loader accepts it, whether the
/// schema does.
#[test]
fn the_known_differences_are_these() {
    let schemas = Schemas::new();
    let site = |version: &str, mode: &str| {
        format!(
            "apiVersion: headwater.dev/v1alpha1\nkind: Site\nmetadata: {{name: one}}\nspec:\n  \
             siteCode: ONE\n  type: Primary\n  mode: {mode}\n  version: {version}\n  \
             siteServer: server\n"
        )
    };
    let document = |kind: &str, spec: &str| {
        format!(
            "apiVersion: headwater.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: one}}\nspec: \
             {{site: one, siteSystem: a, {spec}}}\n"
        )
    };
    let update = |prerequisite: &str| {
        format!(
            "apiVersion: headwater.dev/v1alpha1\nkind: LocalUpdate\nmetadata: {{name: one}}\nspec: \
             {{updateId: 0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10, title: One, publisher: Fabrikam, \
             product: Reader, classification: Updates, prerequisites: [{prerequisite}], \
             applicability: {{isInstalled: <lar:False />, isInstallable: <lar:True />}}}}\n"
        )
    };
    let ports = |http: &str| {
        format!(
            "apiVersion: headwater.dev/v1alpha1\nkind: PortSettings\nmetadata: {{name: one}}\n\
             spec: {{webSite: Custom, http: {http}}}\n"
        )
    };
    let system = |rest: &str| {
        format!(
            "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata: {{name: one}}\n\
             spec:\n  site: one\n  address: a.example\n{rest}"
        )
    };
    for (text, loader, schema) in [
        // The loader takes a bare number for the text it is meant to be; to other readers of YAML it
        // is a number, so the schema wants quotes.
        (site("2403", "Mixed"), true, false),
        (site("\"2403\"", "Mixed"), true, true),
        // A key with nothing behind it is an empty mapping or list to the loader, null to the schema.
        (system("  software:\n"), true, false),
        (system("  software: {}\n"), true, true),
        (system("  software: null\n"), false, false),
        // To JSON Schema 8080.0 is a whole number; a port is written without a point.
        (ports("8080.0"), false, true),
        (ports("8080"), true, true),
        (ports("0x1f90"), true, true),
        // The loader takes every form of a UUID and of a time; the schema wants the usual one.
        (update("6964aab4c5b543bda17dffb4346a8e1d"), true, false),
        (update("6964AAB4-C5B5-43BD-A17D-FFB4346A8E1D"), true, true),
        (
            document(
                "SoftwareUpdatePoint",
                "role: Active, schedule: {every: 1d, startAt: \"2026-12-01T02Z\"}",
            ),
            true,
            false,
        ),
        // A schema cannot compare two fields, nor tell a wrong IPv6 address from a right one.
        (document("DistributionPoint", "schedule: [{from: 22, to: 6}]"), false, true),
        (system("").replace("a.example", "\"::1\""), true, true),
        (system("").replace("a.example", "\"1::2::3\""), false, true),
    ] {
        let value: Value = serde_yaml::from_str(&text).unwrap();
        let outcome = (wrong(&loaded(&text)).is_empty(), schemas.accept(&value));
        assert_eq!(outcome, (loader, schema), "{text}");
    }
}
