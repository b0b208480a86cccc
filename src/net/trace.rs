//! Which work a task does. The id of it goes along from task to task and, as `traceparent`, from
//! computer to computer, so that it finds all log lines of a pass, wherever they were written.

use axum::http::HeaderMap;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::http::RequestBuilder;
use crate::{
    wire::trace_parent::{TraceId, TraceParent},
    world::here,
};

tokio::task_local! {
    static CURRENT: TraceParent;
}

/// The work that this task does; none where nobody has said so.
pub fn current() -> Option<TraceId> {
    CURRENT.try_with(|it| it.trace).ok()
}

/// Work that belongs together.
#[derive(Debug, Clone)]
pub struct Trace {
    parent: TraceParent,
    span: Span,
}

impl Trace {
    /// Work begins that belongs to nothing that was before.
    pub fn begin() -> Self {
        let (trace, asks) = (Uuid::new_v4(), Uuid::new_v4());
        Self::of(TraceParent::random(*trace.as_bytes(), asks.as_u64_pair().1.to_be_bytes()))
    }

    /// The work that a request belongs to, if it says so.
    pub fn of_request(headers: &HeaderMap) -> Option<Self> {
        let parent = headers.get(TraceParent::HEADER)?.to_str().ok()?;
        parent.parse().ok().map(Self::of)
    }

    fn of(parent: TraceParent) -> Self {
        // At the highest level, so that a warning has it where nothing else is logged.
        let span = tracing::error_span!(parent: None, "trace", trace_id = %parent.trace);
        Self { parent, span }
    }

    /// The id of it.
    pub fn id(&self) -> TraceId {
        self.parent.trace
    }

    /// Does some of it.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.parent, work.instrument(self.span.clone())).await
    }

    /// Does some of it that does not wait.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.parent, || self.span.in_scope(work))
    }
}

/// A request that says which work it belongs to.
pub fn sent_along(request: RequestBuilder) -> RequestBuilder {
    match CURRENT.try_with(ToString::to_string) {
        Ok(parent) => request.header(TraceParent::HEADER, parent),
        Err(_) => request,
    }
}

/// Work for a task of its own that belongs to what the present one does.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let parent = CURRENT.try_with(|it| *it).ok();
    let work = work.in_current_span();
    here(async move {
        match parent {
            Some(parent) => CURRENT.scope(parent, work).await,
            None => work.await,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_id_goes_along_to_other_tasks_and_computers() {
        assert_eq!(current(), None);
        let here = Trace::begin();
        here.within(async {
            assert_eq!(current(), Some(here.id()));
            let task = tokio::spawn(carried(async { current() }));
            assert_eq!(task.await.unwrap(), Some(here.id()));
            assert_eq!(tokio::spawn(async { current() }).await.unwrap(), None);
            let http = crate::net::client(&crate::net::Addresses::default()).unwrap();
            let request = sent_along(http.get("http://127.0.0.1/")).build().unwrap();
            assert_eq!(Trace::of_request(request.headers()).unwrap().id(), here.id());
        })
        .await;
        assert_eq!(current(), None);
        let other = Trace::begin();
        assert_ne!(other.id(), here.id());
        assert_eq!(other.in_scope(current), Some(other.id()));
        let nothing = HeaderMap::from_iter([(
            axum::http::HeaderName::from_static(TraceParent::HEADER),
            axum::http::HeaderValue::from_static("00-hello"),
        )]);
        assert!(Trace::of_request(&nothing).is_none());
    }
}
