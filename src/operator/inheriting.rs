//! What an operator leaves to the next one, which may be on another node and has no part in its data
//! directory: a Secret with the authority of the hierarchy and what is known of agents. It is read when an
//! operator begins to lead, and written before anything depends on what is written.
//!
//! Only who has read the Secret as it is may write it. So an operator that was held up, and goes on without
//! knowing that another one leads, lets no agent join, and exchanges no key.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{ObjectMeta, Patch},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    packing::{pack, unpack},
    sharing::LARGEST,
    telling::is_namespace_going,
    writing::{changing, creating},
};
use crate::{
    blocking::{Interrupted, blocking},
    model::Digest,
    net::{Keeper, NotKept},
    role::host::{DataDirectory, DataError, Inheritance},
};

/// The name of the Secret.
pub const HIERARCHY: &str = "headwater-hierarchy";
/// The key of the hierarchy's authority: its key, then its certificate, as PEM.
const AUTHORITY: &str = "authority.pem";
/// The key of what is known of agents, packed.
const AGENTS: &str = "agents.json.gz";
/// The largest that is read, unpacked: what a data directory takes.
const LARGEST_UNPACKED: u64 = 64 << 20;
/// How long the API server may take.
const ANSWER: Duration = Duration::from_secs(10);

/// What the one before has left cannot be taken over, or cannot be left to the next one.
#[derive(Debug, thiserror::Error)]
pub enum InheritError {
    /// The API server.
    #[error("the Secret `{HIERARCHY}` of namespace `{0}`")]
    Api(String, #[source] Box<kube::Error>),
    /// The API server does not answer.
    #[error("the Secret `{HIERARCHY}` of namespace `{0}`: the API server does not answer in time")]
    Silence(String),
    /// It holds something else. What is in it is not told.
    #[error(
        "the Secret `{HIERARCHY}` of namespace `{0}` does not hold the authority of a hierarchy and its \
         agents: put back what was there; or delete it, and let all agents join anew"
    )]
    Damaged(String),
    /// It is too large.
    #[error(
        "what is known of the agents of namespace `{0}` takes {1} bytes packed, and a cluster keeps 1 MiB"
    )]
    TooLarge(String, usize),
    /// Another operator has written it meanwhile, or somebody else.
    #[error(
        "somebody else has changed the Secret `{HIERARCHY}` of namespace `{0}`: another operator leads, or \
         an older one was put back"
    )]
    Superseded(String),
    /// It cannot be packed.
    #[error("what is known of agents cannot be packed")]
    Packing(#[source] io::Error),
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Takes over what the operator before has left in a namespace; where nobody has, leaves what there is in the
/// data directory. The data directory must not be open.
///
/// # Errors
///
/// It cannot be taken over: nobody may lead then.
pub(super) async fn inherit(
    client: &Client,
    namespace: &str,
    data: &Path,
) -> Result<Arc<SecretKeeper>, InheritError> {
    let place =
        Place { api: Api::namespaced(client.clone(), namespace), namespace: namespace.to_owned() };
    loop {
        if let Some(secret) = place.get().await? {
            let inheritance = place.unpacked(&secret)?;
            taken_over(&inheritance, data).await?;
            return Ok(SecretKeeper::new(place, inheritance, secret));
        }
        let path = data.to_owned();
        let own =
            blocking(move || Ok::<_, InheritError>(Inheritance::of(&DataDirectory::open(&path)?)?));
        let own = own.await?;
        match place.create(&own).await {
            Ok(secret) => {
                taken_over(&own, data).await?;
                return Ok(SecretKeeper::new(place, own, secret));
            }
            // Another operator was quicker.
            Err(InheritError::Api(_, error)) if already_exists(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

async fn taken_over(inheritance: &Inheritance, data: &Path) -> Result<(), InheritError> {
    let (inheritance, data) = (inheritance.clone(), data.to_owned());
    blocking(move || Ok::<_, InheritError>(inheritance.take_over(&data)?)).await
}

/// Whether the namespace is being deleted: nothing can be made in it any more.
fn is_terminating(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(why) if is_namespace_going(why))
}

fn already_exists(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(why) if why.is_already_exists())
}

/// Where the Secret is.
#[derive(Debug)]
struct Place {
    api: Api<Secret>,
    namespace: String,
}

impl Place {
    async fn get(&self) -> Result<Option<Secret>, InheritError> {
        self.answered(self.api.get_opt(HIERARCHY)).await
    }

    async fn create(&self, inheritance: &Inheritance) -> Result<Secret, InheritError> {
        let secret = self.packed(inheritance, None)?;
        match self.answered(self.api.create(&creating(), &secret)).await {
            // Nobody comes after: what is there is still removed, and objects are let go.
            Err(InheritError::Api(_, error)) if is_terminating(&error) => Ok(Secret::default()),
            made => made,
        }
    }

    async fn replace(
        &self,
        inheritance: &Inheritance,
        version: String,
    ) -> Result<Secret, InheritError> {
        let secret = self.packed(inheritance, Some(version))?;
        self.answered(self.api.patch(HIERARCHY, &changing(), &Patch::Merge(&secret))).await
    }

    async fn answered<T>(
        &self,
        request: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, InheritError> {
        match timeout(ANSWER, request).await {
            Ok(answer) => {
                answer.map_err(|why| InheritError::Api(self.namespace.clone(), Box::new(why)))
            }
            Err(_) => Err(InheritError::Silence(self.namespace.clone())),
        }
    }

    fn packed(
        &self,
        inheritance: &Inheritance,
        version: Option<String>,
    ) -> Result<Secret, InheritError> {
        let agents = pack(&inheritance.agents).map_err(InheritError::Packing)?;
        if agents.len() > LARGEST {
            return Err(InheritError::TooLarge(self.namespace.clone(), agents.len()));
        }
        let labels = [
            ("app.kubernetes.io/managed-by", "headwater"),
            ("app.kubernetes.io/component", "hierarchy"),
        ];
        let data = [(AUTHORITY, inheritance.authority.clone()), (AGENTS, agents)];
        Ok(Secret {
            metadata: ObjectMeta {
                name: Some(HIERARCHY.to_owned()),
                labels: Some(labels.map(|(key, it)| (key.to_owned(), it.to_owned())).into()),
                resource_version: version,
                ..ObjectMeta::default()
            },
            data: Some(data.map(|(key, it)| (key.to_owned(), ByteString(it))).into()),
            type_: Some("Opaque".to_owned()),
            ..Secret::default()
        })
    }

    fn unpacked(&self, secret: &Secret) -> Result<Inheritance, InheritError> {
        let damaged = || InheritError::Damaged(self.namespace.clone());
        let empty = BTreeMap::new();
        let data = secret.data.as_ref().unwrap_or(&empty);
        let [authority, agents] = [AUTHORITY, AGENTS].map(|key| data.get(key).ok_or_else(damaged));
        let agents = unpack(&agents?.0, LARGEST_UNPACKED).map_err(|_| damaged())?;
        Ok(Inheritance { authority: authority?.0.clone(), agents })
    }
}

/// Keeps what is known of agents in the Secret.
#[derive(Debug)]
pub(super) struct SecretKeeper {
    place: Place,
    authority: Vec<u8>,
    state: Mutex<State>,
    superseded: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// The version of the Secret that was read or written last.
    version: String,
    /// What is in it of agents.
    kept: Digest,
    /// What may be in it, because nobody has answered.
    tried: BTreeSet<Digest>,
}

impl SecretKeeper {
    fn new(place: Place, inheritance: Inheritance, secret: Secret) -> Arc<Self> {
        let state = State {
            version: secret.metadata.resource_version.unwrap_or_default(),
            kept: Digest::of(&inheritance.agents),
            tried: BTreeSet::new(),
        };
        Arc::new(Self {
            place,
            authority: inheritance.authority,
            state: Mutex::new(state),
            superseded: CancellationToken::new(),
        })
    }

    /// Ends when somebody else has written the Secret: what is known here is not true any more.
    pub(super) async fn superseded(&self) -> InheritError {
        self.superseded.cancelled().await;
        InheritError::Superseded(self.place.namespace.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(&self, agents: Vec<u8>) -> Result<(), InheritError> {
        let wanted = Digest::of(&agents);
        let inheritance = Inheritance { authority: self.authority.clone(), agents };
        let version = {
            let mut state = self.state();
            if self.superseded.is_cancelled() {
                return Err(InheritError::Superseded(self.place.namespace.clone()));
            }
            state.tried.insert(wanted);
            state.version.clone()
        };
        let mut written = self.place.replace(&inheritance, version).await;
        if let Err(InheritError::Api(_, error)) = &written
            && let kube::Error::Api(why) = error.as_ref()
        {
            if why.is_not_found() {
                // Somebody has deleted it, and here is all that was in it.
                written = self.place.create(&inheritance).await;
            } else if why.is_conflict() {
                let version = self.still_ours().await?;
                written = self.place.replace(&inheritance, version).await;
            }
        }
        let secret = written?;
        let version = secret.metadata.resource_version.unwrap_or_default();
        *self.state() = State { version, kept: wanted, tried: BTreeSet::new() };
        Ok(())
    }

    /// The version of a Secret that somebody has touched, if what is in it is what was written here.
    async fn still_ours(&self) -> Result<String, InheritError> {
        let there = self.place.get().await?;
        let inside = there.as_ref().and_then(|it| self.place.unpacked(it).ok());
        let is_ours = inside.is_some_and(|it| {
            let (state, agents) = (self.state(), Digest::of(&it.agents));
            let known = agents == state.kept || state.tried.contains(&agents);
            known && it.authority == self.authority
        });
        match there.and_then(|it| it.metadata.resource_version) {
            Some(version) if is_ours => Ok(version),
            _ => {
                self.superseded.cancel();
                Err(InheritError::Superseded(self.place.namespace.clone()))
            }
        }
    }
}

impl Keeper for SecretKeeper {
    fn keep(&self, agents: Vec<u8>) -> BoxFuture<'_, Result<(), NotKept>> {
        Box::pin(async move { self.write(agents).await.map_err(NotKept::from) })
    }

    fn has(&self, agents: &[u8]) -> bool {
        self.state().kept == Digest::of(agents)
    }
}
