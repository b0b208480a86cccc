//! The port of `headwater controller` and `headwater up` for programs that watch them, and for the hook
//! of a git server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::anyhow;
use clap::Args;

use super::{ExitCode, Failure, Printer, operation};
use crate::{
    model::{Address, ClientCertificates},
    net::{CertificateSource, OpenPort, ServerTls},
    role::host::DataDirectory,
    web::{self, HookSecretError, HookSecrets, Hooks, Vitals},
};

/// The port for programs that watch.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Port for programs that watch")]
pub(super) struct WatchArguments {
    /// Serve `/livez`, `/readyz` and `/metrics` (OpenMetrics) at this address. Whoever reaches it may
    /// read them: a loopback address keeps them on this computer.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Serve them over HTTPS, with a certificate of the hierarchy's own authority for this host name or
    /// address: whoever asks has to trust `certificates/authority.crt` of the data directory.
    #[arg(long, value_name = "HOST", requires = "listen")]
    listen_https: Option<Address>,
}

/// Somebody may watch. Ends when it is dropped.
pub(super) struct Watching {
    pub(super) vitals: Vitals,
    pub(super) hooks: Option<Hooks>,
    _port: Option<OpenPort>,
}

impl WatchArguments {
    /// Opens the port, if one is wanted: first of all, so that whoever watches sees it starting. With a
    /// file of secrets, git servers may call.
    ///
    /// # Errors
    ///
    /// The port cannot be opened, or there are no good secrets.
    pub(super) async fn open(
        &self,
        hook_secrets: Option<&PathBuf>,
        data: &Path,
        printer: &mut Printer,
    ) -> Result<Watching, Failure> {
        let vitals = Vitals::new();
        let hooks = hook_secrets.map(|path| Ok(Hooks::new(HookSecrets::read(path)?)));
        let hooks = hooks.transpose();
        let hooks = hooks.map_err(|error: HookSecretError| Failure::new(ExitCode::Usage, error))?;
        let Some(listen) = self.listen else {
            return Ok(Watching { vitals, hooks, _port: None });
        };
        let tls = match &self.listen_https {
            Some(host) => Some(Arc::new(tls(host, data).await?)),
            None => None,
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let port = web::serve(listen, tls, vitals.clone(), hooks.clone()).await;
        let port = port.map_err(|error| operation(anyhow!(error).context("`--listen`")))?;
        printer.message(&format!("watch it at {scheme}://{}\n", port.address()))?;
        Ok(Watching { vitals, hooks, _port: Some(port) })
    }
}

async fn tls(host: &Address, data: &Path) -> Result<ServerTls, Failure> {
    let data = DataDirectory::open(data).map_err(operation)?;
    let source = CertificateSource::Issued(vec![host.to_string()]);
    let presented = data.certificates().present(source).await.map_err(operation)?;
    ServerTls::new(data.certificates(), presented, ClientCertificates::Ignore).map_err(operation)
}
