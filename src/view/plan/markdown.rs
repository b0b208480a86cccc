//! A plan as a comment on a pull request.

use crate::{
    plan::{ActionId, Plan},
    view::{counted, plain::add},
};

use super::{
    PlanView,
    fold::{Entry, entries},
    markdown_text::{block, code, prose, shortened},
    paint::sign_of,
    pieces::{Piece, fit},
    shown::Shown,
    sort::{Counts, Sort},
    summary::{PlanCounts, SiteCounts},
    text::counts,
    told::told,
    wait_for::Order,
};

/// As many bytes as a comment has at most: GitHub takes 65,536 characters, and no count of
/// characters is larger than that of bytes.
pub(super) const MOST: usize = 65_000;

/// So many sites have a row in the table.
const MOST_SITES: usize = 60;

/// So many have one where something is removed in them: half of the room.
const MOST_REMOVING: usize = 600;

/// As many bytes are for what waits, and as many for what else there is to know.
const MOST_NOTES: usize = 8_000;

/// A sentence has as many letters.
const LONGEST_SENTENCE: usize = 400;

/// A diff has as many bytes.
const LONGEST_DIFF: usize = 6_000;

/// In a plan of so many actions, sites are not collapsed.
const FEW: usize = 5;

/// A plan as Markdown: what it comes to, then each site with its actions and what changes,
/// collapsed. At most 65,000 characters: what removes and changes is left out last, and what is
/// left out is counted.
pub fn plan_markdown(plan: &Plan, view: PlanView<'_>) -> String {
    let shown = view.shown(plan);
    let (begin, end) = (beginning(&shown), notes(&shown, view.full));
    let order = Order::of(plan);
    let mut pieces = Vec::new();
    for (site, of_site) in shown.sites.iter().enumerate() {
        for entry in entries(&of_site.actions, !view.full) {
            pieces.push(piece(site, &entry, &order, view.full));
        }
    }
    let sites: Vec<_> = shown.sites.iter().map(|site| (site.code, site.actions.len())).collect();
    let room = MOST.saturating_sub(begin.len() + end.len());
    let open = shown.actions() <= FEW;
    format!("{begin}{}{end}", fit(&sites, &pieces, room, open))
}

/// The counts of a plan as Markdown.
pub fn plan_summary_markdown(plan: &Plan, view: PlanView<'_>) -> String {
    let shown = view.shown(plan);
    let mut text = beginning(&shown);
    let kinds = PlanCounts::of(&shown).kinds();
    if !kinds.is_empty() {
        text += "| Action | Actions | Sites |\n|---|--:|---|\n";
        for (sign, kind, count, sites) in kinds {
            add(&mut text, format_args!("| `{sign}` {kind} | {count} | {sites} |\n"));
        }
        text.push('\n');
    }
    text
}

/// The heading and the counts. The first line lets a program find its own comment again.
fn beginning(shown: &Shown<'_>) -> String {
    let all = shown.plan.actions.len();
    let there =
        Counts::of(&shown.plan.actions).columns().into_iter().filter(|(_, count)| *count > 0);
    let there: Vec<String> = there.map(|(title, count)| format!("{count} to {title}")).collect();
    let title = if there.is_empty() { "nothing to do".to_owned() } else { there.join(", ") };
    let mut text = format!("<!-- headwater plan -->\n## Headwater plan: {title}\n\n");
    add(&mut text, format_args!("{}\n\n", counts(shown.plan)));
    if shown.filtered {
        let some = shown.actions();
        add(&mut text, format_args!("Shown here: {some} of {}.\n\n", counted(all, "action")));
    }
    let counts = PlanCounts::of(shown);
    if counts.sites.is_empty() {
        return text;
    }
    text += "| Site | Create | Change | Remove | Verify | Synchronize | Distribute | Actions |\n";
    text += "|---|--:|--:|--:|--:|--:|--:|--:|\n";
    // Those in which something goes come first where not all have room: of them none is missing.
    let mut sites: Vec<&SiteCounts<'_>> = counts.sites.iter().collect();
    let removing = sites.iter().filter(|site| site.counts.remove > 0).count();
    let rows = MOST_SITES.max(removing.min(MOST_REMOVING));
    if sites.len() > rows {
        sites.sort_by_key(|site| site.counts.remove == 0);
    }
    for site in sites.iter().take(rows) {
        add(&mut text, format_args!("| {} |", site.site));
        for (_, count) in site.counts.columns() {
            add(&mut text, format_args!(" {count} |"));
        }
        add(&mut text, format_args!(" {} |\n", site.actions));
    }
    text.push('\n');
    if sites.len() > rows {
        let more = counted(sites.len() - rows, "more site");
        let gone = removing.saturating_sub(rows);
        let gone = if gone > 0 { format!(", {gone} of them with removals") } else { String::new() };
        add(&mut text, format_args!("And {more}{gone}.\n\n"));
    }
    text
}

fn piece(site: usize, entry: &Entry<'_>, order: &Order<'_>, full: bool) -> Piece {
    let first = entry.actions[0];
    let mut head = format!("`{}` **{}** {}", sign_of(first), first.kind, code(&entry.resources()));
    if entry.actions.len() > 1 {
        add(&mut head, format_args!(" ({})", counted(entry.actions.len(), "action")));
    }
    let sentence = |text: &str| prose(&shortened(text, LONGEST_SENTENCE));
    add(&mut head, format_args!(", {}: {}", sentence(&first.requirement), sentence(&entry.reason)));
    if entry.other_reasons > 0 {
        add(&mut head, format_args!("; and {}", counted(entry.other_reasons, "other reason")));
    }
    head.push('\n');
    if let Some(after) = order.waits_for(&entry.actions).sentence(false, shown_id) {
        add(&mut head, format_args!("{after}\n"));
    }
    head.push('\n');
    Piece {
        site,
        actions: entry.actions.len(),
        // What takes something away comes first, then what changes something that is there.
        rank: match Sort::of(first) {
            Sort::Remove => 0,
            Sort::Change => 1,
            Sort::Create | Sort::Verify | Sort::Synchronize | Sort::Distribute => 2,
        },
        head,
        diff: diff(entry, full),
    }
}

fn shown_id(id: &ActionId) -> String {
    code(&shortened(id.as_str(), LONGEST_SENTENCE))
}

/// What changes, as a block of code; nothing if no field does.
fn diff(entry: &Entry<'_>, full: bool) -> String {
    let mut lines = String::new();
    let all = entry.lines(full);
    for (number, line) in all.iter().enumerate() {
        let mut text = line.plain();
        text.push('\n');
        if lines.len() + text.len() > LONGEST_DIFF {
            let left = counted(all.len() - number, "more line");
            add(&mut lines, format_args!("  … {left}\n"));
            break;
        }
        lines += &text;
    }
    if lines.is_empty() { lines } else { block("diff", &lines) + "\n" }
}

/// What waits for what, and what else there is to know.
fn notes(shown: &Shown<'_>, full: bool) -> String {
    let mut text = String::new();
    let waiting = shown.waiting.iter().map(|it| ("", &it.resource, it.on.as_str()));
    let waiting = told(waiting, full).into_iter().map(|(_, resources, on)| {
        format!("- {} waits: {}\n", code(&resources), prose(&shortened(&on, LONGEST_SENTENCE)))
    });
    let diagnostics = shown.diagnostics.iter();
    let diagnostics = diagnostics.map(|it| (it.rule.as_str(), &it.resource, it.message.as_str()));
    let diagnostics = told(diagnostics, full).into_iter().map(|(rule, resources, message)| {
        let rule = code(&shortened(rule, LONGEST_SENTENCE));
        let message = prose(&shortened(&message, LONGEST_SENTENCE));
        format!("- {rule} {}: {message}\n", code(&resources))
    });
    for (title, lines) in [
        ("What waits", waiting.collect::<Vec<_>>()),
        ("Worth knowing", diagnostics.collect::<Vec<_>>()),
    ] {
        if lines.is_empty() {
            continue;
        }
        add(&mut text, format_args!("### {title}\n\n"));
        let begin = text.len();
        for (number, line) in lines.iter().enumerate() {
            if text.len() - begin + line.len() > MOST_NOTES {
                add(&mut text, format_args!("- and {} more\n", lines.len() - number));
                break;
            }
            text += line;
        }
        text.push('\n');
    }
    text
}
