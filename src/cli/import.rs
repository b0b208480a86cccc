//! `headwater import`: the updates of a file into a software update point.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;

use super::{
    ExitCode, Failure, OutputFormat, Printer,
    asked::{Asked, Asking, ask, with_update_point},
    carrying::body,
    files::{read_key, unusable},
    operation,
    working::{Working, bar},
};
use crate::{
    model::{FileFacts, Name},
    role::{controller::Purpose, update_point::ImportError},
    view::{UpdatesFile, updates_file_json, updates_imported_text},
    wire::{
        agent::{AgentCommand, AgentOutcome},
        exchange::{ImportedUpdates, ReceivedUpdates, SignatureSeen},
        updates_file::PublicKey,
    },
};

/// What `headwater import` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 the updates are in the catalog; 1 the file is damaged or no export, or \
                  there is no such update point; 2 the command line is wrong or the file cannot be \
                  read; 3 the update point synchronizes from another server, and --force is not said\n\n\
                  Examples:\n  headwater import cen-active updates.cab\n  \
                  headwater import cen-active updates.headwater --verify-key verify.pem"
)]
pub struct Arguments {
    /// The software update point.
    #[arg(value_name = "POINT")]
    point: Name,
    /// What `headwater export` or `wsusutil export` has written.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Refuse the file unless it is signed with the private key of this public one: `openssl pkey -in
    /// sign.pem -pubout -out FILE`.
    #[arg(long, value_name = "FILE")]
    verify_key: Option<PathBuf>,
    /// Import also where updates come from another server, which will not have them.
    #[arg(long)]
    force: bool,
    /// Have the target groups, approvals, declined updates and accepted licence terms of the file take
    /// the place of those that are there.
    #[arg(long)]
    with_approvals: bool,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let key = arguments.verify_key.as_deref();
    let key = key.map(|it| read_key(it, PublicKey::from_pem)).transpose()?;
    let (session, asked) =
        ask(data, &arguments.asking.manifests, Purpose::Exactly, printer).await?;
    let imported = import(arguments, key, &asked).await;
    session.close().await;
    let imported = imported?;
    if let Some(SignatureSeen { key, verified: false }) = imported.signature {
        let note = "the signature was not looked at: --verify-key does that";
        printer.message(&format!("note: the file says that it is signed with {key}; {note}\n"))?;
    }
    if imported.approvals > 0 && imported.approvals_taken == Some(false) {
        let note =
            "note: approvals are in the file, and were not taken: --with-approvals does that\n";
        printer.message(note)?;
    }
    printer.result(&match arguments.asking.output {
        OutputFormat::Text => updates_imported_text(&imported),
        OutputFormat::Json => updates_file_json(&imported),
    })?;
    Ok(ExitCode::Success)
}

async fn import(
    arguments: &Arguments,
    verify_key: Option<PublicKey>,
    asked: &[Asked],
) -> Result<UpdatesFile, Failure> {
    let Arguments { point, file: path, force, .. } = arguments;
    let unreadable = |error| unusable("read", path, error);
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(std::io::Error::other("it is not a plain file")));
    }
    let at = with_update_point(asked, point)?;
    let settings = at.state.update_point.as_ref().map(|there| &there.settings);
    // Said before much is sent; the agent says it too.
    if !force && settings.is_some_and(|it| it.source.is_another_server()) {
        let refused = ImportError::HasUpstream(point.clone());
        return Err(Failure::new(ExitCode::Refused, refused));
    }
    let sent = send(at, file, metadata.len()).await;
    let not_sent = |error: anyhow::Error| {
        let context = format!("`{}` was not taken by `{}`", path.display(), at.name);
        operation(error.context(context))
    };
    let FileFacts { digest, size: bytes } = sent.map_err(not_sent)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let received = {
        let approvals = arguments.with_approvals;
        ReceivedUpdates { digest, name, verify_key, force: *force, approvals }
    };
    let command = AgentCommand::ImportReceived(Box::new(received));
    let mut working = Working::on(format!("importing into `{point}`"));
    let answered = at.agent.command(&command, |event| working.show(event)).await;
    drop(working);
    let AgentOutcome::Imported(imported) = answered.map_err(operation)? else {
        return Err(operation(anyhow!("`{}` answered something else than an import", at.name)));
    };
    let ImportedUpdates { revisions, new_revisions, signature, .. } = imported;
    let ImportedUpdates { files, approvals, approvals_taken, .. } = imported;
    Ok(UpdatesFile {
        file: path.display().to_string(),
        bytes,
        digest,
        update_point: point.clone(),
        site_system: at.name.clone(),
        revisions,
        new_revisions: Some(new_revisions),
        files,
        approvals,
        approvals_taken: Some(approvals_taken),
        signature,
    })
}

async fn send(at: &Asked, file: tokio::fs::File, bytes: u64) -> anyhow::Result<FileFacts> {
    let agent = at.sender();
    let bar = bar(bytes);
    let facts = agent.send_updates(body(file, &bar)).await;
    bar.finish_and_clear();
    Ok(facts?)
}
