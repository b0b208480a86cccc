//! `headwater up`: the whole hierarchy in one process.

use std::{path::Path, time::Duration};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    ExitCode, Failure, OutputFormat, Printer,
    apply::{self, summary},
    kept::{Kept, Wanted},
    manifests::Manifests,
    operation,
    progress::{Progress, Said},
};
use crate::{
    apply::{Removals, Trigger},
    error_text::with_causes,
    model::Interval,
    net::raise_open_files,
    role::controller::{Controller, Purpose, Session},
    view::{StatusReport, plain, run_text, status_json, status_text},
};

/// What `headwater up` is given.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 ended by a signal or, with --once, the hierarchy is as the \
                  manifests say; 1 it could not be started, a manifest is not valid or, with \
                  --once, something is left; 2 the command line is wrong or a file cannot be read; 3 \
                  with --once, refused: nothing is declared at all\n\n\
                  Example: headwater up --once examples/contoso")]
pub struct Arguments {
    #[command(flatten)]
    manifests: Manifests,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
    /// Leave when the hierarchy is as the manifests say, or cannot become so.
    #[arg(long)]
    once: bool,
    /// How often manifests and site systems are looked at.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    every: Interval,
    /// Remove what is there but not declared any more; otherwise it stays, and is named.
    #[arg(long)]
    prune: bool,
}

impl Arguments {
    fn removals(&self) -> Removals {
        if self.prune { Removals::Confirmed } else { Removals::LeftOut }
    }
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    raise_open_files();
    if arguments.once {
        once(arguments, data, printer).await
    } else {
        stay(arguments, data, printer).await
    }
}

async fn once(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let removals = arguments.removals();
    let converged = apply::converge(&arguments.manifests, removals, data, printer).await?;
    let run = summary(&converged);
    let mut status = StatusReport::of(&converged.looked.observed);
    printer.result(&match arguments.output {
        OutputFormat::Text => format!("{}\n{}", status_text(&status), run_text(&run)),
        OutputFormat::Json => {
            status.run = Some(run);
            status_json(&status)
        }
    })?;
    Ok(apply::exit_code(&converged))
}

/// Keeps the hierarchy as the manifests say until somebody ends it. Manifests are looked at each
/// time, and those that changed are read; while they are broken, the last good ones hold.
async fn stay(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (mut kept, mut wanted) = Kept::read(&arguments.manifests.paths, printer)?;
    let session = Session::open(data, Purpose::Stay).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut last = String::new();
    let said = Said::default();
    let pause = Duration::from_secs(arguments.every.as_seconds().max(1).into());
    loop {
        let progress = Progress::after(said.clone(), printer.messages_coloured());
        let (hierarchy, digest) = &wanted;
        let pass = controller.converge(
            hierarchy,
            *digest,
            Trigger::Loop,
            arguments.removals(),
            progress.events(),
        );
        let mut pass = Box::pin(pass);
        let mut changed = None;
        let converged = loop {
            tokio::select! {
                converged = &mut pass => break Some(converged),
                _ = interrupted.recv() => break None,
                _ = terminated.recv() => break None,
                // Transfers may take hours, and somebody may change his mind meanwhile.
                () = tokio::time::sleep(pause), if changed.is_none() => {
                    changed = look(&mut kept, printer)?;
                    if changed.is_some() {
                        controller.hurry();
                    }
                }
            }
        };
        drop(pass);
        progress.end().await;
        let Some(converged) = converged else { break };
        // Said once, not every half minute.
        let text = match converged {
            Ok(converged) => run_text(&summary(&converged)),
            Err(error) => format!("{}\n", plain(&with_causes(&error))),
        };
        if text != last {
            printer.message(&text)?;
            last = text;
        }
        if changed.is_none() {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = interrupted.recv() => break,
                _ = terminated.recv() => break,
            }
            changed = look(&mut kept, printer)?;
        }
        wanted = changed.unwrap_or(wanted);
    }
    controller.close().await;
    Ok(ExitCode::Success)
}

/// The manifests, if they have changed and are good.
fn look(kept: &mut Kept, printer: &mut Printer) -> Result<Option<Wanted>, Failure> {
    match kept.look(printer) {
        Ok(changed) => Ok(changed),
        Err(failure) => {
            let why = failure.to_string();
            printer.message(&format!("{}; the last good manifests hold\n", plain(&why)))?;
            Ok(None)
        }
    }
}
