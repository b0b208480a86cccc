//! `headwater agent`: the agent of one site system, on a computer of its own.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{ExitCode, Failure, Printer, operation};
use crate::{
    clock,
    model::Name,
    net::{
        Addresses, AdminHttp, AdminToken, BoundPort, Certificates, JoinToken, Membership,
        raise_open_files,
    },
    role::agent::{AdminPort, Agent, AgentOptions, SecuredPort},
    store,
};

/// The longest file of a token.
const LONGEST_TOKEN: u64 = 4096;

/// What `headwater agent` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 ended by a signal; 1 it could not be started; 2 the command \
                  line is wrong, or a file cannot be used\n\n\
                  Examples:\n  headwater agent --name sea-dp --listen 0.0.0.0:8550 \
                  --join-token-file token --data /var/lib/headwater-agent\n  \
                  headwater agent --name branch --listen 127.0.0.5:8550 --token-file \
                  .headwater/admin-token --data branch-data"
)]
pub struct Arguments {
    /// The name of the site system.
    #[arg(long)]
    name: Name,
    /// Address and port of the admin port.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8550")]
    listen: SocketAddr,
    /// The IP address on which the roles listen; absent: that of the admin port.
    #[arg(long, value_name = "IP")]
    roles: Option<IpAddr>,
    /// A file with what `headwater join-token` has printed: with it the agent joins the hierarchy, and
    /// its admin port speaks mutual TLS. It may stay there: a token is used once.
    #[arg(long, value_name = "FILE")]
    join_token_file: Option<PathBuf>,
    /// The file with the token of a hierarchy on the same computer: `admin-token` of the controller's
    /// data directory. Without a join token the admin port is in the clear, and on a loopback address.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Trust the roots in this PEM file too where content comes over HTTPS. The authority of a hierarchy
    /// that the agent has joined is trusted in any case.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(ExitCode::Usage, error)
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { name, listen, join_token_file, token_file, .. } = arguments;
    let token = token_file.as_deref().map(admin_token).transpose()?;
    let join = join_token_file.as_deref().map(join_token).transpose()?;
    let addresses = Addresses::system();
    raise_open_files();
    let membership = Membership::open(data, name, join, &addresses, clock::now());
    let mut ending = Ending::new()?;
    match (membership.map_err(usage)?, token) {
        (Some(membership), token) => {
            let http = membership.http(token.as_ref()).map_err(operation)?;
            secured(arguments, data, (&membership, http), &mut ending, printer).await
        }
        (None, Some(token)) if listen.ip().is_loopback() => {
            in_the_clear(arguments, data, token, &mut ending, printer).await
        }
        (None, Some(_)) => Err(usage(anyhow!(
            "{listen} is no loopback address, and without TLS the admin port listens on no other: \
             let the agent join the hierarchy with `--join-token-file`"
        ))),
        (None, None) => Err(usage(anyhow!(
            "the agent belongs to no hierarchy yet: let it join one with `--join-token-file`, or name \
             the token of one on this computer with `--token-file`"
        ))),
    }
}

/// On the computer of its controller, with the token.
async fn in_the_clear(
    arguments: &Arguments,
    data: &Path,
    token: AdminToken,
    ending: &mut Ending,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { name, listen, .. } = arguments;
    let http = AdminHttp::with_token(&token, &Addresses::system()).map_err(operation)?;
    let agent = open(arguments, data, &http).await?;
    let opened = AdminPort::open(agent.clone(), token, listen.ip(), listen.port()).await;
    let port = opened.map_err(operation)?;
    printer.message(&format!("the agent of `{name}` answers at {}\n", port.url()))?;
    ending.wait().await;
    port.close().await;
    agent.close().await;
    Ok(ExitCode::Success)
}

/// As a member of a hierarchy, or of none yet.
async fn secured(
    arguments: &Arguments,
    data: &Path,
    (membership, http): (&Membership, AdminHttp),
    ending: &mut Ending,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let listen = arguments.listen;
    let bound = BoundPort::bind(listen.ip(), listen.port()).await.map_err(operation)?;
    let port = SecuredPort::open(membership, bound);
    let served = serve(arguments, data, (membership, &port, &http), ending, printer).await;
    // First, so that nobody hears of roles that are being closed.
    port.close().await;
    if let Some(agent) = served? {
        agent.close().await;
    }
    Ok(ExitCode::Success)
}

/// Serves as an agent of whichever hierarchy it belongs to, until somebody ends it; the agent that there is
/// then.
async fn serve(
    arguments: &Arguments,
    data: &Path,
    (membership, port, http): (&Membership, &SecuredPort, &AdminHttp),
    ending: &mut Ending,
    printer: &mut Printer,
) -> Result<Option<Agent>, Failure> {
    let mut authority = membership.authority();
    loop {
        let joined = authority.borrow_and_update().is_some();
        let agent = if joined { Some(open(arguments, data, http).await?) } else { None };
        port.serve(agent.clone());
        let (name, url) = (&arguments.name, port.url());
        printer.message(&if membership.waits() {
            format!("the agent of `{name}` waits at {url} for the controller whose token it has\n")
        } else {
            format!("the agent of `{name}` answers at {url}\n")
        })?;
        // The roles trust the authority of the hierarchy, so they open anew in another one.
        let changed = tokio::select! {
            () = ending.wait() => false,
            changed = authority.changed() => changed.is_ok(),
        };
        if !changed {
            return Ok(agent);
        }
        port.serve(None);
        if let Some(agent) = agent {
            agent.close().await;
        }
    }
}

async fn open(arguments: &Arguments, data: &Path, http: &AdminHttp) -> Result<Agent, Failure> {
    let Arguments { name, listen, roles, ca, .. } = arguments;
    let options = AgentOptions {
        name: name.clone(),
        directory: data.to_owned(),
        ip: roles.unwrap_or(listen.ip()),
        addresses: Addresses::system(),
        http: http.clone(),
        certificates: Certificates::open(data, ca.as_deref(), clock::now()).map_err(usage)?,
        resume: true,
    };
    Agent::open(options).await.map_err(operation)
}

fn admin_token(file: &Path) -> Result<AdminToken, Failure> {
    AdminToken::read(file).map_err(|error| {
        let context = format!("failed to read the token in {}", file.display());
        usage(anyhow::Error::from(error).context(context))
    })
}

fn join_token(file: &Path) -> Result<JoinToken, Failure> {
    let context = || format!("failed to read the token in {}", file.display());
    let read = store::read_bounded(file, LONGEST_TOKEN)
        .and_then(|bytes| bytes.ok_or_else(|| std::io::ErrorKind::NotFound.into()));
    let bytes = read.map_err(|error| usage(anyhow::Error::from(error).context(context())))?;
    let text = String::from_utf8_lossy(&bytes);
    text.parse().map_err(|error| usage(anyhow::Error::from(error).context(context())))
}

/// The signals that end it.
struct Ending {
    interrupted: Signal,
    terminated: Signal,
}

impl Ending {
    fn new() -> Result<Self, Failure> {
        let interrupted = signal(SignalKind::interrupt())?;
        Ok(Self { interrupted, terminated: signal(SignalKind::terminate())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}
