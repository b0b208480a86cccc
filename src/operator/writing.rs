//! Who writes, whatever the operator writes: its one field manager.

use kube::api::{PatchParams, PostParams};

/// The name by which an API server notes whose a field is.
const FIELD_MANAGER: &str = "headwater";

/// Of an object that is made, and that must not be there.
pub(super) fn creating() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

/// Of a part of an object that is changed, by a merge or a JSON patch.
pub(super) fn changing() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

/// Of an object of which what is said is as it is said, whoever else has written it (server-side apply).
pub(super) fn applying() -> PatchParams {
    PatchParams::apply(FIELD_MANAGER).force()
}
