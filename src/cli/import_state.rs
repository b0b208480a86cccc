//! `headwater import-state`: manifests for site systems that are there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::{ExitCode, Failure, Printer, operation, sources};
use crate::{
    adopt::{Beside, adopt},
    clock,
    manifest::{ManifestFile, SourceText},
    model::{Hierarchy, Known, Name, Observed, ObservedBuilder},
    net::{Addresses, AdminHttp, AdminToken},
    observe::{Identified, identify},
    plan::{Inputs, plan},
    role::controller::{Controller, Purpose, Session},
    store,
    view::{Summary, adopted_files, adoption_notes, counted, plain, problems_text, summary_line},
};

/// What `headwater import-state` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 written, 1 a site system cannot be asked or what is there cannot \
                  be described validly, 2 the command line is wrong or a file cannot be read or \
                  written, 3 refused: a file is there already, and --force is not given\n\n\
                  Examples:\n  headwater import-state --embedded --out manifests\n  \
                  headwater import-state http://127.0.0.5:8550 --token-file admin-token"
)]
pub struct Arguments {
    /// Admin addresses of agents on computers of their own.
    #[arg(value_name = "URL")]
    urls: Vec<String>,
    /// Describe the site systems of the data directory.
    #[arg(long)]
    embedded: bool,
    /// The file with the hierarchy's token; absent: `admin-token` of the data directory.
    #[arg(long, value_name = "FILE", conflicts_with = "embedded")]
    token_file: Option<PathBuf>,
    /// Write files into this directory: one for each site, one for port settings and one for
    /// packages. Absent: one text on standard output.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace files that are there already.
    #[arg(long, requires = "out")]
    force: bool,
    /// Describe those that answer even if others do not.
    #[arg(long)]
    partial: bool,
}

/// What was asked.
struct Asked {
    observed: Observed,
    /// The addresses of the agents on computers of their own.
    remote: BTreeMap<Name, String>,
    /// Who did not answer, and why.
    silent: Vec<String>,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { out, force, partial, .. } = arguments;
    askable(arguments, data)?;
    let Asked { observed, remote, silent } = ask(arguments, data).await?;
    for silent in &silent {
        printer.message(&format!("warning: {}\n", plain(silent)))?;
    }
    if !silent.is_empty() && !partial {
        let error = anyhow::anyhow!(
            "{} cannot be asked, and what depends on them cannot be described: start their agents, \
             or describe the others with --partial",
            counted(silent.len(), "site system")
        );
        return Err(Failure::from(error));
    }
    if observed.present().next().is_none() {
        return Err(Failure::from(anyhow::anyhow!("there is no site system to describe")));
    }
    let adopted = adopt(&observed, Beside { remote: &remote, documents: None });
    let files = adopted_files(&adopted);
    if let Some(directory) = out {
        write(directory, &files, *force)?;
        let documents = counted(adopted.declared.len(), "document");
        let written = counted(files.len(), "file");
        let message = format!("{documents} in {written} below {}\n", directory.display());
        printer.message(&message)?;
    } else {
        let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
        printer.result(&texts.join("---\n"))?;
    }
    printer.message(&adoption_notes(&adopted.notes))?;
    valid(files, &observed, printer)
}

/// Whether what was written can be read, and leaves nothing to be done.
fn valid(
    files: Vec<ManifestFile>,
    observed: &Observed,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let directory: Arc<Path> = Arc::from(Path::new("/"));
    let text = |file: ManifestFile| SourceText {
        name: file.path,
        directory: directory.clone(),
        text: file.text,
    };
    let checked = sources::load_and_check(files.into_iter().map(text).collect());
    let summary = Summary::of(&checked.problems);
    if summary.errors > 0 {
        let source_map = &checked.loaded.source_map;
        let coloured = printer.messages_coloured();
        printer.message(&problems_text(&checked.problems, source_map, coloured))?;
        let message =
            format!("what is there cannot be described validly: {}\n", summary_line(summary));
        printer.message(&message)?;
        return Ok(ExitCode::Failure);
    }
    let hierarchy = Hierarchy::resolve(&checked.loaded.declared).map_err(operation)?;
    let manifest_digest = checked.loaded.digest;
    let plan = plan(Inputs { hierarchy: &hierarchy, manifest_digest, observed, now: clock::now() });
    if let Some(first) = plan.actions.first() {
        let message = format!(
            "what is there is not at rest: a plan for these manifests has {}, first {}\n",
            counted(plan.actions.len(), "action"),
            first.id
        );
        printer.message(&message)?;
    }
    Ok(ExitCode::Success)
}

/// Refuses what cannot be asked, before anything is made for it.
fn askable(arguments: &Arguments, data: &Path) -> Result<(), Failure> {
    let Arguments { urls, embedded, .. } = arguments;
    if urls.is_empty() && !embedded {
        let error = anyhow::anyhow!(
            "nobody is named who is to be described: write `--embedded` for the site systems of the \
             data directory, or the admin addresses of agents"
        );
        return Err(Failure::new(ExitCode::Usage, error));
    }
    if let Some(wrong) = urls.iter().find(|url| !is_admin_address(url)) {
        let error = anyhow::anyhow!(
            "`{}` is not the admin address of an agent: write one such as `https://10.0.0.5:8550`",
            plain(wrong)
        );
        return Err(Failure::new(ExitCode::Usage, error));
    }
    // Every hierarchy has a token: where there is none, looking would make an empty one.
    if *embedded && !data.join("admin-token").exists() {
        let error = anyhow::anyhow!(
            "there is no site system to describe: {} holds no hierarchy",
            data.display()
        );
        return Err(Failure::from(error));
    }
    Ok(())
}

fn is_admin_address(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

async fn ask(arguments: &Arguments, data: &Path) -> Result<Asked, Failure> {
    let Arguments { urls, embedded, token_file, .. } = arguments;
    let mut observed = ObservedBuilder::default();
    let Identified { agents, strangers } = if *embedded {
        let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
        let controller = Controller::new(session).map_err(operation)?;
        let hosted = controller.observe_into(&BTreeMap::new(), &mut observed).await;
        let identified = identify(urls, controller.session().http(), &mut observed).await;
        controller.close().await;
        hosted.map_err(operation)?;
        identified
    } else {
        let token_file = token_file.clone().unwrap_or_else(|| data.join("admin-token"));
        let token = AdminToken::read(&token_file).map_err(|error| {
            let error = anyhow::Error::from(error)
                .context(format!("failed to read the token in {}", token_file.display()));
            Failure::new(ExitCode::Usage, error)
        })?;
        let http = AdminHttp::with_token(&token, &Addresses::system()).map_err(operation)?;
        identify(urls, &http, &mut observed).await
    };
    let observed = observed.finish();
    let mut silent: Vec<String> =
        strangers.into_iter().map(|(url, why)| format!("{url}: {why}")).collect();
    for (name, known) in &observed.site_systems {
        match known {
            // An embedded one that was cut off while it was made is none yet.
            Known::Absent if !agents.contains_key(name) => {}
            Known::Present(_) => {}
            Known::Absent => silent.push(format!("`{name}`: nobody has told it what it is")),
            Known::Unknown(why) => silent.push(format!("`{name}`: {why}")),
        }
    }
    Ok(Asked { observed, remote: agents, silent })
}

/// Writes files below a directory: all of them, or none if one is there already.
fn write(directory: &Path, files: &[ManifestFile], force: bool) -> Result<(), Failure> {
    let paths: Vec<PathBuf> = files.iter().map(|file| directory.join(&file.path)).collect();
    if let Some(there) = paths.iter().find(|path| !force && path.symlink_metadata().is_ok()) {
        let error = anyhow::anyhow!(
            "{} is there already: name another directory, or replace it with --force",
            there.display()
        );
        return Err(Failure::new(ExitCode::Refused, error));
    }
    for (path, file) in paths.iter().zip(files) {
        store::replace(path, file.text.as_bytes())
            .map_err(|error| super::files::unusable("write", path, error))?;
    }
    Ok(())
}
