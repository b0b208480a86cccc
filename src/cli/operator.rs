//! `headwater operator`: the hierarchy follows the custom resources of a Kubernetes cluster.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use super::{
    ExitCode, Failure, Printer, operation, signals::Signals, staying::pause,
    watching::WatchArguments,
};
use crate::{
    model::{Interval, Placement},
    net::raise_open_files,
    operator::{
        AdmissionSettings, Cluster, HostingSettings, IssuerReference, LeaseSettings,
        OperatorSettings, Scope, operate,
    },
    role::controller::NeedsApproval,
};

/// What `headwater operator` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 ended by a signal; 1 it could not be started, or cannot go on; 2 the \
                  command line is wrong\n\n\
                  Examples:\n  headwater operator --namespace updates\n  headwater operator \
                  --all-namespaces --require-approval=prune --listen 0.0.0.0:8080\n  \
                  headwater operator --placement Embedded --mode observe"
)]
pub struct Arguments {
    /// The namespace whose objects are a hierarchy; without it that of the configuration or of the pod.
    #[arg(long, short, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    namespace: Option<String>,
    /// All namespaces: the objects of each are a hierarchy of their own.
    #[arg(long)]
    all_namespaces: bool,
    /// Only objects with these labels, such as `hierarchy=production`.
    #[arg(long, value_name = "LABELS")]
    selector: Option<String>,
    /// How often the site systems are looked at, up to a tenth sooner or later; at once when an object
    /// changes.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    every: Interval,
    /// What is done about what is not as the objects say.
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    mode: Mode,
    /// Do nothing before somebody has approved it: `all` that changes a site system, or only what
    /// `prune` removes. The status of the `Plan` says what waits; the annotation
    /// `headwater.dev/approve: DIGEST` on it approves it.
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all"
    )]
    require_approval: Option<RequireApproval>,
    /// Where the agents of site systems run whose object does not say.
    #[arg(long, value_enum, default_value_t, value_name = "PLACEMENT")]
    placement: PlacedAt,
    /// The image of the agents that run in the cluster: that of the operator itself. Without it none does.
    #[arg(
        long,
        value_name = "IMAGE",
        env = "HEADWATER_IMAGE",
        help_heading = "Site systems in the cluster"
    )]
    image: Option<String>,
    /// A secret by which the image is pulled; may be given several times.
    #[arg(
        long,
        value_name = "NAME",
        requires = "image",
        help_heading = "Site systems in the cluster"
    )]
    image_pull_secret: Vec<String>,
    /// The domain of the cluster.
    #[arg(
        long,
        value_name = "DOMAIN",
        default_value = "cluster.local",
        help_heading = "Site systems in the cluster"
    )]
    cluster_domain: String,
    /// The issuer of cert-manager that issues the certificates of roles: `NAME`, or `KIND/NAME`.
    #[arg(long, value_name = "ISSUER", help_heading = "Site systems in the cluster")]
    issuer: Option<String>,
    /// Where relative paths of objects begin, such as the sources of packages: a directory on the site
    /// server.
    #[arg(long, value_name = "DIRECTORY", default_value = "/var/lib/headwater/content")]
    content_directory: PathBuf,
    /// The lease by which one operator at a time works.
    #[arg(long, value_name = "NAME", default_value = "headwater-operator")]
    lease: String,
    /// Judge objects before they are stored, on this port: what could never be valid beside the others is
    /// refused, with the words of `headwater validate`. The API server asks `/validate` over HTTPS.
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = "Admission webhook")]
    webhook_listen: Option<SocketAddr>,
    /// The service by whose name the API server asks; without it, the address of the port.
    #[arg(
        long,
        value_name = "NAME",
        requires = "webhook_listen",
        help_heading = "Admission webhook"
    )]
    webhook_service: Option<String>,
    /// The `ValidatingWebhookConfiguration` that is told to trust the certificate, which the operator makes
    /// by itself.
    #[arg(
        long,
        value_name = "NAME",
        requires = "webhook_listen",
        help_heading = "Admission webhook"
    )]
    webhook_configuration: Option<String>,
    #[command(flatten)]
    watch: WatchArguments,
}

/// What is done about what is not as the objects say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Bring it about.
    #[default]
    Reconcile,
    /// Say it, and change nothing.
    Observe,
}

/// What is done only once it is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RequireApproval {
    /// Everything that changes a site system, but for synchronizations that a schedule asks for.
    All,
    /// What takes something away: the rest goes on.
    Prune,
}

/// Where agents run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum PlacedAt {
    /// Each in a pod of its own.
    #[default]
    #[value(name = "Kubernetes")]
    Kubernetes,
    /// In the operator itself: to try it out.
    #[value(name = "Embedded")]
    Embedded,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    raise_open_files();
    let mut signals = Signals::new()?;
    let cluster = Cluster::connect().await.map_err(operation)?;
    let watching = arguments.watch.open(None, data, printer).await?;
    let one = || arguments.namespace.clone().unwrap_or_else(|| cluster.namespace.clone());
    let namespace = (!arguments.all_namespaces).then(one);
    let place = namespace.as_deref().unwrap_or("all namespaces").to_owned();
    let scope = Scope { namespace: namespace.clone(), selector: arguments.selector.clone() };
    let lease =
        LeaseSettings { name: arguments.lease.clone(), namespace: cluster.namespace.clone() };
    let settings = OperatorSettings {
        data: data.to_owned(),
        every: pause(arguments.every),
        only_observes: arguments.mode == Mode::Observe,
        approval: arguments.require_approval.map(|it| match it {
            RequireApproval::All => NeedsApproval::All,
            RequireApproval::Prune => NeedsApproval::Removals,
        }),
        placement: match arguments.placement {
            PlacedAt::Kubernetes => Placement::Kubernetes,
            PlacedAt::Embedded => Placement::Embedded,
        },
        hosting: HostingSettings {
            image: arguments.image.clone(),
            image_pull_secrets: arguments.image_pull_secret.clone(),
            cluster_domain: arguments.cluster_domain.clone(),
            operator_namespace: cluster.namespace.clone(),
            issuer: arguments.issuer.as_deref().map(issuer),
            log: std::env::var("HEADWATER_LOG").ok(),
        },
        content_directory: arguments.content_directory.clone(),
        instance: instance(),
        admission: arguments.webhook_listen.map(|listen| AdmissionSettings {
            listen,
            host: match &arguments.webhook_service {
                Some(service) => format!("{service}.{}.svc", cluster.namespace),
                None => listen.ip().to_string(),
            },
            configuration: arguments.webhook_configuration.clone(),
            data: data.join("webhook"),
        }),
    };
    printer.message(&format!("it operates on {place}\n"))?;
    let ending = CancellationToken::new();
    let vitals = watching.vitals.clone();
    let operating = operate(cluster, scope, lease, settings, vitals, ending.clone());
    tokio::pin!(operating);
    let ended = tokio::select! {
        ended = &mut operating => ended,
        () = signals.ended() => {
            ending.cancel();
            operating.await
        }
    };
    ended.map_err(operation)?;
    Ok(ExitCode::Success)
}

/// Who this operator is: the name of its pod, and something that no other process has.
fn instance() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{host}-{}", uuid::Uuid::new_v4().simple())
}

fn issuer(text: &str) -> IssuerReference {
    let (kind, name) = text.split_once('/').unwrap_or(("Issuer", text));
    IssuerReference {
        name: name.to_owned(),
        kind: kind.to_owned(),
        group: "cert-manager.io".to_owned(),
        internal_names: true,
    }
}
