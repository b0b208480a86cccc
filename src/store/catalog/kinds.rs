//! How types stand in the rows of a catalog.

use crate::{
    store::StoreProblem,
    wire::update_document::{CategoryType, UpdateType},
};

/// As what a document names another update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReferenceKind {
    /// Its category, or another prerequisite that is a category.
    Category = 1,
    /// It supersedes it.
    Superseded = 2,
    /// It bundles it.
    Bundled = 3,
}

impl ReferenceKind {
    /// The number in rows.
    pub(super) const fn number(self) -> i64 {
        self as i64
    }
}

const UPDATE_TYPES: [UpdateType; 4] =
    [UpdateType::Category, UpdateType::Detectoid, UpdateType::Software, UpdateType::Driver];

const CATEGORY_TYPES: [CategoryType; 4] = [
    CategoryType::Company,
    CategoryType::ProductFamily,
    CategoryType::Product,
    CategoryType::UpdateClassification,
];

/// The number of a type in rows.
pub(super) fn of_update_type(it: UpdateType) -> i64 {
    position(&UPDATE_TYPES, it)
}

/// The type of that number.
pub(super) fn update_type(number: i64) -> Result<UpdateType, StoreProblem> {
    at(&UPDATE_TYPES, number)
}

/// The number of a category type in rows.
pub(super) fn of_category_type(it: CategoryType) -> i64 {
    position(&CATEGORY_TYPES, it)
}

/// The category type of that number.
pub(super) fn category_type(number: i64) -> Result<CategoryType, StoreProblem> {
    at(&CATEGORY_TYPES, number)
}

fn position<T: Copy + PartialEq>(all: &[T], it: T) -> i64 {
    (1_i64..).zip(all).find(|(_, other)| **other == it).map_or(0, |(number, _)| number)
}

fn at<T: Copy>(all: &[T], number: i64) -> Result<T, StoreProblem> {
    let index = usize::try_from(number.saturating_sub(1)).ok();
    let found = index.and_then(|it| all.get(it)).copied();
    found.ok_or(StoreProblem::Value("the type of an update"))
}
