//! What the image is built of. It is built and run by `tests/interop/image`, which takes too long for every
//! change; what can be known sooner is held here: that cargo has all it needs in what is given to the
//! build, and that versions agree.

use std::{fs, path::PathBuf, process::Command};

use super::world::root;

/// The files of a folder that a pattern of `.containerignore` lets in.
fn let_in(pattern: &str) -> Vec<PathBuf> {
    let at = root().join(pattern);
    if at.is_file() {
        return vec![at];
    }
    let (folder, end) = match pattern.split_once("/*") {
        Some((folder, end)) => (root().join(folder), Some(end.to_owned())),
        None => (at, None),
    };
    let mut files = Vec::new();
    super::world::walk(&folder, &mut |path| {
        let direct = path.parent() == Some(&folder);
        let wanted = end.as_ref().is_none_or(|end| {
            direct && path.file_name().unwrap().to_str().unwrap().ends_with(end.as_str())
        });
        if wanted {
            files.push(path.to_owned());
        }
    });
    files
}

#[test]
fn what_is_given_to_the_build_is_all_that_it_needs() {
    let ignore = fs::read_to_string(root().join(".containerignore")).unwrap();
    assert!(ignore.lines().any(|it| it == "*"), "everything else is left out");
    // Docker knows it by another name only.
    let of_docker = fs::read_to_string(root().join(".dockerignore")).unwrap();
    assert!(of_docker == ignore, ".dockerignore is not .containerignore");
    let context = tempfile::tempdir().unwrap();
    for pattern in ignore.lines().filter_map(|it| it.strip_prefix('!')) {
        let files = let_in(pattern);
        assert!(!files.is_empty(), "{pattern}");
        for file in files {
            let to = context.path().join(file.strip_prefix(root()).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(file, to).unwrap();
        }
    }
    // Cargo looks at everything that the manifest names before it says that there is no such program.
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--offline", "--bin", "no-such-program"])
        .current_dir(context.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(said.contains("no bin target named `no-such-program`"), "{said}");
    // And the compiler at everything that sources take in.
    super::world::walk(&context.path().join("src"), &mut |path| {
        let Ok(text) = fs::read_to_string(path) else { return };
        for word in ["include_str!(\"", "include_bytes!(\""] {
            for rest in text.split(word).skip(1) {
                let included = path.parent().unwrap().join(rest.split('"').next().unwrap());
                let of_tests = path.iter().any(|it| it.to_string_lossy().contains("tests"));
                let is_left_out = of_tests || text.contains("#[cfg(test)]");
                let there = included.exists();
                assert!(there || is_left_out, "{} of {}", included.display(), path.display());
            }
        }
    });
}

#[test]
fn the_image_says_what_it_is() {
    let text = fs::read_to_string(root().join("Containerfile")).unwrap();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    // The compiler is one that the manifest allows.
    let version = |text: &str, before: &str, after: char| -> (u32, u32) {
        let found = text.split(before).nth(1).unwrap().split(after).next().unwrap();
        let (major, minor) = found.split_once('.').unwrap();
        (major.parse().unwrap(), minor.parse().unwrap())
    };
    assert!(text.contains("-slim-bookworm AS build\n"), "{text}");
    let compiler = version(&text, "\nFROM docker.io/library/rust:", '-');
    let oldest = version(&manifest, "rust-version = \"", '"');
    assert!(compiler >= oldest, "{compiler:?} {oldest:?}");
    assert!(text.contains(&format!("ARG VERSION={}\n", env!("CARGO_PKG_VERSION"))));
    // The chart's pods are not root, and Kubernetes can only see that of a number.
    let values = fs::read_to_string(root().join("charts/headwater/values.yaml")).unwrap();
    assert!(text.contains("\nUSER 65532:65532\n") && values.contains("runAsUser: 65532"));
    for name in ["headwater", "kubectl-headwater", "kubectl_complete-headwater"] {
        assert!(text.contains(&format!("/image/usr/bin/{name} ")), "{name}");
    }
    // What the chart runs is where the image has it.
    let pod = root().join("charts/headwater/templates/tests/ready.yaml");
    assert!(fs::read_to_string(pod).unwrap().contains("command: [/usr/bin/kubectl-headwater]"));
}
