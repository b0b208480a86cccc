//! How many neighbours stand side by side before a new row begins.

use super::super::scene::pixels;

/// How the blocks below a card are arranged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// By block, the number of its row.
    pub(super) of: Vec<usize>,
    /// By row, how far it reaches along the axis of the tree.
    pub(super) deep: Vec<i32>,
    /// The longest row.
    pub(super) wide: i32,
}

/// The size of a block: along the axis of the tree, and across.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) deep: i32,
    pub(super) wide: i32,
}

/// What a drawing is compared with: a screen is wider than high, by these parts.
const SCREEN: (i64, i64) = (16, 10);
/// One row looks like a tree, several need a second look: one is taken even if the drawing becomes
/// larger by so many percent.
const FOR_ONE_ROW: i64 = 170;
/// As many widths are tried; among more the difference is not seen.
const MOST_TRIED: usize = 24;

/// Arranges blocks in rows so that they would fill a screen. `above` is how deep the card
/// above them is, `between_rows` about what is free between two rows, `right` whether the tree grows to the right.
pub(super) fn rows(
    blocks: &[Size],
    above: i32,
    between: i32,
    between_rows: i32,
    right: bool,
) -> Rows {
    let mut best: Option<(i64, Rows)> = None;
    let widest = blocks.iter().map(|block| block.wide).max().unwrap_or(0);
    let step = blocks.len().div_ceil(MOST_TRIED).max(1);
    for beside in (1..=blocks.len()).rev().step_by(step) {
        let room = pixels(beside).saturating_mul(widest.saturating_add(between)) - between;
        let rows = filled(blocks, between, room);
        let several = rows.deep.len() > 1;
        let cost =
            cost(&rows, above, between_rows, right) * if several { FOR_ONE_ROW } else { 100 };
        if best.as_ref().is_none_or(|(least, _)| cost <= *least) {
            best = Some((cost, rows));
        }
    }
    best.map(|(_, rows)| rows).unwrap_or_default()
}

fn filled(blocks: &[Size], between: i32, room: i32) -> Rows {
    let mut rows = Rows::default();
    let mut wide = 0;
    for block in blocks {
        let longer = wide + between + block.wide;
        match rows.deep.last_mut() {
            Some(deep) if longer <= room => {
                *deep = (*deep).max(block.deep);
                wide = longer;
            }
            _ => {
                rows.deep.push(block.deep);
                wide = block.wide;
            }
        }
        rows.of.push(rows.deep.len() - 1);
        rows.wide = rows.wide.max(wide);
    }
    rows
}

/// How wide a screen has to be to show it all.
fn cost(rows: &Rows, above: i32, between_rows: i32, right: bool) -> i64 {
    let deep: i64 = rows.deep.iter().map(|deep| i64::from(*deep) + i64::from(between_rows)).sum();
    let (deep, wide) = (deep + i64::from(above), i64::from(rows.wide));
    let (width, height) = if right { (deep, wide) } else { (wide, deep) };
    (width * SCREEN.1).max(height * SCREEN.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_blocks_stand_in_one_row_and_many_fill_a_screen() {
        let block = Size { deep: 100, wide: 200 };
        assert_eq!(rows(&[block; 3], 50, 20, 40, false).of, [0, 0, 0]);
        let many = rows(&[block; 40], 50, 20, 40, false);
        assert_eq!((many.deep.len(), many.wide), (7, 1300), "{many:?}");
        assert!(rows(&[], 50, 20, 40, false).of.is_empty());
    }

    #[test]
    fn a_block_that_is_wider_than_the_others_stands_alone_if_need_be() {
        let mut blocks = [Size { deep: 50, wide: 100 }; 9];
        blocks[4].wide = 5_000;
        let rows = rows(&blocks, 50, 20, 40, false);
        assert!(rows.wide >= 5_000 && rows.of.is_sorted(), "{rows:?}");
    }
}
