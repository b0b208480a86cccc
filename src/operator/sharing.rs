//! What the operator has observed, for those who plan and look from outside: they cannot ask the agents,
//! which believe the operator alone.

use std::{collections::BTreeMap, io};

use k8s_openapi::{ByteString, api::core::v1::ConfigMap};
use kube::{
    Api, Client,
    api::{ObjectMeta, Patch},
};

use super::{packing, writing::applying};
use crate::model::{Observation, ObservationError};

/// The name of the `ConfigMap`.
pub const OBSERVED: &str = "headwater-observed";
/// The key of what was observed, as `headwater observe` writes it, packed.
const KEY: &str = "observed.json.gz";
/// The largest that is kept, packed: an API server takes 1 MiB of an object.
pub(super) const LARGEST: usize = 900 << 10;
/// The largest that is read, unpacked: a hundred times that.
const LARGEST_UNPACKED: u64 = 90 << 20;

/// What was observed cannot be written into the cluster, or read from there.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    /// The API server.
    #[error("the ConfigMap `{OBSERVED}` of namespace `{0}`")]
    Api(String, #[source] Box<kube::Error>),
    /// There is none.
    #[error(
        "there is no ConfigMap `{OBSERVED}` in namespace `{0}`: an operator writes it after its first look; \
         name another namespace with --namespace"
    )]
    Nothing(String),
    /// It cannot be packed, or is not packed.
    #[error("what is in the ConfigMap `{OBSERVED}` is damaged")]
    Damaged(#[source] io::Error),
    /// It is something else.
    #[error("the ConfigMap `{OBSERVED}`")]
    NotUnderstood(#[from] ObservationError),
    /// It is too large.
    #[error(
        "what was observed takes {0} bytes packed, and a cluster keeps 1 MiB: `headwater plan --kube` and \
         `status --kube` see what was written before"
    )]
    TooLarge(usize),
}

/// Writes what was observed where others find it.
///
/// # Errors
///
/// It cannot be written.
pub(super) async fn share(
    client: &Client,
    namespace: &str,
    observation: &Observation,
) -> Result<(), SharedError> {
    let packed = pack(observation).map_err(SharedError::Damaged)?;
    if packed.len() > LARGEST {
        return Err(SharedError::TooLarge(packed.len()));
    }
    let map = ConfigMap {
        metadata: ObjectMeta { name: Some(OBSERVED.to_owned()), ..ObjectMeta::default() },
        binary_data: Some(BTreeMap::from([(KEY.to_owned(), ByteString(packed))])),
        ..ConfigMap::default()
    };
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let applied = api.patch(OBSERVED, &applying(), &Patch::Apply(&map)).await;
    applied.map_err(|error| SharedError::Api(namespace.to_owned(), Box::new(error)))?;
    Ok(())
}

/// What the operator of a namespace has observed last.
///
/// # Errors
///
/// There is nothing, or it cannot be read.
pub async fn shared(client: &Client, namespace: &str) -> Result<Observation, SharedError> {
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let map = api.get_opt(OBSERVED).await;
    let map = map.map_err(|error| SharedError::Api(namespace.to_owned(), Box::new(error)))?;
    let packed = map.and_then(|it| it.binary_data?.remove(KEY));
    let packed = packed.ok_or_else(|| SharedError::Nothing(namespace.to_owned()))?;
    Ok(Observation::read(&unpack(&packed.0).map_err(SharedError::Damaged)?)?)
}

fn pack(observation: &Observation) -> io::Result<Vec<u8>> {
    packing::pack(&serde_json::to_vec(observation)?)
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    packing::unpack(packed, LARGEST_UNPACKED)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::Observed;

    #[test]
    fn what_is_packed_comes_out_again_and_damage_is_told() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let observation = Observation::new(now, BTreeMap::new(), Observed::default());
        let mut packed = pack(&observation).unwrap();
        assert_eq!(Observation::read(&unpack(&packed).unwrap()).unwrap(), observation);
        let last = packed.len() - 6;
        packed[last] ^= 1;
        assert!(unpack(&packed).is_err());
    }
}
