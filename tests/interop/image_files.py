"""Looks at the image that `image_build` has built: what is in it, what it says of itself, and whether its list
of what it is made of is that of Cargo.lock.

    image_files.py ROOT IMAGE.json REVISION

ROOT is the mounted image, IMAGE.json what `buildah inspect` says of it. Ends with 1 if anything is not as it
should be.
"""

import json
import pathlib
import re
import stat
import subprocess
import sys
import tomllib

ROOT, IMAGE, REVISION = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "usr/bin/headwater"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
USER = 65532


def wanted(what, condition, said=""):
    if not condition:
        sys.exit(f"tests/interop/image: {what}\n{said}".rstrip())


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def is_static():
    headers, sections = output("readelf", "--program-headers", "--wide", PROGRAM), output("readelf", "--dynamic", PROGRAM)
    wanted("the program asks for a loader", "INTERP" not in headers, headers)
    wanted("the program asks for libraries", "NEEDED" not in sections, sections)
    kind = re.search(r"Elf file type is (\w+)", headers)[1]
    print(f"the program is static ({kind}), {PROGRAM.stat().st_size / 2**20:.1f} MiB")


def has_these_files():
    found = {}
    for path in ROOT.rglob("*"):
        about = path.lstat()
        if not stat.S_ISDIR(about.st_mode):
            found["/" + str(path.relative_to(ROOT))] = about
    names = {
        *("/usr/bin/headwater", "/usr/bin/kubectl-headwater", "/usr/bin/kubectl_complete-headwater"),
        *("/usr/share/doc/headwater/LICENSE", "/usr/share/doc/headwater/headwater.cdx.json"),
        *("/usr/share/doc/ca-certificates/copyright", "/usr/share/doc/libc6/copyright"),
        *("/etc/group", "/etc/passwd", AUTHORITIES),
    }
    wanted("other files are in the image", set(found) == names, f"{set(found) ^ names}")
    wanted("a file is not root's", all(it.st_uid == 0 for it in found.values()))
    for name in ["data", "home"]:
        about = (ROOT / name).stat()
        whose = (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode))
        wanted(f"/{name} is not the user's", whose == (USER, USER, 0o700), f"{whose}")
    wanted("/tmp is not everybody's", stat.S_IMODE((ROOT / "tmp").stat().st_mode) == 0o1777)
    authorities = (ROOT / AUTHORITIES[1:]).read_text().count("BEGIN CERTIFICATE")
    wanted("the public authorities are missing", authorities > 100)
    total = sum(it.st_size for it in found.values())
    print(f"{len(found)} files, {total / 2**20:.1f} MiB in all, with {authorities} public authorities")


def says_what_it_is(config):
    version = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["package"]["version"]
    labels = config["Labels"]
    for key, value in {
        "title": "Headwater",
        "description": "Declarative controller for software-update hierarchies",
        "licenses": "Apache-2.0",
        "version": version,
        "revision": REVISION,
    }.items():
        found = labels.get(f"org.opencontainers.image.{key}")
        wanted(f"the label of its {key}", found == value, f"{found!r} and not {value!r}")
    wanted("its user", config["User"] == f"{USER}:{USER}", config["User"])
    wanted("its program", config["Entrypoint"] == ["/usr/bin/headwater"] and not config.get("Cmd"))
    wanted("its ports", set(config["ExposedPorts"]) == {"8550/tcp", "9470/tcp"})
    print(f"labels: version {version}, revision {REVISION}; user {config['User']}")


def lists_what_it_is_made_of():
    bom = json.loads((ROOT / "usr/share/doc/headwater/headwater.cdx.json").read_text())
    wanted("it is not CycloneDX 1.5", (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5"))
    crates = {(it["name"], it["version"]) for it in bom["components"] if it["purl"].startswith("pkg:cargo/")}
    packages = {it["name"] for it in bom["components"] if it["purl"].startswith("pkg:deb/debian/")}
    locked = tomllib.loads((REPOSITORY / "Cargo.lock").read_text())["package"]
    locked = {(it["name"], it["version"]) for it in locked}
    wanted("it lists what is not in Cargo.lock", crates <= locked, f"{crates - locked}")
    names = {name for name, _ in crates}
    manifest = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())
    direct = {
        it.get("package", key) if isinstance(it, dict) else key for key, it in manifest["dependencies"].items()
    }
    wanted("it lacks dependencies", direct <= names, f"{direct - names}")
    wanted("it lists what only tests need", names.isdisjoint({"insta", "proptest", "tempfile"}))
    wanted("it lacks what Debian gives", packages == {"ca-certificates", "libc6-dev", "libgcc-12-dev"}, f"{packages}")
    print(f"CycloneDX lists {len(crates)} crates of {len(locked)} in Cargo.lock, and {len(packages)} packages of Debian")


is_static()
has_these_files()
says_what_it_is(json.loads(IMAGE.read_text())["OCIv1"]["config"])
lists_what_it_is_made_of()
