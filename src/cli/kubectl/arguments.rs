//! What can be typed after `kubectl headwater`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{approve, plan, ready, status, suspend, sync};
use crate::{cli::output::Color, operator::ClusterChoice};

/// Shows a software-update hierarchy that is kept in a Kubernetes cluster, and has its operator act.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-headwater",
    bin_name = "kubectl headwater",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "The same program, called `headwater`, does what needs no cluster.\n\n\
                  Example: kubectl headwater status --namespace updates"
)]
pub struct Plugin {
    #[command(flatten)]
    pub(super) cluster: ClusterOptions,
    /// The command.
    #[command(subcommand)]
    pub command: PluginCommand,
}

/// Options of all commands, as `kubectl` has them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of all commands")]
pub(super) struct ClusterOptions {
    /// The namespace; without it that of the context.
    #[arg(long, short, global = true, value_name = "NAMESPACE")]
    pub(super) namespace: Option<String>,
    /// The context of the configuration; without it the current one.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// The cluster of the configuration; without it that of the context.
    #[arg(long, global = true, value_name = "NAME")]
    cluster: Option<String>,
    /// The user of the configuration; without it that of the context.
    #[arg(long, global = true, value_name = "NAME")]
    user: Option<String>,
    /// The configuration; without it the one that KUBECONFIG names, or `~/.kube/config`.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// When colours are used; `auto` obeys `NO_COLOR`.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

impl ClusterOptions {
    pub(super) fn choice(&self) -> ClusterChoice {
        let Self { namespace, context, cluster, user, kubeconfig, color: _ } = self.clone();
        ClusterChoice { kubeconfig, context, cluster, user, namespace }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Show how it stands with the objects of a hierarchy.
    ///
    /// What the operator says of each object, or, with --content, of each package at each distribution
    /// point, or, with --messages, what the site servers have told.
    Status(status::Arguments),
    /// Say what would be done.
    ///
    /// With paths: what would change if these manifests were applied. Without: what the operator has to
    /// do now, and what of it waits for approval. Nothing is changed.
    Plan(plan::Arguments),
    /// Say what waits for approval, and approve it.
    ///
    /// For an operator with --require-approval. An approval is for one digest: it counts once, for a plan
    /// that would do exactly that.
    Approve(approve::Arguments),
    /// Synchronize a site at the top now, and those below it.
    ///
    /// Writes the annotation `headwater.dev/sync-requested-at` at its active software update point, and,
    /// with --wait, waits until the operator has dealt with it.
    Sync(sync::Arguments),
    /// Have nothing done to objects until they are resumed.
    ///
    /// Writes the annotation `headwater.dev/suspend`. The plan still shows what would be done.
    Suspend(suspend::Arguments),
    /// Have something done to objects again that were suspended.
    Resume(suspend::ResumeArguments),
    /// Say whether an operator works in a namespace.
    ///
    /// That the cluster knows the kinds, that an operator holds its lease, and that it has looked at every
    /// object as it is now. Whether objects are as they say is another question: `kubectl wait
    /// --for=condition=Ready` asks it.
    Ready(ready::Arguments),
}
