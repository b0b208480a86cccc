//! A plan at the front door: which part of it is printed, in which form, and printed again from a
//! file.

use std::fs;

use serde_json::{Value, json};

use super::{
    plan_schema::assert_valid,
    world::{Ended, World, root},
};

/// The smallest example with something to do: another port, and a package less.
fn changed() -> World {
    let world = World::converged("minimal");
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    world.remove_document("headwater.yaml", "Package", "welcome");
    world
}

/// `headwater show` of a text.
#[track_caller]
fn show(text: &str, arguments: &[&str]) -> Ended {
    let mut command = assert_cmd::Command::cargo_bin("headwater").unwrap();
    let command = command.current_dir(root()).args(["show", "-"]).args(arguments).write_stdin(text);
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_same_inputs_print_the_same_bytes_and_a_file_shows_them_again() {
    let world = changed();
    let plan = |arguments: &str| world.with_manifests(&format!("plan{arguments}")).expect(0).stdout;
    let written = plan(" --output json");
    assert_eq!(plan(" --output json"), written);
    assert_valid(&serde_json::from_str(&written).unwrap());
    let file = world.path("plan.json");
    let saved = world.with_manifests(&format!("plan --output json --out {}", file.display()));
    assert_eq!(saved.expect(0).stdout, written);
    assert_valid(&serde_json::from_slice(&fs::read(&file).unwrap()).unwrap());
    for arguments in [
        "",
        " --full",
        " --summary",
        " --output json",
        " --output markdown",
        " --output json --summary",
        " --output markdown --summary",
        " --kind DistributionPoint",
        " --site ONE --kind RemoveContent --output markdown",
        " --site ONE --kind Package --output json",
        " --color always",
    ] {
        let words: Vec<&str> = arguments.split(' ').filter(|word| !word.is_empty()).collect();
        let shown = world.run(&[&["show", file.to_str().unwrap()], words.as_slice()].concat());
        assert_eq!(shown.expect(0).stdout, plan(arguments), "{arguments}");
        assert_eq!(show(&written, &words).expect(0).stdout, plan(arguments), "{arguments}");
    }
}

#[test]
fn what_is_printed_can_be_chosen() {
    let world = changed();
    let points = world.with_manifests("plan --kind DistributionPoint --site ONE").expect(0).stdout;
    let written = (r"  # \S+headwater.yaml:", "  # headwater.yaml:");
    let found = (r"\([0-9.]+\), since [^\n]+", "(address), since then");
    let mut filters = insta::Settings::clone_current();
    for (from, to) in [written, found] {
        filters.add_filter(from, to);
    }
    filters.bind(|| insta::assert_snapshot!(points, @r"
    Site ONE: 1 of 3 actions
      ~ ConfigureDistributionPoint DistributionPoint/content [PDP-3]
          its settings differ
            ports:
          -   http: 8080
          +   http: 8090  # headwater.yaml:57:9
          -   https: 8081
          +   https: 8091  # headwater.yaml:57:9: HTTPS is 443 where HTTP is 80, and otherwise HTTP + 1 (SUP-7)
            found on server (address), since then

    Plan: 3 actions: 0 to create, 1 to change, 2 to remove, 0 to verify, 0 to synchronize, 0 to distribute. 1 of 3 actions are shown.
    "));
    let summary = world.with_manifests("plan --summary").expect(0).stdout;
    insta::assert_snapshot!(summary, @r"
    SITE  CREATE  CHANGE  REMOVE  VERIFY  SYNCHRONIZE  DISTRIBUTE  ACTIONS
    ONE        0       1       2       0            0           0        3

    ACTION                        ACTIONS  SITES
    ~ ConfigureDistributionPoint        1  ONE 1
    - RemoveContent                     2  ONE 2

    Plan: 3 actions: 0 to create, 1 to change, 2 to remove, 0 to verify, 0 to synchronize, 0 to distribute.
    ");
    let json = world.with_manifests("plan --kind Package --output json").expect(0).json();
    assert_valid(&json);
    assert_eq!(json["filter"]["kinds"], json!(["Package"]));
    let kinds: Vec<&Value> =
        json["actions"].as_array().unwrap().iter().map(|action| &action["kind"]).collect();
    assert_eq!(kinds, ["RemoveContent", "RemoveContent"]);
    // What is not printed is there all the same.
    let ended = world.with_manifests("plan --detailed-exitcode --kind VerifyPorts").expect(2);
    assert!(ended.stdout.ends_with(" 0 of 3 actions are shown.\n"), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn wrong_words_are_told_with_the_right_ones() {
    let world = changed();
    for (arguments, code, says) in [
        ("plan --kind Packge", 2, "did you mean `Package`?"),
        ("plan --kind colour", 2, "kinds of actions and resources are CreateSiteSystem,"),
        ("plan --site one", 2, "use exactly three characters, A-Z and 0-9"),
        ("plan --site ONF", 2, "there is no site `ONF`: did you mean `ONE`?"),
        ("plan --site XYZ", 2, "there is no site `XYZ`: there are ONE"),
        ("plan --site XYZ --detailed-exitcode", 1, "there is no site `XYZ`"),
        ("plan --summary --full", 2, "cannot be used with"),
        ("plan --output yaml", 2, "[possible values: text, json, markdown]"),
    ] {
        let ended = world.with_manifests(arguments).expect(code);
        assert!(ended.stderr.contains(says), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    // A plan does not know the sites in which nothing is to be done.
    let plan = world.with_manifests("plan --output json").expect(0).stdout;
    let shown = show(&plan, &["--site", "XYZ"]).expect(0);
    assert_eq!(shown.stderr, "note: there is nothing to do in site `XYZ`: there are ONE\n");
    assert!(shown.stdout.ends_with(" 0 of 3 actions are shown.\n"), "{}", shown.stdout);
}

#[test]
fn a_saved_plan_that_was_changed_is_not_shown() {
    let world = changed();
    let file = world.path("plan.json");
    let file = file.to_str().unwrap();
    world.with_manifests(&format!("plan --out {file}")).expect(0);
    let saved = fs::read_to_string(file).unwrap();
    show(&saved, &[]).expect(0);
    assert!(saved.contains("its settings differ"), "{saved}");
    fs::write(file, saved.replacen("its settings differ", "nothing to see", 1)).unwrap();
    for arguments in [["show", file].as_slice(), &["graph", "--plan", file]] {
        let ended = world.run(arguments).expect(1);
        assert!(ended.stderr.contains("it was damaged or edited"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn what_is_no_plan_is_refused() {
    let world = changed();
    let plan = world.with_manifests("plan --output json").expect(0).stdout;
    let part = world.with_manifests("plan --output json --site ONE").expect(0).stdout;
    let newer = plan.replace("\"formatVersion\": \"1.0\"", "\"formatVersion\": \"1.1\"");
    for (text, says) in [
        ("kind: Site\n", "it is not a plan: "),
        ("{}", "missing field `formatVersion`"),
        (&plan[..plan.len() / 2], "EOF while parsing"),
        (&newer, "it has format version 1.1, and this version of Headwater reads up to 1.0"),
        (&part, "it is a part of a plan"),
    ] {
        let ended = show(text, &[]).expect(1);
        assert!(ended.stderr.starts_with("error: cannot read -: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
    let missing = world.run(&["show", "/no/such/plan.json"]).expect(2);
    assert!(missing.stderr.contains("cannot read /no/such/plan.json"), "{}", missing.stderr);
    let binary = world.path("binary");
    fs::write(&binary, [0xff, 0xfe]).unwrap();
    let ended = world.run(&["show", binary.to_str().unwrap()]).expect(2);
    assert!(ended.stderr.contains("is not a text"), "{}", ended.stderr);
    world.run(&["show", world.data().to_str().unwrap()]).expect(2);
}
