//! `headwater agent`: the agent of one site system, on a computer of its own.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
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
    /// its admin port speaks mutual TLS. It may stay there: a token is used once. An agent that has not
    /// joined waits for the file if it is not there, and for another token in it.
    #[arg(long, value_name = "FILE")]
    join_token_file: Option<PathBuf>,
    /// The file with the token of a hierarchy on the same computer: `admin-token` of the controller's
    /// data directory. Without a join token the admin port is in the clear, and on a loopback address.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file that tells where the declared addresses of others really are: lines of an address and a name
    /// that the name service knows. It is read again when it changes.
    #[arg(long, value_name = "FILE")]
    names_file: Option<PathBuf>,
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
    let Arguments { listen, token_file, .. } = arguments;
    let token = token_file.as_deref().map(admin_token).transpose()?;
    let addresses = addresses(arguments);
    raise_open_files();
    let mut ending = Ending::new()?;
    let Some((mut membership, mut joins_by)) =
        membership(arguments, data, &addresses, &mut ending, printer).await?
    else {
        return Ok(ExitCode::Success);
    };
    while let Some(member) = &membership {
        let http = member.http(token.as_ref()).map_err(operation)?;
        let parts = (member, http, joins_by.as_ref());
        if secured(arguments, data, parts, &mut ending, printer).await? == Until::Ended {
            return Ok(ExitCode::Success);
        }
        let again = self::membership(arguments, data, &addresses, &mut ending, printer).await?;
        let Some(again) = again else { return Ok(ExitCode::Success) };
        (membership, joins_by) = again;
    }
    match token {
        Some(token) if listen.ip().is_loopback() => {
            in_the_clear(arguments, data, token, &mut ending, printer).await
        }
        Some(_) => Err(usage(anyhow!(
            "{listen} is no loopback address, and without TLS the admin port listens on no other: \
             let the agent join the hierarchy with `--join-token-file`"
        ))),
        None => Err(usage(anyhow!(
            "the agent belongs to no hierarchy yet: let it join one with `--join-token-file`, or name \
             the token of one on this computer with `--token-file`"
        ))),
    }
}

/// How often a file is looked for that is not there yet, or not the right one.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// How serving as a member came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Somebody has ended the program.
    Ended,
    /// There is another token than the one that it waits with.
    OtherToken,
}

/// A membership, and the token by which it joins, or has joined: the text of the file.
type Joining = (Option<Membership>, Option<String>);

/// What is kept of a hierarchy, or begins with the token. Waits until there is a token where one is announced;
/// none if somebody ends the program before.
async fn membership(
    arguments: &Arguments,
    data: &Path,
    addresses: &Addresses,
    ending: &mut Ending,
    printer: &mut Printer,
) -> Result<Option<Joining>, Failure> {
    let Arguments { name, listen, join_token_file, .. } = arguments;
    let Some(file) = join_token_file else {
        let kept = Membership::open(data, name, None, addresses, clock::now()).map_err(usage)?;
        return Ok(Some((kept, None)));
    };
    let (mut port, mut before) = (None, None);
    loop {
        let text = token_text(file)?;
        let token = match text.as_deref().map(|text| join_token(file, text)).transpose() {
            // It may be in the middle of being written.
            Err(_) if port.is_some() && before != text => None,
            token => token?,
        };
        before.clone_from(&text);
        let opened = Membership::open(data, name, token, addresses, clock::now()).map_err(usage)?;
        if opened.is_some() {
            return Ok(Some((opened, text)));
        }
        // Who starts agents wants to see that this one is there.
        let port = if let Some(port) = &mut port {
            port
        } else {
            let bound = BoundPort::bind(listen.ip(), listen.port()).await;
            let bound = port.insert(bound.map_err(operation)?);
            let file = file.display();
            printer.message(&format!("the agent of `{name}` waits for its token in {file}\n"))?;
            bound
        };
        tokio::select! {
            () = ending.wait() => return Ok(None),
            never = port.turn_away() => match never {},
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

/// Comes back when there is another token than this one.
async fn other_token(arguments: &Arguments, than: Option<&String>) {
    let Some(file) = &arguments.join_token_file else { return std::future::pending().await };
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        // What cannot be read is looked at again, and said when the agent starts with it.
        if let Ok(Some(text)) = token_text(file)
            && Some(&text) != than
            && join_token(file, &text).is_ok()
        {
            return;
        }
    }
}

fn addresses(arguments: &Arguments) -> Addresses {
    let system = Addresses::system();
    match &arguments.names_file {
        Some(file) => system.with_names_file(file.clone()),
        None => system,
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
    let http = AdminHttp::with_token(&token, &addresses(arguments)).map_err(operation)?;
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
    (membership, http, joins_by): (&Membership, AdminHttp, Option<&String>),
    ending: &mut Ending,
    printer: &mut Printer,
) -> Result<Until, Failure> {
    let listen = arguments.listen;
    let bound = BoundPort::bind(listen.ip(), listen.port()).await.map_err(operation)?;
    let port = SecuredPort::open(membership, bound);
    let serving = serve(arguments, data, (membership, &port, &http, joins_by), ending, printer);
    let served = serving.await;
    // First, so that nobody hears of roles that are being closed.
    port.close().await;
    let (until, agent) = served?;
    if let Some(agent) = agent {
        agent.close().await;
    }
    Ok(until)
}

/// Serves as an agent of whichever hierarchy it belongs to, until somebody ends it or there is another token;
/// the agent that there is then.
async fn serve(
    arguments: &Arguments,
    data: &Path,
    (membership, port, http, joins_by): (&Membership, &SecuredPort, &AdminHttp, Option<&String>),
    ending: &mut Ending,
    printer: &mut Printer,
) -> Result<(Until, Option<Agent>), Failure> {
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
        let until = tokio::select! {
            () = ending.wait() => Some(Until::Ended),
            changed = authority.changed() => changed.is_err().then_some(Until::Ended),
            // The one that it has may have ended meanwhile.
            () = other_token(arguments, joins_by), if membership.waits() => Some(Until::OtherToken),
        };
        if let Some(until) = until {
            return Ok((until, agent));
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
        addresses: addresses(arguments),
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

/// The text of the file of the join token; none where there is none yet.
fn token_text(file: &Path) -> Result<Option<String>, Failure> {
    let context = || format!("failed to read the token in {}", file.display());
    let read = store::read_bounded(file, LONGEST_TOKEN);
    let bytes = read.map_err(|error| usage(anyhow::Error::from(error).context(context())))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn join_token(file: &Path, text: &str) -> Result<JoinToken, Failure> {
    let context = || format!("failed to read the token in {}", file.display());
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
