//! Content: taken in by the site server, sent to standard distribution points, and pulled by the
//! others under Package Transfer Manager.

use futures::{
    StreamExt,
    stream::{self, FuturesUnordered},
};

use crate::{
    clock,
    error_text::with_causes,
    model::{
        Name, Package, PackageOrigin, PackageSource, PackageState, ProducedCatalog, Site,
        StatusMessageId, TakenSource, TakenUpdates, Unsupported,
    },
    plan::Action,
    wire::agent::{AgentCommand, AgentOutcome},
};

use super::{
    Apply,
    actions::{ActionError, Carried},
    machines::TransferKey,
    push::PackagePlace,
    turns::queued,
};

impl Apply {
    pub(super) async fn distribute(&self, action: &Action) -> Carried {
        let name = &action.resource.name;
        let missing = || ActionError::NotPlanned(format!("package `{name}`"));
        let package = self.hierarchy.packages.get(name).ok_or_else(missing)?;
        if action.targets.is_empty() {
            return self.take_source(action, package).await;
        }
        let held = self.held(package).await?;
        let settings = &self.site(&package.site)?.distribution;
        let place = self.machines.packages(&package.site, settings.maximum_packages);
        let place = &PackagePlace::new(place);
        let threads = usize::try_from(settings.threads_per_package).unwrap_or(usize::MAX).max(1);
        let pulls = |it: &&Name| self.distribution_point(it).is_ok_and(|it| it.settings.pulls());
        let (pulling, pushed): (Vec<_>, Vec<_>) = action.targets.iter().partition(pulls);
        let bring = |target: &Name| {
            let (held, target) = (&held, target.clone());
            async move {
                let brought = self.bring(action, package, held, place, &target).await;
                (target, brought)
            }
        };
        // Those that pull wait for their turns at their sources; what the site is told of how it
        // distributes is no affair of theirs (PDP-10).
        let pulling: FuturesUnordered<_> = pulling.into_iter().map(bring).collect();
        let pushed = stream::iter(pushed).map(bring).buffer_unordered(threads);
        let results: Vec<_> = stream::select(pulling, pushed).collect().await;
        let mut failures = Vec::new();
        let mut waits: Option<(_, String)> = None;
        for (target, result) in results {
            match result {
                Ok(()) => {}
                Err(ActionError::Waiting { until, why }) => {
                    // The first one to go on says when to look again.
                    if waits.as_ref().is_none_or(|(first, _)| until < *first) {
                        waits = Some((until, format!("`{target}`: {why}")));
                    }
                }
                Err(error) => failures.push(format!("`{target}`: {}", with_causes(&error))),
            }
        }
        if !failures.is_empty() {
            failures.sort();
            return Err(ActionError::Failed(failures.join("; ")));
        }
        if let Some((until, why)) = waits {
            return Err(ActionError::Waiting { until, why });
        }
        Ok(size(&held))
    }

    /// Takes the package's source into the content library of its site server.
    async fn take_source(&self, action: &Action, package: &Package) -> Carried {
        let name = &action.resource.name;
        let site = self.site(&package.site)?;
        let agent = self.agents.get(&site.site_server)?;
        let (source, from) = self.source_of(site, package)?;
        let command = AgentCommand::TakePackageSource {
            package: package.id.clone(),
            version: package.version,
            origin: PackageOrigin {
                name: name.clone(),
                source,
                display_name: package.display_name.clone(),
                priority: package.priority,
            },
            content: package.content,
            from,
        };
        let text = format!("package {} is being processed", package.id);
        self.message(action, &package.site, StatusMessageId::PackageProcessing, name, text).await;
        let state = match self.ask(action, &agent, &command).await? {
            AgentOutcome::Package(state) => state,
            AgentOutcome::Waits { until, why } => return Err(ActionError::Waiting { until, why }),
            _ => return Ok(String::new()),
        };
        let text = format!("package {} has been processed", package.id);
        self.message(action, &package.site, StatusMessageId::PackageProcessed, name, text).await;
        Ok(size(&state))
    }

    /// What a package is taken from, and the agent of the update point that has it, if that is not the
    /// site server itself.
    fn source_of(
        &self,
        site: &Site,
        package: &Package,
    ) -> Result<(TakenSource, Option<String>), ActionError> {
        let PackageSource { path, url: _, updates, legacy_catalog } = &package.source;
        let source = match (path, updates) {
            (Some(path), _) => return Ok((TakenSource::Path(path.clone()), None)),
            (None, Some(selection)) => {
                let selection = selection.clone();
                TakenSource::Updates(TakenUpdates { selection, files: None })
            }
            (None, None) if *legacy_catalog => {
                TakenSource::LegacyCatalog(ProducedCatalog::default())
            }
            (None, None) => return Err(Unsupported::PackageSource.into()),
        };
        let missing = || {
            let site = &package.site;
            ActionError::NotPlanned(format!("an active software update point of {site}"))
        };
        let point = self.update_point(site.active_point.as_ref().ok_or_else(missing)?)?;
        let from = self.agents.get(&point.site_system)?.url().to_owned();
        Ok((source, Some(from)))
    }

    /// The package as its site server holds it.
    pub(super) async fn held(&self, package: &Package) -> Result<PackageState, ActionError> {
        let server = &self.site(&package.site)?.site_server;
        let held = self.agents.get(server)?.held_package(&package.id).await?;
        held.filter(|held| held.version == package.version && held.available()).ok_or_else(|| {
            let what = format!(
                "site server `{server}` does not hold version {} of package {}: plan again",
                package.version, package.id
            );
            ActionError::Failed(what)
        })
    }

    async fn bring(
        &self,
        action: &Action,
        package: &Package,
        held: &PackageState,
        place: &PackagePlace,
        target: &Name,
    ) -> Result<(), ActionError> {
        let point = self.distribution_point(target)?;
        if point.settings.pulls() {
            let key: TransferKey = (package.id.clone(), package.version, target.clone());
            // One that is pulling already has had its turn, in an earlier pass.
            let _turn = if self.machines.is_pulling(&key) {
                None
            } else {
                let pull = queued(&self.hierarchy, package, point);
                tokio::select! {
                    turn = self.machines.turns().wait(pull) => Some(turn),
                    () = self.hurried() => {
                        let (until, why) = (clock::now(), "it waits for its turn at its source");
                        return Err(ActionError::Waiting { until, why: why.to_owned() });
                    }
                }
            };
            return self.pull(action, package, held, target, point).await;
        }
        let pushed = self.push(action, package, place, target, point).await;
        if let Err(error) = &pushed {
            self.note_unsent(package, held, (target, &point.settings.site), error).await;
        }
        pushed
    }
}

fn size(package: &PackageState) -> String {
    let files = if package.files == 1 { "file" } else { "files" };
    format!("{} {files}, {} bytes", package.files, package.bytes)
}
