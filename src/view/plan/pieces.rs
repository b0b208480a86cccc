//! What fits into a comment of what could stand in it.

use crate::{
    model::SiteCode,
    view::{counted, plain::add},
};

/// What is said of an action, or of some that are alike.
#[derive(Debug)]
pub(super) struct Piece {
    /// The number of its site.
    pub(super) site: usize,
    /// How many actions it tells of.
    pub(super) actions: usize,
    /// Pieces of a low rank are left out last.
    pub(super) rank: u8,
    /// What is done.
    pub(super) head: String,
    /// What changes; nothing if no field does.
    pub(super) diff: String,
}

/// What of a piece is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fits {
    Nothing,
    Head,
    Whole,
}

/// The pieces by site, as much of them as there is room for, in bytes, and a line that says what is
/// left out. `sites` are the codes with the number of their actions.
pub(super) fn fit(
    sites: &[(&SiteCode, usize)],
    pieces: &[Piece],
    room: usize,
    open: bool,
) -> String {
    let fits = choose(sites, pieces, room, open);
    let mut text = String::new();
    let mut section = None;
    let mut shown = vec![0; sites.len()];
    for (piece, _) in pieces.iter().zip(&fits).filter(|(_, fits)| **fits != Fits::Nothing) {
        shown[piece.site] += piece.actions;
    }
    let (mut actions, mut diffs) = (0, 0);
    for (piece, fits) in pieces.iter().zip(fits) {
        if fits == Fits::Nothing {
            actions += piece.actions;
            continue;
        }
        if section != Some(piece.site) {
            if section.is_some() {
                text += SECTION_END;
            }
            section = Some(piece.site);
            text += &section_begin(sites[piece.site], shown[piece.site], open);
        }
        text += &piece.head;
        if fits == Fits::Whole {
            text += &piece.diff;
        } else {
            diffs += piece.actions;
        }
    }
    if section.is_some() {
        text += SECTION_END;
    }
    text + &left_out(actions, diffs)
}

const SECTION_END: &str = "</details>\n\n";

/// A section that is cut says so: what is missing is not seen where it is missing.
fn section_begin((code, all): (&SiteCode, usize), shown: usize, open: bool) -> String {
    let open = if open { " open" } else { "" };
    let mut actions = counted(all, "action");
    if shown < all {
        actions = format!("{shown} of {actions} shown");
    }
    format!("<details{open}>\n<summary>Site {code}: {actions}</summary>\n\n")
}

/// Which pieces are shown: first what is done, by rank, then what changes.
fn choose(sites: &[(&SiteCode, usize)], pieces: &[Piece], room: usize, open: bool) -> Vec<Fits> {
    let mut room = room.saturating_sub(left_out(usize::MAX, usize::MAX).len());
    let mut by_rank: Vec<usize> = (0..pieces.len()).collect();
    by_rank.sort_by_key(|number| pieces[*number].rank);
    let mut fits = vec![Fits::Nothing; pieces.len()];
    let mut begun = vec![false; sites.len()];
    for &number in &by_rank {
        let piece = &pieces[number];
        let mut needed = piece.head.len();
        if !begun[piece.site] {
            // As long as it may become.
            let cut = sites[piece.site].1.saturating_sub(1);
            needed += section_begin(sites[piece.site], cut, open).len() + SECTION_END.len();
        }
        // Nothing of a higher rank takes the place of what does not fit.
        let Some(left) = room.checked_sub(needed) else { break };
        room = left;
        begun[piece.site] = true;
        fits[number] = if piece.diff.is_empty() { Fits::Whole } else { Fits::Head };
    }
    for &number in by_rank.iter().filter(|number| !pieces[**number].diff.is_empty()) {
        if fits[number] == Fits::Head
            && let Some(left) = room.checked_sub(pieces[number].diff.len())
        {
            room = left;
            fits[number] = Fits::Whole;
        }
    }
    fits
}

/// What is left out, if anything is.
fn left_out(actions: usize, diffs: usize) -> String {
    let mut what = Vec::new();
    if actions > 0 {
        what.push(counted(actions, "action"));
    }
    if diffs > 0 {
        what.push(format!("what changes by {}", counted(diffs, "action")));
    }
    if what.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    add(
        &mut text,
        format_args!(
            "**Left out, because a comment has no room for it:** {}. `headwater plan` prints \
             everything.\n\n",
            what.join(", and ")
        ),
    );
    text
}
