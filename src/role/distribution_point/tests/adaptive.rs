//! What a point remembers of its sources with `pull.selection: Adaptive`.

use axum::{
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::world::{Requests, World, name, pull};
use crate::model::PullSelection;

#[tokio::test]
async fn source_that_failed_is_not_asked_first_by_the_next_transfers() {
    let world = World::new(30).await;
    let requests = Requests::default();
    let _failing = world
        .wrapped_source(1, |router| {
            requests.count(router).layer(axum::middleware::from_fn(
                |request: Request, next: Next| async move {
                    let file = request.uri().path() != "/distribution-point"
                        && !request.uri().path().starts_with("/packages/");
                    let answer: Response = next.run(request).await;
                    if file { StatusCode::INTERNAL_SERVER_ERROR.into_response() } else { answer }
                },
            ))
        })
        .await;
    let (_port, _) = world.counted_source(2).await;
    let mut settings = world.pulling(&[(1, 1), (1, 2)]);
    if let Some(pull) = &mut settings.pull {
        pull.selection = PullSelection::Adaptive;
    }
    let point = world.open(3, true).await;
    point.configure(name("dp-3"), settings).await.unwrap();
    // Fewer than it takes until one is tried again, whatever it did.
    for number in 1..=16 {
        let content = format!("content {number}").into_bytes();
        let taken = world.take(number, 1, &[("file".to_owned(), content)]).await;
        assert!(pull(&point, number, &taken).await.sources.contains(&"dp-2".to_owned()));
    }
    let lists = requests.all().into_keys().filter(|(path, _)| path.starts_with("/packages/"));
    assert!(lists.count() <= 1, "{:?}", requests.all());
}
