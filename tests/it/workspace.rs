//! What a workspace promises: whatever changes, it says what reading everything anew would say.

use std::{path::Path, sync::Arc};

use headwater::manifest::{
    FileNow, Loaded, ReadFile, SourceText, UnreadFile, Workspace, load, pieces, put_together,
};
use proptest::{prelude::*, sample::Index};

/// Documents that go together, get in each other's way, or are broken.
const DOCUMENTS: &[&str] = &[
    "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata: {name: a}\n\
     spec: {site: one, address: a.example}\n",
    "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata: {name: a}\n\
     spec: {site: one, address: other.example}\n",
    "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: b\n  labels: {x: y}\n\
     spec:\n  site: one # and\n  address: b.example\n",
    "apiVersion: headwater.dev/v1alpha1\nkind: PortSettings\nmetadata: {name: a}\n\
     spec: {webSite: Custom}\n",
    "apiVersion: headwater.dev/v1alpha1\nkind: DistributionPointGroup\nmetadata: {name: g}\n\
     spec: {members: [x, y]}\n",
    "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata: {name: c}\n\
     spec: {site: one, adress: c.example, address: d.example, address: e.example}\n",
    "kind: SiteSystem\nmetadata:\n  name: d\nspec: [\n",
    "# nothing but a comment\n",
    "",
];

fn source(name: usize, documents: &[usize]) -> SourceText {
    let directory: Arc<Path> = Arc::from(Path::new("/manifests").join(name.to_string()));
    let texts: Vec<&str> = documents.iter().map(|number| DOCUMENTS[*number]).collect();
    SourceText { name: format!("{name}.yaml"), directory, text: texts.join("---\n") }
}

fn texts() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..DOCUMENTS.len(), 0..4), 0..6)
}

/// A change to a list of files.
#[derive(Debug, Clone)]
enum Edit {
    Change(Index, Vec<usize>),
    Add(Index, Vec<usize>),
    Remove(Index),
    Swap(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let text = || prop::collection::vec(0..DOCUMENTS.len(), 0..4);
    prop_oneof![
        (any::<Index>(), text()).prop_map(|(at, text)| Edit::Change(at, text)),
        (any::<Index>(), text()).prop_map(|(at, text)| Edit::Add(at, text)),
        any::<Index>().prop_map(Edit::Remove),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Edit::Swap(one, other)),
    ]
}

/// All that was read, in a form that can be compared.
fn whole(loaded: &Loaded) -> String {
    format!("{loaded:#?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_changes_come_to_what_reading_anew_would_say(
        first in texts(),
        looks in prop::collection::vec(prop::collection::vec(edit(), 1..4), 1..5),
    ) {
        let mut files: Vec<SourceText> =
            first.iter().enumerate().map(|(name, text)| source(name, text)).collect();
        let mut names = files.len();
        let mut workspace = Workspace::new(files.iter().cloned().map(ReadFile::new).collect());
        prop_assert_eq!(whole(workspace.loaded()), whole(&load(files.clone())));
        for edits in looks {
            // The files with their numbers in the workspace, as long as they stay what they were.
            let mut now: Vec<(Option<usize>, SourceText)> =
                files.into_iter().enumerate().map(|(number, text)| (Some(number), text)).collect();
            for edit in edits {
                let length = now.len();
                match edit {
                    Edit::Change(at, text) if length > 0 => {
                        let (number, file) = at.get_mut(&mut now);
                        file.text = source(0, &text).text;
                        *number = None;
                    }
                    Edit::Remove(at) if length > 0 => { now.remove(at.index(length)); }
                    Edit::Swap(one, other) if length > 0 => {
                        now.swap(one.index(length), other.index(length));
                    }
                    Edit::Add(at, text) => {
                        now.insert(at.index(length + 1), (None, source(names, &text)));
                        names += 1;
                    }
                    Edit::Change(..) | Edit::Remove(_) | Edit::Swap(..) => {}
                }
            }
            let update = now.iter().map(|(number, text)| match number {
                Some(number) => FileNow::Same(*number),
                None => FileNow::Other(ReadFile::new(text.clone())),
            });
            workspace.update(update.collect());
            files = now.into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(whole(workspace.loaded()), whole(&load(files.clone())));
            for (number, file) in files.iter().enumerate() {
                prop_assert_eq!(workspace.text(number), Some(file.text.as_str()));
            }
        }
    }

    #[test]
    fn it_does_not_matter_who_reads_which_piece(
        texts in texts(), count in 0_usize..20, turned in any::<bool>(), lost in any::<Index>(),
    ) {
        let texts: Vec<SourceText> =
            texts.iter().enumerate().map(|(name, text)| source(name, text)).collect();
        let files: Vec<UnreadFile> = texts.iter().cloned().map(UnreadFile::new).collect();
        let mut read: Vec<_> = pieces(&files, count).iter().map(headwater::manifest::Piece::read).collect();
        if turned {
            read.reverse();
            read.remove(lost.index(read.len()));
        }
        let workspace = Workspace::new(put_together(files, read));
        prop_assert_eq!(whole(workspace.loaded()), whole(&load(texts)));
    }
}

#[test]
fn a_duplicate_takes_its_place_when_the_first_is_gone() {
    let (one, two) = (source(0, &[0]), source(1, &[1]));
    let mut workspace =
        Workspace::new([&one, &two].map(|it| ReadFile::new(it.clone())).into_iter().collect());
    let address = |workspace: &Workspace| {
        workspace.loaded().declared.site_systems.values().next().unwrap().spec.address.to_string()
    };
    assert_eq!((address(&workspace).as_str(), workspace.loaded().problems.len()), ("a.example", 1));
    workspace.update(vec![FileNow::Same(1)]);
    assert_eq!(
        (address(&workspace).as_str(), workspace.loaded().problems.len()),
        ("other.example", 0)
    );
}

#[test]
fn files_that_are_named_wrongly_are_gone() {
    let mut workspace = Workspace::new(vec![ReadFile::new(source(0, &[0]))]);
    workspace.update(vec![FileNow::Same(0), FileNow::Same(0), FileNow::Same(7)]);
    assert_eq!((workspace.loaded().declared.len(), workspace.text(1)), (1, None));
}
