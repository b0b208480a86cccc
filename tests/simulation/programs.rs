//! The programs of the hierarchy: a controller, and an agent on each computer of a site system.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Parser;
use headwater::{
    cli::{Cli, Printer, stay},
    clock,
    role::host::DataDirectory,
};
use tokio::task::JoinHandle;

use super::{
    below::Below,
    chance::Chance,
    computer::Computer,
    hierarchy::{AGENT_PORT, CONTROLLER, host, ip},
    network::{Crash, Network},
};

/// A computer, what is below it, and the program that belongs there.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) computer: Computer,
    pub(crate) below: Arc<Below>,
    /// Where the manifests and the tokens are, which do not get lost.
    carried: PathBuf,
    running: Option<JoinHandle<Option<Result<(), String>>>>,
}

impl Place {
    /// A computer with nothing on it.
    pub(crate) fn new(
        network: &Network,
        name: &'static str,
        (root, carried): (&Path, &Path),
        chance: Chance,
    ) -> Self {
        let below = Arc::new(Below::new(name, root.to_owned(), chance));
        let directory = root.join(format!("{name}.0"));
        let computer = Computer::new(network, &host(name), ip(name), directory, Arc::clone(&below));
        Self { name, computer, below, carried: carried.to_owned(), running: None }
    }

    /// Starts its program on what the last one has left.
    pub(crate) fn start(&mut self) {
        let directory = self.below.next_life(&self.computer.directory());
        self.computer.set_directory(&directory);
        let arguments = self.arguments(&directory);
        self.running = Some(self.computer.start(async move {
            let cli = Cli::try_parse_from(arguments).map_err(|error| error.to_string())?;
            let mut printer = Printer::to(Box::new(io::sink()), Box::new(Said));
            let ended = stay(&cli.command, &directory, &mut printer).await;
            ended.map(drop).map_err(|failure| failure.to_string())
        }));
    }

    /// How the program has ended, if it has: by itself, or by somebody.
    pub(crate) async fn ended(&mut self) -> Option<String> {
        let running = self.running.take_if(|running| running.is_finished())?;
        let ended = match running.await {
            Ok(None) => "it was killed".to_owned(),
            Ok(Some(Ok(()))) => "it ended".to_owned(),
            Ok(Some(Err(why))) => why,
            Err(panicked) => panic!("{}: {panicked}", self.name),
        };
        // Until nothing is left of it.
        self.computer.kill(Crash::Program).await;
        Some(ended)
    }

    fn arguments(&self, directory: &Path) -> Vec<String> {
        let data = directory.display();
        let carried = self.carried.display();
        let line = if self.name == CONTROLLER {
            format!("headwater --data {data} controller --source {carried}/manifests --every 2m")
        } else {
            let (name, at) = (self.name, ip(self.name));
            format!(
                "headwater --data {data} agent --name {name} --listen {at}:{AGENT_PORT} \
                 --join-token-file {carried}/{name}.token"
            )
        };
        line.split(' ').map(str::to_owned).collect()
    }
}

/// Makes the tokens by which agents join. Runs on the computer of the controller, before its program.
pub(crate) async fn make_tokens(data: &Path, carried: &Path, systems: &[&str]) {
    let data = DataDirectory::open(data).unwrap();
    for system in systems {
        let name = system.parse().unwrap();
        let valid = jiff::SignedDuration::from_hours(100);
        let token = data.agents().make_token(&name, valid, clock::now()).await.unwrap();
        std::fs::write(carried.join(format!("{system}.token")), token.to_text()).unwrap();
    }
}

/// What a program says to people goes where it logs.
struct Said;

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        tracing::info!(target: "said", "{}", text.trim_end());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
