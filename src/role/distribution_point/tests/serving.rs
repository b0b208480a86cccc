//! What clients of the content port and senders at the admin port get.

use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::world::{PORT, World, large, name, observed, package, pull, some_files};
use crate::{model::Digest, role::distribution_point::DistributionPoint};

/// What a request gets: status, headers, body.
async fn ask(
    url: &str,
    method: Method,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap().to_vec())
}

async fn get(url: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    ask(url, Method::GET, headers).await
}

/// A point with a package of a large, a small and an empty file.
async fn serving(test: u8) -> (World, DistributionPoint, Vec<u8>) {
    let world = World::new(test).await;
    let content = large(2_000_000);
    let files = [
        ("sub dir/large.cab".to_owned(), content.clone()),
        ("small".to_owned(), b"small".to_vec()),
        ("empty".to_owned(), Vec::new()),
    ];
    world.take(1, 1, &files).await;
    let point = world.standard_point(1).await;
    world.send(1, 1, &point).await;
    (world, point, content)
}

#[tokio::test]
async fn clients_are_counted_once_each_over_restarts_too() {
    let (world, point, content) = serving(48).await;
    let from = |host: u8| Client::builder().local_address(world.ip(host)).build().unwrap();
    let ask = async |host: u8, path: &str| {
        let url = format!("{}{path}", world.url(1));
        from(host).get(url).send().await.unwrap().bytes().await.unwrap();
    };
    let counted = async |point: &DistributionPoint| {
        let clients = observed(point).await.unique_clients;
        clients
            .into_iter()
            .map(|(package, number)| (package.to_string(), number))
            .collect::<Vec<_>>()
    };
    let large = Digest::of(&content).to_hex();
    for path in ["/packages/CEN00009", "/content/CEN00001/nothing", &format!("/files/{large}")] {
        ask(7, path).await;
    }
    assert_eq!(counted(&point).await, [], "they asked for no package that is here");
    for host in [7, 8, 7, 9] {
        ask(host, "/packages/CEN00001").await;
        ask(host, "/content/CEN00001/small").await;
    }
    let three = [("CEN00001".to_owned(), 3)];
    assert_eq!(counted(&point).await, three);
    // A pull point is one client, whatever number of files it takes.
    let wanted = &observed(&point).await.packages[&package(1)];
    let pulling = world.pull_point(2, &[(1, 1)]).await;
    pull(&pulling, 1, wanted).await;
    let from_pull_point = counted(&point).await[0].1;
    assert_eq!(from_pull_point, 4);
    point.close().await;
    let point = world.open(1, true).await;
    assert_eq!(counted(&point).await[0].1, 4);
    point.remove_package(&package(1)).await.unwrap();
    assert_eq!(counted(&point).await, []);
}

#[tokio::test]
async fn several_parts_come_in_one_answer() {
    let (world, point, content) = serving(46).await;
    let digest = Digest::of(&content).to_hex();
    let large = format!("{}/files/{digest}", world.url(1));
    // One that is read at once, one that is streamed, and the last byte.
    let range = ("range", "bytes=3-4,700000-1500000,-1");
    let (status, headers, body) = get(&large, &[range]).await;
    assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    let kind = format!("multipart/byteranges; boundary={digest}");
    assert_eq!(headers["content-type"], kind.as_str());
    assert_eq!(headers["content-length"], body.len().to_string().as_str());
    let mut expected = Vec::new();
    for (start, end) in [(3, 4), (700_000, 1_500_000), (1_999_999, 1_999_999)] {
        let head = format!(
            "--{digest}\r\nContent-Type: application/octet-stream\r\n\
             Content-Range: bytes {start}-{end}/2000000\r\n\r\n"
        );
        expected.extend_from_slice(head.as_bytes());
        expected.extend_from_slice(&content[start..=end]);
        expected.extend_from_slice(b"\r\n");
    }
    expected.extend_from_slice(format!("--{digest}--\r\n").as_bytes());
    assert!(body == expected);
    let (status, head, body) = ask(&large, Method::HEAD, &[range]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0), "a range means something to GET alone");
    assert_eq!(head["content-length"], "2000000");
    let parts = ("range", "bytes=0-1,-2");
    let short = format!("{}/packages/CEN00001", world.url(1));
    let (status, _, body) = get(&short, &[parts]).await;
    assert_eq!((status, body), (StatusCode::OK, get(&short, &[]).await.2), "it is shorter whole");
    world.take(2, 1, &some_files()).await;
    world.send(2, 1, &point).await;
    let list = format!("{}/packages/CEN00002", world.url(1));
    let whole = get(&list, &[]).await.2;
    let (status, _, body) = get(&list, &[parts]).await;
    assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("bytes 0-1/") && text.contains("\r\n\r\n{\""), "{text}");
    assert!(whole.ends_with(b"]}") && text.contains("\r\n\r\n]}\r\n--"), "{text}");
}

#[tokio::test]
async fn files_are_read_whole_and_in_parts() {
    let (world, _point, content) = serving(40).await;
    let digest = Digest::of(&content);
    let tag = format!("\"{digest}\"");
    let by_digest = format!("{}/files/{}", world.url(1), digest.to_hex());
    let by_path = format!("{}/content/CEN00001/sub%20dir/large.cab", world.url(1));
    for url in [&by_digest, &by_path] {
        let (status, headers, body) = get(url, &[]).await;
        assert_eq!((status, body == content), (StatusCode::OK, true));
        assert_eq!(headers["etag"], tag.as_str());
        assert_eq!(
            (&headers["accept-ranges"], &headers["content-length"]),
            (&"bytes".parse().unwrap(), &"2000000".parse().unwrap())
        );
        for (range, start, end) in [
            ("bytes=0-99", 0, 100),
            ("bytes=1000000-", 1_000_000, 2_000_000),
            ("bytes=-1", 1_999_999, 2_000_000),
            ("bytes=1999990-9999999", 1_999_990, 2_000_000),
        ] {
            let (status, headers, body) = get(url, &[("range", range)]).await;
            assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert!(body == content[start..end], "{range}");
            let expected = format!("bytes {start}-{}/2000000", end - 1);
            assert_eq!(headers["content-range"], expected.as_str());
        }
    }
    let (status, headers, _) = get(&by_digest, &[("range", "bytes=2000000-")]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers["content-range"], "bytes */2000000");
    for range in ["bytes=0-,5-6", "bytes=0-1999500,1999600-", "lines=1-2", "bytes=x"] {
        assert_eq!(get(&by_digest, &[("range", range)]).await.0, StatusCode::OK, "{range}");
    }
}

#[tokio::test]
async fn validators_are_heeded() {
    let (world, _point, content) = serving(41).await;
    let digest = Digest::of(&content);
    let (tag, other) = (format!("\"{digest}\""), format!("\"{}\"", Digest::of(b"")));
    let url = format!("{}/files/{}", world.url(1), digest.to_hex());
    let status = async |headers: &[(&str, &str)]| get(&url, headers).await.0;
    assert_eq!(status(&[("if-none-match", &tag)]).await, StatusCode::NOT_MODIFIED);
    assert_eq!(status(&[("if-none-match", "*")]).await, StatusCode::NOT_MODIFIED);
    assert_eq!(status(&[("if-none-match", &other)]).await, StatusCode::OK);
    assert_eq!(status(&[("if-match", &other)]).await, StatusCode::PRECONDITION_FAILED);
    let part = ("range", "bytes=5-");
    assert_eq!(status(&[part, ("if-range", &tag)]).await, StatusCode::PARTIAL_CONTENT);
    assert_eq!(status(&[part, ("if-range", &other)]).await, StatusCode::OK);
    let list = format!("{}/packages/CEN00001", world.url(1));
    let (_, headers, body) = get(&list, &[]).await;
    let tag = headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", Digest::of(&body)));
    assert_eq!(get(&list, &[("if-none-match", &tag)]).await.0, StatusCode::NOT_MODIFIED);
    assert_eq!(get(&list, &[("range", "bytes=0-9")]).await.2, body[..10]);
}

#[tokio::test]
async fn head_says_what_get_would_send() {
    let (world, _point, content) = serving(42).await;
    for path in
        ["files/".to_owned() + &Digest::of(&content).to_hex(), "packages/CEN00001".to_owned()]
    {
        let url = format!("{}/{path}", world.url(1));
        let (status, headers, body) = ask(&url, Method::HEAD, &[]).await;
        let (_, expected, _) = get(&url, &[]).await;
        assert_eq!((status, body.len()), (StatusCode::OK, 0));
        assert_eq!(headers["content-length"], expected["content-length"]);
        assert_eq!(headers["etag"], expected["etag"]);
        // A range means something to GET alone.
        let (status, headers, _) = ask(&url, Method::HEAD, &[("range", "bytes=0-9")]).await;
        assert_eq!(
            (status, &headers["content-length"]),
            (StatusCode::OK, &expected["content-length"])
        );
    }
    let empty = format!("{}/content/CEN00001/empty", world.url(1));
    assert_eq!(get(&empty, &[]).await.2, b"");
    assert_eq!(get(&empty, &[("range", "bytes=0-")]).await.0, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(ask(&empty, Method::POST, &[]).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn paths_never_leave_the_library() {
    let (world, _point, _) = serving(43).await;
    let secret = world.home.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    let secret = secret.to_str().unwrap();
    for path in [
        "/content/CEN00001/../../../../secret".to_owned(),
        "/content/CEN00001/..%2f..%2f..%2f..%2fsecret".to_owned(),
        "/content/CEN00001/sub%20dir/../small".to_owned(),
        format!("/content/CEN00001/{secret}"),
        format!("/content/CEN00001/%2F{secret}"),
        "/content/..%2f..%2fsecret/x".to_owned(),
        "/content/CEN00001/small%00".to_owned(),
        "/content/CEN00001/".to_owned(),
        "/files/../packages/CEN00001.json".to_owned(),
        "/files/..%2fpackages%2fCEN00001.json".to_owned(),
        "/files/".to_owned() + &"0".repeat(64),
        "/packages/../distribution-point".to_owned(),
        "/packages/CEN00001.json".to_owned(),
        "//etc/passwd".to_owned(),
        "/%2e%2e/%2e%2e/etc/passwd".to_owned(),
    ] {
        // A raw request: other clients would tidy the path up.
        let mut stream = TcpStream::connect((world.ip(1), PORT)).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("secret"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn admin_port_takes_only_what_belongs_to_a_package() {
    let (world, _point, _) = serving(44).await;
    let point = world.open(2, true).await;
    let port = crate::net::OpenPort::open(world.ip(3), 0, point.admin_router()).await.unwrap();
    let url = format!("http://{}/v1/content", port.address());
    let put = async |path: &str, body: &'static [u8]| {
        let sent = Client::new().put(format!("{url}/{path}")).body(body).send().await.unwrap();
        (sent.status().as_u16(), sent.text().await.unwrap())
    };
    let digest = Digest::of(b"small");
    let file = format!("files/{}?size=5", digest.to_hex());
    assert_eq!(put(&file, b"small").await.0, 409, "it is no distribution point");
    point.configure(name("dp-2"), super::world::standard()).await.unwrap();
    let (status, why) = put(&file, b"small").await;
    assert_eq!(status, 409, "{why}");
    assert!(why.contains("no package"), "{why}");
    assert_eq!(put("packages/CEN00001?from=cen-srv", b"").await.0, 409);
    assert_eq!(put("packages/x?from=cen-srv", b"").await.0, 400);
    assert_eq!(put("files/12?size=5", b"").await.0, 400);
    let ask_missing = async |body: Vec<u8>| {
        Client::new().post(format!("{url}/missing")).body(body).send().await.unwrap()
    };
    assert_eq!(ask_missing(b"{}".to_vec()).await.status(), 400);
    let list = get(&format!("{}/packages/CEN00001", world.url(1)), &[]).await.2;
    let missing: Vec<Digest> =
        serde_json::from_slice(&ask_missing(list).await.bytes().await.unwrap()).unwrap();
    assert_eq!(missing.len(), 3);
    assert_eq!(put(&file, b"wrong").await.0, 422);
    assert_eq!(put(&file, b"small and more").await.0, 413);
    assert_eq!(put(&file, b"sma").await.0, 400);
    assert_eq!(put(&file, b"small").await.0, 204);
    let (status, why) = put("packages/CEN00001?from=cen-srv", b"").await;
    assert!(status == 409 && why.contains("2 files"), "{status}: {why}");
    port.close().await;
}

#[tokio::test]
async fn requests_of_one_connection_get_their_own_bytes() {
    let (world, _point, content) = serving(49).await;
    let path = format!("/files/{}", Digest::of(&content).to_hex());
    let mut stream = TcpStream::connect((world.ip(1), PORT)).await.unwrap();
    let ask = |method: &str, range: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: a\r\nRange: bytes={range}\r\n\r\n")
    };
    // Large enough that the kernel sends them, and all asked for before the first one is answered.
    let asked = [ask("GET", "700000-1999999"), ask("HEAD", "0-9"), ask("GET", "5-1500004")];
    stream.write_all(asked.concat().as_bytes()).await.unwrap();
    for expected in [&content[700_000..], &[], &content[5..1_500_005]] {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let mut body = vec![0; expected.len()];
        stream.read_exact(&mut body).await.unwrap();
        assert!(body == expected, "{}", String::from_utf8_lossy(&head));
    }
}
