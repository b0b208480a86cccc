//! `headwater export`: all updates of a software update point into one file.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::Args;

use super::{
    ExitCode, Failure, OutputFormat, Printer,
    asked::{Asked, Asking, ask, with_update_point},
    carrying::receive,
    files::{NewFile, read_key, unusable},
    operation,
    working::Working,
};
use crate::{
    model::{FileFacts, Hashing, Name},
    role::{controller::Purpose, update_point::ExportFailed},
    store::hash_file,
    view::{UpdatesFile, updates_file_json, updates_written_text},
    wire::{
        agent::{AgentCommand, AgentOutcome},
        exchange::{ExportForm, ExportedParts, ExportedUpdates, SignatureSeen},
        updates_file::{SigningKey, sign},
    },
};

/// What `headwater export` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 the file is written; 1 there is no such update point, or it cannot \
                  export; 2 the command line is wrong or the file cannot be written\n\n\
                  Examples:\n  headwater export cen-active updates.cab\n    then on a WSUS server: \
                  wsusutil import updates.cab import.log\n  \
                  headwater export cen-active updates.headwater --sign-key sign.pem\n  \
                  headwater export cen-active all.headwater --with-content --with-approvals\n  \
                  headwater export cen-active offline.cab --offline-catalog"
)]
pub struct Arguments {
    /// The software update point.
    #[arg(value_name = "POINT")]
    point: Name,
    /// The file to write: its name ends in .cab, as WSUS imports it, or in .headwater.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write an offline catalog instead, in the layout of wsusscn2.cab: what is in force, for programs
    /// that look for missing updates where no update point is. Its name ends in .cab.
    #[arg(long)]
    offline_catalog: bool,
    /// Sign a .headwater file with this Ed25519 key: `openssl genpkey -algorithm ed25519 -out FILE`.
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Have the files of updates in it that the update point has: with .headwater.
    #[arg(long)]
    with_content: bool,
    /// Have target groups, approvals, declined updates and accepted licence terms in it: with
    /// .headwater.
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
    let form = form(&arguments.file, arguments.offline_catalog)?;
    let key = arguments.sign_key.as_deref();
    let key = key.map(|it| read_key(it, SigningKey::from_pem)).transpose()?;
    if key.is_some() && form != ExportForm::Headwater {
        let why = "a cabinet carries no signature: choose a name that ends in .headwater";
        return Err(Failure::new(ExitCode::Usage, anyhow!(why)));
    }
    let with =
        ExportedParts { content: arguments.with_content, approvals: arguments.with_approvals };
    if !with.is_empty() && form != ExportForm::Headwater {
        return Err(Failure::new(ExitCode::Usage, ExportFailed::NotInCabinet));
    }
    let (session, asked) = ask(data, &arguments.asking.manifests, Purpose::Look, printer).await?;
    let exported = export(arguments, (form, with), key.as_ref(), &asked).await;
    session.close().await;
    let exported = exported?;
    printer.result(&match arguments.asking.output {
        OutputFormat::Text => updates_written_text(&exported),
        OutputFormat::Json => updates_file_json(&exported),
    })?;
    Ok(ExitCode::Success)
}

/// The form that the name of a file asks for, or a cabinet of the other kind.
fn form(file: &Path, offline_catalog: bool) -> Result<ExportForm, Failure> {
    let usage = |why: &str| {
        Err(Failure::new(ExitCode::Usage, anyhow!("cannot write {}: {why}", file.display())))
    };
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "cab" if offline_catalog => Ok(ExportForm::OfflineCatalog),
        _ if offline_catalog => {
            usage("an offline catalog is a cabinet: its name has to end in .cab")
        }
        "cab" => Ok(ExportForm::Cabinet),
        "headwater" => Ok(ExportForm::Headwater),
        "gz" => usage(
            "what `wsusutil` writes into .xml.gz is not documented; choose a name that ends in .cab, \
             which it imports too",
        ),
        _ => usage("its name says the form, and has to end in .cab or .headwater"),
    }
}

async fn export(
    arguments: &Arguments,
    (form, with): (ExportForm, ExportedParts),
    key: Option<&SigningKey>,
    asked: &[Asked],
) -> Result<UpdatesFile, Failure> {
    let Arguments { point, file: path, .. } = arguments;
    let at = with_update_point(asked, point)?;
    // Who cannot write it need not have it made.
    let unwritable = |error| unusable("write", path, error);
    let (mut file, temporary) = NewFile::create(path).map_err(unwritable)?;
    let mut working = Working::on(format!("exporting `{point}`"));
    let command = AgentCommand::ExportUpdates { form, with };
    let answered = at.agent.command(&command, |event| working.show(event)).await;
    drop(working);
    let AgentOutcome::Exported(exported) = answered.map_err(operation)? else {
        return Err(operation(anyhow!("`{}` answered something else than an export", at.name)));
    };
    let ExportedUpdates { digest, bytes, revisions, files, approvals } = exported;
    let response = at.agent.exported(digest).await.map_err(operation)?;
    let mut hashing = Hashing::default();
    let take = |block: &[u8]| {
        hashing.update(block);
        file.write_all(block)
    };
    receive(response, bytes, &at.name, path, take).await?;
    if hashing.digest() != digest {
        return Err(operation(anyhow!(
            "what came from `{}` is not what it had written: export again",
            at.name
        )));
    }
    let (mut digest, mut bytes, mut signature) = (digest, bytes, None);
    if let Some(key) = key {
        sign(&mut file, key).map_err(operation)?;
        FileFacts { digest, size: bytes } = hash_file(&mut file).map_err(unwritable)?;
        signature = Some(SignatureSeen { key: key.public(), verified: true });
    }
    temporary.keep(&file, path).map_err(unwritable)?;
    let (site_system, update_point) = (at.name.clone(), point.clone());
    let file = path.display().to_string();
    Ok(UpdatesFile {
        file,
        bytes,
        digest,
        update_point,
        site_system,
        revisions,
        new_revisions: None,
        files,
        approvals,
        approvals_taken: None,
        signature,
    })
}
