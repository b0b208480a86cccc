//! What an operator has told by notifications, for the next one, which tells nothing twice: a Secret, because
//! what failed, and where, is the administrators' affair. It is written before something is told, and only
//! where somebody is told something.

use std::{collections::BTreeMap, io, path::Path, time::Duration};

use futures::future::BoxFuture;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{ObjectMeta, Patch},
};
use tokio::time::timeout;

use super::{
    children::MADE,
    packing::{pack, unpack},
    sharing::LARGEST,
    writing::applying,
};
use crate::{
    blocking::{Interrupted, blocking},
    error_text::with_causes,
    notify::{MemoryFile, MemoryKeeper, NotifyError},
};

/// The name of the Secret.
pub const TOLD: &str = "headwater-told";
/// The key of what was told, packed.
const KEY: &str = "notifications.json.gz";
/// The largest that is read, unpacked: what a data directory takes.
const LARGEST_UNPACKED: u64 = 256 << 20;
/// How long the API server may take.
const ANSWER: Duration = Duration::from_secs(10);

/// What was told is not known, or not kept.
#[derive(Debug, thiserror::Error)]
enum ToldError {
    #[error("the Secret `{TOLD}`")]
    Api(#[source] Box<kube::Error>),
    #[error("the API server does not answer in time")]
    Silence,
    #[error("the Secret `{TOLD}` is damaged")]
    Damaged(#[source] io::Error),
    #[error("it takes {0} bytes packed, and a cluster keeps 1 MiB")]
    TooLarge(usize),
    #[error(transparent)]
    File(#[from] NotifyError),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Keeps what was told in a Secret of a namespace.
#[derive(Debug)]
pub(super) struct Told {
    api: Api<Secret>,
    namespace: String,
}

impl Told {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), namespace: namespace.to_owned() }
    }

    /// Puts what the operator before has told into a file. What is not known any more is told once more: the
    /// hierarchy is worth more than that.
    pub(super) async fn take_over(&self, file: &Path) {
        if let Err(error) = self.try_take_over(file).await {
            let (namespace, why) = (&self.namespace, with_causes(&error));
            tracing::warn!(namespace, "what an operator before has told is not known: {why}");
        }
    }

    async fn try_take_over(&self, file: &Path) -> Result<(), ToldError> {
        let there = answered(self.api.get_opt(TOLD)).await?;
        let Some(packed) = there.and_then(|it| it.data?.remove(KEY)) else { return Ok(()) };
        let file = file.to_owned();
        blocking(move || {
            let memory = unpack(&packed.0, LARGEST_UNPACKED).map_err(ToldError::Damaged)?;
            Ok(MemoryFile(&file).take_over(&memory)?)
        })
        .await
    }

    async fn try_keep(&self, memory: &[u8]) -> Result<(), ToldError> {
        let packed = pack(memory).map_err(ToldError::Damaged)?;
        if packed.len() > LARGEST {
            return Err(ToldError::TooLarge(packed.len()));
        }
        let [(key, value), _] = MADE;
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(TOLD.to_owned()),
                labels: Some([(key.to_owned(), value.to_owned())].into()),
                ..ObjectMeta::default()
            },
            data: Some(BTreeMap::from([(KEY.to_owned(), ByteString(packed))])),
            ..Secret::default()
        };
        answered(self.api.patch(TOLD, &applying(), &Patch::Apply(&secret))).await?;
        Ok(())
    }
}

impl MemoryKeeper for Told {
    fn keep(&self, memory: Vec<u8>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.try_keep(&memory).await {
                let (namespace, why) = (&self.namespace, with_causes(&error));
                tracing::warn!(namespace, "what is told is not kept for the next operator: {why}");
            }
        })
    }
}

async fn answered<T>(
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, ToldError> {
    match timeout(ANSWER, request).await {
        Ok(answer) => answer.map_err(|why| ToldError::Api(Box::new(why))),
        Err(_) => Err(ToldError::Silence),
    }
}
