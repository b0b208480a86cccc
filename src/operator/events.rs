//! Events of objects, written beside all else: no pass waits for them.

use std::time::Duration;

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client,
    runtime::events::{Event, Recorder, Reporter},
};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::JoinHandle,
    time::timeout,
};

use super::telling::refused;
use crate::world::here;

/// How many may wait to be written. What does not find a place any more is in the log only.
const MOST: usize = 10_000;
/// How many are under way at a time: statuses go first.
const AT_ONCE: usize = 2;
/// How long those are written still that wait when the operator ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Writes events.
pub(super) struct Events {
    waiting: Sender<(Event, ObjectReference)>,
    writing: JoinHandle<()>,
}

impl Events {
    /// Begins to write as this instance of the operator.
    pub(super) fn begin(client: Client, instance: Option<String>) -> Self {
        let reporter = Reporter { controller: "headwater.dev/operator".to_owned(), instance };
        let (waiting, received) = channel(MOST);
        let task = tokio::spawn(here(write(Recorder::new(client, reporter), received)));
        Self { waiting, writing: task }
    }

    /// Has an event of an object written.
    pub(super) fn tell(&self, event: Event, of: ObjectReference) {
        if let Err(refused) = self.waiting.try_send((event, of)) {
            let (event, of) = refused.into_inner();
            let (name, note) = (of.name.unwrap_or_default(), event.note.unwrap_or_default());
            tracing::warn!(
                "an event of {name} is not written, too many wait: {}: {note}",
                event.reason
            );
        }
    }

    /// Writes what waits, but not for long.
    pub(super) async fn end(self) {
        drop(self.waiting);
        if timeout(LAST_WORDS, self.writing).await.is_err() {
            tracing::warn!("not all events were written before the end");
        }
    }
}

async fn write(recorder: Recorder, mut received: Receiver<(Event, ObjectReference)>) {
    let waiting = stream::poll_fn(|context| received.poll_recv(context));
    let written = waiting.for_each_concurrent(AT_ONCE, |(event, of)| {
        let recorder = &recorder;
        async move {
            if let Err(error) = recorder.publish(&event, &of).await {
                refused("an event", of.name.as_deref().unwrap_or_default(), &error);
            }
        }
    });
    written.await;
}
