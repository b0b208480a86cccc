//! `kubectl headwater suspend` and `resume`: whether something is done to objects.

use std::str::FromStr;

use clap::Args;

use crate::{
    cli::{ExitCode, Failure, Printer, cluster::Looked, operation},
    operator::{Asked, ClusterChoice, ObjectKey, Subject},
    view::plain,
};

/// What `kubectl headwater suspend` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done; 1 an object is not there, or the cluster cannot be asked; 2 the \
                  command line is wrong\n\n\
                  Example: kubectl headwater suspend dp/ams-dp1 sup/ams-active --namespace updates"
)]
pub struct Arguments {
    /// The objects, such as `dp/ams-dp1`.
    #[arg(value_name = "TYPE/NAME", required = true)]
    pub(super) objects: Vec<Meant>,
}

/// What `kubectl headwater resume` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done; 1 an object is not there, or the cluster cannot be asked; 2 the \
                  command line is wrong\n\n\
                  Example: kubectl headwater resume dp/ams-dp1 --namespace updates"
)]
pub struct ResumeArguments {
    /// The objects, such as `dp/ams-dp1`.
    #[arg(value_name = "TYPE/NAME", required = true)]
    pub(super) objects: Vec<Meant>,
}

/// An object that somebody means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meant(ObjectKey);

impl FromStr for Meant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write TYPE/NAME, such as `dp/ams-dp1`".to_owned();
        let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
        // As `kubectl` prints it: `distributionpoint.headwater.dev/ams-dp1`.
        let kind = kind.strip_suffix(".headwater.dev").unwrap_or(kind);
        if name.is_empty() || name.contains('/') {
            return Err(wrong());
        }
        match Subject::meant(kind) {
            Some(Subject::Kind(kind)) => Ok(Self(ObjectKey { kind, name: name.to_owned() })),
            Some(Subject::Plan) => Err("nothing is done to a plan".to_owned()),
            None => {
                Err(format!("`{kind}` is no kind: `kubectl api-resources --categories headwater`"))
            }
        }
    }
}

pub(super) async fn run(
    objects: &[Meant],
    suspended: bool,
    choice: &ClusterChoice,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Looked { cluster, namespace } = Looked::at(choice).await?;
    let asked = Asked::new(cluster.client, namespace);
    let word = if suspended { "suspended" } else { "resumed" };
    let mut code = ExitCode::Success;
    for Meant(object) in objects {
        let told = match asked.suspend(object, suspended).await {
            Ok(()) => {
                let kind = object.kind.as_str().to_ascii_lowercase();
                printer.result(&format!("{kind}.headwater.dev/{} {word}\n", object.name))
            }
            // The others are not to wait for this one.
            Err(error) => {
                code = ExitCode::Failure;
                let why = plain(&operation(error).to_string()).into_owned();
                printer.message(&format!("error: {why}\n"))
            }
        };
        told?;
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn objects_are_named_as_kubectl_names_them() {
        for kind in
            ["dp", "DistributionPoint", "distributionpoints", "distributionpoint.headwater.dev"]
        {
            let Meant(meant) = format!("{kind}/ams-dp1").parse().unwrap();
            let wanted = ObjectKey { kind: Kind::DistributionPoint, name: "ams-dp1".to_owned() };
            assert_eq!(meant, wanted, "{kind}");
        }
        for wrong in ["ams-dp1", "dp/", "dp/a/b", "pod/a", "plan/hierarchy", "/a"] {
            assert!(wrong.parse::<Meant>().is_err(), "{wrong}");
        }
    }
}
