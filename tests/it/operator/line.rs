//! A line to the API server that can be cut without a word.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

/// A port on this computer behind which another one is.
pub(super) struct Line {
    pub(super) port: u16,
    flows: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Line {
    pub(super) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (flows, gate) = watch::channel(true);
        let mut tasks = JoinSet::new();
        let own = listener.local_addr().unwrap().port();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let ((from_near, to_near), (from_far, to_far)) =
                    (near.into_split(), far.into_split());
                connections.spawn(pump(from_near, to_far, gate.clone()));
                connections.spawn(pump(from_far, to_near, gate.clone()));
            }
        });
        Self { port: own, flows, _tasks: tasks }
    }

    /// Nothing comes through any more, and nobody is told.
    pub(super) fn freeze(&self) {
        self.flows.send_replace(false);
    }

    /// What was sent meanwhile comes through, and all that is sent from now on.
    pub(super) fn thaw(&self) {
        self.flows.send_replace(true);
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut gate: watch::Receiver<bool>) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let open = gate.wait_for(|flows| *flows).await.is_ok();
        if !open || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
