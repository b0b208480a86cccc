//! What comes of one simulation, for people and for programs.

use comfy_table::{Cell, CellAlignment};

use super::words::{after, bytes, float, rate, span, step, waited, whole};
use crate::{
    simulate::{LinkOutcome, Outcome, SiteOutcome, WindowWait},
    view::{
        json_text::json_text,
        plain::{add, counted, plain},
        table::{lines, table},
    },
};

/// So many rows of what may have thousands are shown; the rest is for programs.
const SHOWN: usize = 10;

/// The JSON form: everything.
pub fn simulation_json(outcome: &Outcome) -> String {
    json_text(outcome)
}

/// For people: what matters first.
pub fn simulation_text(outcome: &Outcome) -> String {
    let mut text = String::new();
    head(outcome, &mut text);
    sites(outcome, &mut text);
    packages(outcome, &mut text);
    points(outcome, &mut text);
    links(outcome, &mut text);
    sources(outcome, &mut text);
    critical_path(outcome, &mut text);
    waits(outcome, &mut text);
    windows(outcome, &mut text);
    unfinished(outcome, &mut text);
    text
}

/// The first lines: when all is done.
pub(super) fn head(outcome: &Outcome, text: &mut String) {
    let syncs = outcome.sites.iter().filter(|site| site.synchronization.is_some()).count();
    if syncs > 0 {
        let of = counted(syncs, "site");
        match outcome.synchronized_after {
            Some(_) => {
                let after = after(outcome.synchronized_after);
                add(text, format_args!("Synchronized after {after}: {of}.\n"));
            }
            None => add(text, format_args!("Not every site synchronizes: {of} would.\n")),
        }
    }
    if outcome.placements == 0 {
        return text.push_str("No package has to go anywhere.\n");
    }
    let packages = counted(outcome.packages.len(), "package");
    let points = counted(outcome.distribution_points.len(), "distribution point");
    if outcome.distributed_after.is_some() {
        let after = after(outcome.distributed_after);
        return add(text, format_args!("Distributed after {after}: {packages}, {points}.\n"));
    }
    let (done, all, looked) = (outcome.done, outcome.placements, span(outcome.seconds));
    let all = counted(all, "placement");
    add(text, format_args!("After {looked} {done} of {all} are done: {packages}, {points}.\n"));
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn title(text: &mut String, title: &str) {
    add(text, format_args!("\n{title}\n"));
}

fn indented(text: &mut String, rows: &comfy_table::Table) {
    for line in lines(rows).lines() {
        add(text, format_args!("  {line}\n"));
    }
}

fn sites(outcome: &Outcome, text: &mut String) {
    let shown = |site: &&SiteOutcome| site.synchronization.is_some() || site.placements > 0;
    let mut with: Vec<&SiteOutcome> = outcome.sites.iter().filter(shown).collect();
    // The last ones first: they are what somebody can do something about.
    let last = |site: &SiteOutcome| site.content_until.unwrap_or(f64::INFINITY);
    if with.len() > SHOWN {
        with.sort_by(|one, other| {
            last(other).total_cmp(&last(one)).then(one.site.cmp(&other.site))
        });
    }
    let more = with.len().saturating_sub(SHOWN);
    with.truncate(SHOWN);
    if with.is_empty() {
        return;
    }
    title(text, "Sites");
    let mut rows = table(&["SITE", "SYNCHRONIZED", "FAILED", "PLACEMENTS", "DISTRIBUTED"], &[2, 3]);
    for site in with {
        let sync = site.synchronization.as_ref();
        let content = if site.placements == 0 { "-".to_owned() } else { after(site.content_until) };
        let failed = sync.map_or_else(|| "-".to_owned(), |it| it.failed.to_string());
        let placements = if site.done == site.placements {
            site.placements.to_string()
        } else {
            format!("{} of {}", site.done, site.placements)
        };
        rows.add_row(vec![
            Cell::new(&site.site),
            Cell::new(sync.map_or_else(|| "-".to_owned(), |it| after(it.complete))),
            right(failed),
            right(placements),
            Cell::new(content),
        ]);
    }
    indented(text, &rows);
    and_more(text, more, "site");
}

fn and_more(text: &mut String, more: usize, what: &str) {
    if more > 0 {
        add(
            text,
            format_args!("  and {} that are done before, in --output json\n", counted(more, what)),
        );
    }
}

/// The slowest of many, or all of few.
fn slowest<T>(all: &[T], last: impl Fn(&T) -> f64) -> Vec<&T> {
    let mut rows: Vec<&T> = all.iter().collect();
    if rows.len() > SHOWN {
        // Stable: equals stay in their order.
        rows.sort_by(|one, other| last(other).total_cmp(&last(one)));
        rows.truncate(SHOWN);
    }
    rows
}

fn packages(outcome: &Outcome, text: &mut String) {
    if outcome.packages.is_empty() {
        return;
    }
    title(text, "Packages, from their release until half, 95 % and all of their points have them");
    let mut rows = table(&["PACKAGE", "SIZE", "POINTS", "HALF", "95 %", "LAST"], &[1, 2]);
    for it in
        slowest(&outcome.packages, |it| if it.done < it.wanted { f64::MAX } else { it.took.last })
    {
        let points = if it.done == it.wanted {
            it.wanted.to_string()
        } else {
            format!("{} of {}", it.done, it.wanted)
        };
        rows.add_row(vec![
            Cell::new(&it.package),
            right(bytes(it.bytes)),
            right(points),
            Cell::new(span(it.took.half)),
            Cell::new(span(it.took.most)),
            Cell::new(span(it.took.last)),
        ]);
    }
    indented(text, &rows);
    and_more(text, outcome.packages.len().saturating_sub(SHOWN), "package");
}

fn points(outcome: &Outcome, text: &mut String) {
    if outcome.distribution_points.is_empty() {
        return;
    }
    title(text, "Distribution points, from the release of a package until it is there");
    let mut rows = table(&["DISTRIBUTION POINT", "SITE", "PACKAGES", "HALF", "95 %", "LAST"], &[2]);
    for it in slowest(&outcome.distribution_points, |it| {
        if it.done < it.wanted { f64::MAX } else { it.took.last }
    }) {
        let packages = if it.done == it.wanted {
            it.wanted.to_string()
        } else {
            format!("{} of {}", it.done, it.wanted)
        };
        rows.add_row(vec![
            Cell::new(&it.name),
            Cell::new(&it.site),
            right(packages),
            Cell::new(span(it.took.half)),
            Cell::new(span(it.took.most)),
            Cell::new(span(it.took.last)),
        ]);
    }
    indented(text, &rows);
    let more = outcome.distribution_points.len().saturating_sub(SHOWN);
    and_more(text, more, "distribution point");
}

/// How full a direction of a line was until all was done, in a hundred.
fn used(link: &LinkOutcome, seconds: f64) -> u64 {
    if seconds <= 0.0 || link.capacity == 0 {
        return 0;
    }
    whole((float(link.bytes) / float(link.capacity) / seconds * 100.0).round())
}

fn links(outcome: &Outcome, text: &mut String) {
    if outcome.links.is_empty() {
        return;
    }
    title(text, "Lines");
    let mut rows = table(&["LINE", "BYTES", "PEAK", "OF", "BUSY"], &[1, 2, 3, 4]);
    let mut links: Vec<&LinkOutcome> = outcome.links.iter().collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.bytes));
    for link in links.iter().take(SHOWN) {
        rows.add_row(vec![
            Cell::new(format!("{} → {}", link.from, link.to)),
            right(bytes(link.bytes)),
            right(rate(link.peak)),
            right(rate(link.capacity)),
            right(format!("{} %", used(link, outcome.seconds))),
        ]);
    }
    indented(text, &rows);
    let more = links.len().saturating_sub(SHOWN);
    if more > 0 {
        add(text, format_args!("  and {more} with less, in --output json\n"));
    }
}

fn sources(outcome: &Outcome, text: &mut String) {
    if outcome.sources.is_empty() {
        return;
    }
    title(text, "Machines that send most");
    let mut rows = table(&["MACHINE", "BYTES", "PEAK", "AT A TIME"], &[1, 2, 3]);
    let mut sources: Vec<_> = outcome.sources.iter().collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.bytes));
    for source in sources.iter().take(SHOWN / 2) {
        rows.add_row(vec![
            Cell::new(&source.site_system),
            right(bytes(source.bytes)),
            right(rate(source.peak)),
            right(source.transfers),
        ]);
    }
    indented(text, &rows);
}

fn critical_path(outcome: &Outcome, text: &mut String) {
    if outcome.critical_path.is_empty() {
        return;
    }
    title(text, "Why it is not done sooner: the way of the package that arrives last");
    for it in &outcome.critical_path {
        add(text, format_args!("  {:>8}  {}\n", span(it.from), plain(&step(it))));
    }
}

fn waits(outcome: &Outcome, text: &mut String) {
    if !outcome.waits.is_empty() {
        title(text, "Waiting");
    }
    for wait in &outcome.waits {
        let transfers = counted(usize::try_from(wait.transfers).unwrap_or(usize::MAX), "transfer");
        let (what, longest) = (waited(wait.what), span(wait.longest));
        add(
            text,
            format_args!(
                "  {transfers}: for {what}, {longest} at most (`{}`, {})\n",
                wait.at, wait.package
            ),
        );
    }
    let retries = [
        (outcome.sources_left, "source", "left for another one"),
        (outcome.cancelled, "job", "given up by the manager"),
    ];
    for (number, word, what) in retries.into_iter().filter(|it| it.0 > 0) {
        let number = counted(usize::try_from(number).unwrap_or(usize::MAX), word);
        add(text, format_args!("  {number} {what}\n"));
    }
}

fn windows(outcome: &Outcome, text: &mut String) {
    if outcome.window_waits.is_empty() {
        return;
    }
    title(text, "Waiting for maintenance windows");
    for WindowWait { site, kind, actions, from, window, opens_at } in
        outcome.window_waits.iter().take(2 * SHOWN)
    {
        let (actions, from) = (counted(*actions, "action"), span(*from));
        let until = match (window, opens_at) {
            (Some(window), Some(at)) => format!("until `{window}` opens at {at}"),
            _ => "for ever: no window that ever opens allows it".to_owned(),
        };
        add(text, format_args!("  {site}: {kind}, {actions}, since {from}, {until}\n"));
    }
    let more = outcome.window_waits.len().saturating_sub(2 * SHOWN);
    if more > 0 {
        add(text, format_args!("  and {more} more, in --output json\n"));
    }
}

fn unfinished(outcome: &Outcome, text: &mut String) {
    if outcome.unfinished.is_empty() {
        return;
    }
    title(text, "What never comes");
    for it in outcome.unfinished.iter().take(2 * SHOWN) {
        let at = if it.at.is_empty() {
            match it.count {
                0 => String::new(),
                count => format!(" at {}", counted(count, "distribution point")),
            }
        } else {
            let named: Vec<String> = it.at.iter().map(|name| format!("`{name}`")).collect();
            let more = it.count.saturating_sub(named.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(" at {}{more}", named.join(", "))
        };
        let chosen = if it.chosen { " (somebody chose that)" } else { "" };
        add(text, format_args!("  {}{at}: {}{chosen}\n", it.what, plain(&it.why)));
    }
    let more = outcome.unfinished.len().saturating_sub(2 * SHOWN);
    if more > 0 {
        add(text, format_args!("  and {more} more, in --output json\n"));
    }
}
