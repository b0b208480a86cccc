//! `headwater agent`: the agent of one site system, on a computer of its own.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{ExitCode, Failure, Printer, operation};
use crate::{
    clock,
    model::Name,
    net::{Addresses, AdminToken, Certificates, raise_open_files},
    role::agent::{AdminPort, Agent, AgentOptions},
};

/// What `headwater agent` is given.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: headwater agent --name sea-dp --listen 127.0.0.5:8550 \
                        --token-file admin-token --data /var/lib/headwater-agent")]
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
    /// The file with the hierarchy's token: `admin-token` of the controller's data directory.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Trust the roots in this PEM file too where content comes over HTTPS: for points of the embedded
    /// hierarchy, `certificates/authority.crt` of the controller's data directory.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { name, listen, roles, token_file, ca } = arguments;
    if !listen.ip().is_loopback() {
        let error = anyhow::anyhow!(
            "the admin port has no TLS yet, so it may only listen on a loopback address: {listen} \
             is none"
        );
        return Err(Failure::new(ExitCode::Usage, error));
    }
    let token = AdminToken::read(token_file).map_err(|error| {
        let error = anyhow::Error::from(error)
            .context(format!("failed to read the token in {}", token_file.display()));
        Failure::new(ExitCode::Usage, error)
    })?;
    raise_open_files();
    let options = AgentOptions {
        name: name.clone(),
        directory: data.to_owned(),
        ip: roles.unwrap_or(listen.ip()),
        addresses: Addresses::system(),
        token: token.clone(),
        certificates: Certificates::open(data, ca.as_deref(), clock::now())
            .map_err(|error| Failure::new(ExitCode::Usage, error))?,
        resume: true,
    };
    let agent = Agent::open(options).await.map_err(operation)?;
    let opened = AdminPort::open(agent.clone(), token, listen.ip(), listen.port()).await;
    let port = opened.map_err(operation)?;
    printer.message(&format!("the agent of `{name}` answers at {}\n", port.url()))?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    port.close().await;
    agent.close().await;
    Ok(ExitCode::Success)
}
