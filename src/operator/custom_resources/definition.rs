//! The definition of a custom resource: what an API server has to know of a kind.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::{not_structural::NotStructural, rules, structural::structural, subject::Subject};
use crate::{
    manifest::{kind_schema, worded},
    model::{API_VERSION, Kind},
    operator::{PlanStatus, ResourceStatus},
};

/// The `CustomResourceDefinition` of a kind.
///
/// # Errors
///
/// Where a type has what no structural schema can say, or a rule is about a field that there is not.
pub fn custom_resource_definition(subject: Subject) -> Result<Value, NotStructural> {
    let (group, version) = API_VERSION.split_once('/').unwrap_or((API_VERSION, ""));
    let (kind, plural) = (subject.as_str(), subject.plural());
    let mut names = json!({
        "kind": kind,
        "listKind": format!("{kind}List"),
        "plural": plural,
        "singular": kind.to_ascii_lowercase(),
        "categories": ["headwater"],
    });
    if let Some(short) = subject.short_name() {
        names["shortNames"] = json!([short]);
    }
    let mut served = json!({
        "name": version,
        "served": true,
        "storage": true,
        "schema": {"openAPIV3Schema": schema(subject)?},
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns(subject),
    });
    let selectable = subject.selectable_fields();
    if !selectable.is_empty() {
        let fields = selectable.iter().map(|path| json!({"jsonPath": path}));
        served["selectableFields"] = fields.collect();
    }
    Ok(json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            "labels": {"app.kubernetes.io/name": "headwater"},
        },
        "spec": {
            "group": group,
            "names": names,
            "scope": "Namespaced",
            "versions": [served],
        },
    }))
}

fn schema(subject: Subject) -> Result<Value, NotStructural> {
    let mut properties = json!({
        "apiVersion": {"description": "The API group and version.", "type": "string"},
        "kind": {"description": "What the object declares.", "type": "string"},
        "metadata": {"type": "object"},
    });
    let (description, mut wanted) = match subject {
        Subject::Kind(kind) => {
            let document = kind_schema(kind);
            let (spec, rules) =
                structural(&document["properties"]["spec"], &document["$defs"], "spec")?;
            properties["spec"] = spec;
            properties["status"] = status::<ResourceStatus>()?;
            // What the operator has not seen yet is under way, and not ready, for tools that read any object
            // (kstatus): without this, one that has no conditions would be as wanted.
            properties["status"]["default"] = json!({"observedGeneration": -1});
            (document["description"].clone(), rules)
        }
        Subject::Plan => {
            properties["status"] = status::<PlanStatus>()?;
            let text = "What has to be done in a namespace, made by the operator. Who writes the \
                        digest of the status into the annotation `headwater.dev/approve` has what \
                        waits for approval done.";
            (json!(text), Vec::new())
        }
    };
    let mut schema =
        json!({"description": description, "type": "object", "properties": properties});
    if let Subject::Kind(kind) = subject {
        schema["required"] = json!(["spec"]);
        wanted.extend(rules::of(kind));
        for bound in rules::bounds(kind) {
            bound.add_to(&mut schema)?;
        }
    }
    for rule in wanted {
        rule.add_to(&mut schema)?;
    }
    Ok(schema)
}

fn status<T: JsonSchema>() -> Result<Value, NotStructural> {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    worded(&mut schema);
    Ok(structural(&schema, &schema["$defs"], "status")?.0)
}

/// The columns of `kubectl get`.
fn columns(subject: Subject) -> Value {
    let column =
        |name: &str, of: &str, path: &str| json!({"name": name, "type": of, "jsonPath": path});
    let condition = |field: &str| format!(".status.conditions[?(@.type==\"Ready\")].{field}");
    let source = || column("Source", "string", ".status.source");
    let progress = || column("Progress", "string", ".status.progress");
    let wide = |mut column: Value| {
        column["priority"] = json!(1);
        column
    };
    let mut columns = vec![column("Ready", "string", &condition("status"))];
    let has_catalog = matches!(subject, Subject::Kind(Kind::Site | Kind::SoftwareUpdatePoint));
    if has_catalog {
        // Short ones, as commits are shown: a digest is as wide as all other columns.
        columns.push(column("Catalog", "string", ".status.catalog"));
        columns.push(column("Lag", "integer", ".status.lag"));
    }
    match subject {
        Subject::Kind(Kind::SoftwareUpdatePoint) => columns.push(source()),
        Subject::Kind(Kind::DistributionPoint) => columns.extend([source(), progress()]),
        Subject::Kind(Kind::DistributionPointGroup | Kind::Package) => columns.push(progress()),
        Subject::Kind(_) => {}
        Subject::Plan => columns.extend([
            column("Actions", "integer", ".status.actionsTotal"),
            column("Approve", "string", ".status.approve"),
        ]),
    }
    columns.push(column("Age", "date", ".metadata.creationTimestamp"));
    // With `-o wide`: where it belongs, why it is as it is, and what is too long for the rest.
    let mut more = vec![];
    match subject {
        Subject::Kind(Kind::Site) => more.push(column("Code", "string", ".spec.siteCode")),
        Subject::Kind(Kind::Package) => more.push(column("Package", "string", ".spec.packageId")),
        Subject::Kind(Kind::SiteSystem | Kind::SoftwareUpdatePoint | Kind::DistributionPoint) => {
            more.push(column("Site", "string", ".spec.site"));
        }
        _ => {}
    }
    more.push(column("Reason", "string", &condition("reason")));
    if has_catalog {
        more.push(column("Catalog Version", "string", ".status.catalogVersion"));
    }
    if subject == Subject::Plan {
        more.push(column("Digest", "string", ".status.digestToApprove"));
    }
    more.push(column("Message", "string", &condition("message")));
    columns.extend(more.into_iter().map(wide));
    json!(columns)
}
