//! Whether what answers on the port of a distribution point is that point.

use super::{exchange::Request, question::AskedPort};
use crate::{
    model::Name,
    wire::content_identity::{ContentIdentity, PATH},
};

/// Why what answers is not the distribution point of that name; `None` if it is.
pub(super) async fn no_distribution_point(port: AskedPort<'_>, name: &Name) -> Option<String> {
    let request = Request { method: "GET", path: PATH, ..Request::default() };
    let answer = match port.ask(request).await {
        Ok(answer) => answer,
        Err(why) => return Some(why),
    };
    match ContentIdentity::decode(&answer.body) {
        Ok(ContentIdentity { distribution_point }) if distribution_point == *name => None,
        Ok(ContentIdentity { distribution_point }) => {
            Some(format!("the distribution point `{distribution_point}` answers"))
        }
        Err(error) => {
            let status = answer.status;
            Some(format!(
                "something that is no distribution point answers (HTTP {status}): {error}"
            ))
        }
    }
}
