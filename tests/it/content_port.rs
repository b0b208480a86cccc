//! The content port of a distribution point, as any HTTP client sees it.

use std::fs;

use serde_json::Value;

use super::{
    http::{get, request},
    world::{EXPORT, World, digest, root},
};

#[test]
fn content_is_served_as_http_says() {
    let world = World::converged("contoso");
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let address = world.listener("lis-dp");
    let content = fs::read(root().join(EXPORT)).unwrap();
    let target = "/content/CEN00001/WSUS-2024-06-19.cab";
    let by_digest = format!("/files/{}", digest(&content));

    for target in [target, by_digest.as_str()] {
        let whole = get(&address, target, &[]);
        assert_eq!((whole.status, whole.body.len()), (200, content.len()));
        assert!(whole.body == content);
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        let tag = whole.header("etag").unwrap().to_owned();

        let head = request(&address, "HEAD", target, &[], "").unwrap();
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), Some(content.len().to_string().as_str()));
        assert_eq!(head.header("etag"), Some(tag.as_str()));

        assert_eq!(get(&address, target, &[("If-None-Match", &tag)]).status, 304);
        assert_eq!(get(&address, target, &[("If-None-Match", "\"other\"")]).status, 200);
        assert_eq!(get(&address, target, &[("If-Match", "\"other\"")]).status, 412);

        let size = content.len();
        for (range, start, end) in [
            ("bytes=0-0", 0, 1),
            ("bytes=1000-70999", 1000, 71_000),
            ("bytes=600000-", 600_000, size),
            ("bytes=-5", size - 5, size),
            ("bytes=676000-99999999", 676_000, size),
        ] {
            let part = get(&address, target, &[("Range", range)]);
            assert_eq!(part.status, 206, "{range}");
            assert!(part.body == content[start..end], "{range}");
            let told = format!("bytes {start}-{}/{size}", end - 1);
            assert_eq!(part.header("content-range"), Some(told.as_str()));
        }
        let beyond = get(&address, target, &[("Range", "bytes=99999999-")]);
        assert_eq!(beyond.status, 416);
        assert_eq!(beyond.header("content-range"), Some(format!("bytes */{size}").as_str()));
        let headers = [("Range", "bytes=10-19"), ("If-Range", tag.as_str())];
        assert_eq!(get(&address, target, &headers).status, 206);
        let headers = [("Range", "bytes=10-19"), ("If-Range", "\"other\"")];
        assert_eq!(get(&address, target, &headers).status, 200);
    }

    let list = get(&address, "/packages/AMS00001", &[]);
    assert_eq!(list.status, 200);
    let list: Value = serde_json::from_slice(&list.body).unwrap();
    assert_eq!(list["files"].as_array().unwrap().len(), 2400);

    for nothing in [
        "/",
        "/packages/",
        "/packages/ZZZ00001",
        "/packages/..",
        "/files/abc",
        "/files/0000000000000000000000000000000000000000000000000000000000000000",
        "/content/CEN00001/no-such-file",
        "/content/CEN00001/../../packages/CEN00001.json",
        "/content/CEN00001/%2e%2e/%2e%2e/lock",
        "/content/CEN00001//etc/passwd",
        "/content/../distribution-point.json",
        // The admin port is another one.
        "/v1/state",
    ] {
        assert_eq!(get(&address, nothing, &[]).status, 404, "{nothing}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(request(&address, method, target, &[], "x").unwrap().status, 405, "{method}");
    }
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
}
