//! Packs beside a map that does the same.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
};

use proptest::prelude::*;

use super::{super::pack_path, append, no_damage, open};
use crate::model::Digest;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<u8>),
    Forget(Vec<u8>),
    Retire(Vec<u8>),
    TakeBack(Vec<u8>),
    ForgetRetired,
    Bury(u8),
    Settle,
    Compact,
    MakeRoom,
    /// Closed and opened, cut by so many bytes that were never settled.
    Reopen(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let some = || proptest::collection::vec(0..32_u8, 1..12);
    let step = prop_oneof![
        6 => some().prop_map(Step::Append),
        3 => some().prop_map(Step::Forget),
        2 => some().prop_map(Step::Retire),
        1 => some().prop_map(Step::TakeBack),
        1 => Just(Step::ForgetRetired),
        1 => (0..32_u8).prop_map(Step::Bury),
        1 => Just(Step::Settle),
        2 => Just(Step::Compact),
        1 => Just(Step::MakeRoom),
        2 => any::<u8>().prop_map(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

/// Large enough for packs to be rewritten now and then.
fn numbered(number: u8) -> Vec<u8> {
    vec![number; usize::from(number) * 2_011]
}

/// Nothing is lost from now on, whatever is cut.
fn all_settled(model: &mut BTreeMap<u8, (bool, bool)>) {
    for file in model.values_mut() {
        file.1 = true;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever happens, files are there that should be, with their bytes, and no others.
    #[test]
    fn packs_are_a_map(steps in steps()) {
        let home = tempfile::tempdir().unwrap();
        let mut packs = open(home.path());
        let all: Vec<_> = (0..32).map(numbered).collect();
        let digests: Vec<_> = all.iter().map(|it| Digest::of(it)).collect();
        let digest = |number: &u8| digests[usize::from(*number)];
        // What is there; whether it is aside, and settled.
        let mut model: BTreeMap<u8, (bool, bool)> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Append(numbers) => {
                    let files: Vec<_> = numbers.iter().map(|it| numbered(*it)).collect();
                    append(&packs, &files.iter().map(Vec::as_slice).collect::<Vec<_>>());
                    for number in numbers {
                        let settled = model.get(&number).is_some_and(|it| it.1);
                        model.insert(number, (false, settled));
                    }
                }
                Step::Forget(numbers) => {
                    packs.forget(&numbers.iter().map(digest).collect::<Vec<_>>());
                    model.retain(|number, _| !numbers.contains(number));
                }
                Step::Retire(numbers) => {
                    packs.retire(&numbers.iter().map(digest).collect::<Vec<_>>());
                    let mine = model.iter_mut().filter(|(number, _)| numbers.contains(number));
                    mine.for_each(|(_, it)| it.0 = true);
                }
                Step::TakeBack(numbers) => {
                    packs.take_back(&numbers.iter().map(|it| (digest(it), 0)).collect());
                    let mine = model.iter_mut().filter(|(number, _)| numbers.contains(number));
                    mine.for_each(|(_, it)| it.0 = false);
                }
                Step::ForgetRetired => {
                    packs.forget_retired(&HashSet::new());
                    model.retain(|_, it| !it.0);
                }
                Step::Bury(number) => {
                    let size = numbered(number).len() as u64;
                    if let Some(read) = packs.read(&digest(&number), size) {
                        prop_assert!(packs.bury(&digest(&number), read.place).unwrap());
                        model.remove(&number);
                    }
                }
                Step::Settle => {
                    packs.settle().unwrap();
                    all_settled(&mut model);
                }
                Step::Compact => packs.compact(&no_damage).unwrap(),
                Step::MakeRoom => drop(packs.make_room().unwrap()),
                Step::Reopen(cut) => {
                    let durable = packs.durable();
                    drop(packs);
                    for (number, from) in durable {
                        let path = pack_path(home.path(), number);
                        let length = fs::metadata(&path).unwrap().len();
                        let cut = (length - u64::from(from)) * u64::from(cut) / 255;
                        let pack = File::options().write(true).open(&path).unwrap();
                        pack.set_len(length - cut).unwrap();
                    }
                    packs = open(home.path());
                    let needed: HashSet<_> =
                        model.iter().filter(|(_, it)| !it.0).map(|(it, _)| digest(it)).collect();
                    let aside: HashSet<_> =
                        model.iter().filter(|(_, it)| it.0).map(|(it, _)| digest(it)).collect();
                    packs.are_retired(&aside, |it| needed.contains(it));
                    packs.forget_unneeded(|it| needed.contains(it));
                    let there = |number: &u8| packs.state().place(&digest(number)).is_some();
                    prop_assert!(model.iter().all(|(number, it)| !it.1 || there(number)));
                    model.retain(|number, _| there(number));
                    packs.settle().unwrap();
                    all_settled(&mut model);
                }
            }
            for number in 0..32 {
                let (digest, file) = (digest(&number), &all[usize::from(number)]);
                let wanted = model.get(&number).is_some_and(|it| !it.0);
                let found = packs.read(&digest, file.len() as u64).map(|it| it.bytes.unwrap());
                prop_assert!(found.as_ref() == wanted.then_some(file), "{}", number);
            }
        }
    }
}
