//! A simulation as a timeline: a lane for each site, one for each direction of a line, and the way
//! of the package that arrives last.

use std::fmt::Write;

use super::{
    axis::{Axis, ticks},
    text::head,
    words::{after, bytes, float, rate, span, step, whole},
};
use crate::{
    simulate::{Curve, LinkOutcome, Outcome, SiteOutcome, StepKind},
    view::diagram::svg::{Document, HEADING, LABEL, NAME, Rect, TEXT, TITLE, escaped, style_sheet},
};

/// What is free around everything.
const MARGIN: i32 = 28;
/// Names stand to the left of the lanes, and what there is to say to the right.
const NAMES: i32 = 150;
const PLOT: i32 = 760;
const SAID: i32 = 190;
const WIDTH: i32 = MARGIN + NAMES + PLOT + SAID + MARGIN;
/// The height of a lane, and what is drawn of it.
const LANE: i32 = 40;
const BAR: i32 = 26;
/// So many sites and lines are drawn: more would be a wall.
const SITES: usize = 30;
const LINES: usize = 20;

/// The drawing, as an SVG document.
pub fn simulation_svg(outcome: &Outcome) -> String {
    let axis = Axis { left: MARGIN + NAMES, width: PLOT, end: end(outcome) };
    let mut body = Document::default();
    let top = heading(outcome, &mut body);
    let mut lanes = Document::default();
    let mut y = top + 24;
    y = sites(outcome, axis, y, &mut lanes);
    y = lines(outcome, axis, y, &mut lanes);
    let below = y;
    y = path(outcome, axis, y + 8, &mut lanes);
    grid(axis, top, below, &mut body);
    let height = y + MARGIN;
    let mut document = Document::default();
    let title = "What if: a simulation";
    let mut description = String::new();
    head(outcome, &mut description);
    document.add(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"headwater\" width=\"{WIDTH}\" \
         height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"headwater-title headwater-description\">"
    ));
    document.add(format_args!(
        "<title id=\"headwater-title\">{}</title>\n<desc id=\"headwater-description\">{}</desc>",
        escaped(title),
        escaped(description.trim_end())
    ));
    document.add(format_args!("<style>\n{}</style>", style_sheet()));
    document.rect("page", Rect { x: 0, y: 0, width: WIDTH, height }, 0);
    document.text += &body.text;
    document.text += &lanes.text;
    document.add(format_args!("</svg>"));
    document.text
}

/// Where the axis ends: when the last thing was done, or where nobody looked on any more.
fn end(outcome: &Outcome) -> f64 {
    let done = outcome.distributed_after.zip(outcome.synchronized_after);
    done.map_or(outcome.seconds, |(content, sync)| content.max(sync)).max(1.0)
}

/// The heading. Says where the axis stands.
fn heading(outcome: &Outcome, document: &mut Document) -> i32 {
    let mut y = MARGIN + HEADING.size;
    let title = match outcome.distributed_after {
        Some(_) if outcome.placements > 0 => {
            format!("Everything is there after {}", after(outcome.distributed_after))
        }
        _ if outcome.placements > 0 => {
            let (done, all) = (outcome.done, outcome.placements);
            format!("After {} {done} of {all} placements are done", span(outcome.seconds))
        }
        _ => format!("Every site has synchronized after {}", after(outcome.synchronized_after)),
    };
    document.text(HEADING, MARGIN, y, &title);
    let mut said = String::new();
    head(outcome, &mut said);
    let begins = outcome.begins_at.strftime("%F %H:%M UTC");
    add(
        &mut said,
        &format!("Rules: {}; from {begins}, seed {}.", outcome.policy.words(), outcome.seed),
    );
    for line in said.lines() {
        y += TEXT.line() + 2;
        document.text(TEXT, MARGIN, y, &TEXT.cut(line, WIDTH - 2 * MARGIN));
    }
    y += 24;
    let mut x = MARGIN;
    for (tone, words) in [
        ("violet", "updates synchronize"),
        ("blue", "content comes in"),
        ("amber", "a line is used (full height: full)"),
        ("red", "waiting"),
    ] {
        document.rect(&format!("a {tone}"), Rect { x, y: y - 10, width: 16, height: 10 }, 2);
        document.text(TEXT, x + 22, y, words);
        x += 22 + TEXT.width(words) + 24;
    }
    y + 34
}

fn add(text: &mut String, more: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{more}");
}

/// The hours that are drawn across all lanes.
fn grid(axis: Axis, top: i32, below: i32, document: &mut Document) {
    for (at, words) in ticks(axis.end) {
        let x = axis.at(at);
        document.path("rule", &format!("M{x} {}V{below}", top + 6));
        document.middle(TEXT, x, top, &words);
    }
}

/// The name of a lane, and what there is to say of it.
fn lane(name: &str, said: &[String], y: i32, document: &mut Document) {
    let middle = y + BAR / 2 + 4;
    document.text(NAME, MARGIN, middle, &NAME.cut(name, NAMES - 14));
    let x = MARGIN + NAMES + PLOT + 14;
    let first = if said.len() > 1 { middle - 7 } else { middle };
    for (number, line) in (0_i32..).zip(said.iter().take(2)) {
        document.text(TEXT, x, first + number * 15, &TEXT.cut(line, SAID - 14));
    }
}

fn section(title: &str, y: i32, document: &mut Document) -> i32 {
    document.text(TITLE, MARGIN, y + TITLE.size, title);
    y + TITLE.size + 12
}

fn sites(outcome: &Outcome, axis: Axis, from: i32, document: &mut Document) -> i32 {
    let with = |site: &&SiteOutcome| site.synchronization.is_some() || site.placements > 0;
    let mut all: Vec<&SiteOutcome> = outcome.sites.iter().filter(with).collect();
    if all.is_empty() {
        return from;
    }
    let last = |site: &SiteOutcome| site.content_until.unwrap_or(f64::INFINITY);
    let more = all.len().saturating_sub(SITES);
    if more > 0 {
        all.sort_by(|one, other| last(other).total_cmp(&last(one)).then(one.site.cmp(&other.site)));
        all.truncate(SITES);
    }
    let mut y = section("Sites", from, document);
    for site in all {
        self::site(site, axis, y, document);
        y += LANE;
    }
    if more > 0 {
        document.text(TEXT, MARGIN, y + 8, &format!("and {more} more that are done before"));
        y += 20;
    }
    y + 10
}

fn site(site: &SiteOutcome, axis: Axis, y: i32, document: &mut Document) {
    document.add(format_args!("<g>"));
    let mut said = Vec::new();
    if site.placements > 0 {
        said.push(match site.content_until {
            Some(_) => format!("content after {}", after(site.content_until)),
            None => format!("{} of {} placements", site.done, site.placements),
        });
    }
    if let Some(sync) = &site.synchronization {
        said.push(match sync.complete {
            Some(_) => format!("updates after {}", after(sync.complete)),
            None => "never synchronizes".to_owned(),
        });
    }
    document.title(&format!("{}: {}", site.site, said.join(", ")));
    let base = Rect { x: axis.left, y, width: axis.width, height: BAR };
    document.rect("lane", base, 3);
    let peak = site.incoming.bytes.iter().copied().max().unwrap_or(0);
    area("blue", &site.incoming, float(peak), axis, y, document);
    if let Some(sync) = &site.synchronization
        && let Some(began) = sync.began
    {
        let from = axis.at(began);
        let to = axis.at(sync.complete.unwrap_or(axis.end)).max(from + 3);
        let tone = if sync.complete.is_some() { "violet" } else { "red" };
        let bar = Rect { x: from, y: y + BAR - 6, width: to - from, height: 6 };
        document.rect(&format!("a {tone}"), bar, 2);
    }
    if let Some(until) = site.content_until {
        let x = axis.at(until);
        document.path("w heavy green", &format!("M{x} {y}v{BAR}"));
    }
    lane(site.site.as_str(), &said, y, document);
    document.add(format_args!("</g>"));
}

fn lines(outcome: &Outcome, axis: Axis, from: i32, document: &mut Document) -> i32 {
    if outcome.links.is_empty() {
        return from;
    }
    let mut links: Vec<&LinkOutcome> = outcome.links.iter().collect();
    let more = links.len().saturating_sub(LINES);
    if more > 0 {
        links.sort_by_key(|link| std::cmp::Reverse(link.bytes));
        links.truncate(LINES);
    }
    let mut y = section("Lines", from, document);
    for link in links {
        document.add(format_args!("<g>"));
        let name = format!("{} → {}", link.from, link.to);
        let said = [bytes(link.bytes), format!("{} of {}", rate(link.peak), rate(link.capacity))];
        document.title(&format!("{name}: {}", said.join(", ")));
        document.rect("lane", Rect { x: axis.left, y, width: axis.width, height: BAR }, 3);
        let full = float(link.capacity) * link.curve.span;
        area("amber", &link.curve, full, axis, y, document);
        lane(&name, &said, y, document);
        document.add(format_args!("</g>"));
        y += LANE;
    }
    if more > 0 {
        document.text(TEXT, MARGIN, y + 8, &format!("and {more} more with less"));
        y += 20;
    }
    y + 10
}

/// How much there was when, as an area: as high as a lane where it was `full`.
fn area(tone: &str, curve: &Curve, full: f64, axis: Axis, y: i32, document: &mut Document) {
    if full <= 0.0 || curve.bytes.is_empty() {
        return;
    }
    let bottom = y + BAR;
    let mut path = String::new();
    let mut flows = false;
    for (number, amount) in curve.bytes.iter().enumerate() {
        let from = curve.span * float(number as u64);
        if from > axis.end {
            break;
        }
        let part = (float(*amount) / full).min(1.0);
        // Whatever flows is seen.
        let part = if *amount > 0 { part.max(0.06) } else { 0.0 };
        let high = i32::try_from(whole((part * f64::from(BAR - 2)).round())).unwrap_or(0);
        let (left, right) = (axis.at(from), axis.at(from + curve.span));
        match (flows, high > 0) {
            (false, true) => drop(write!(path, "M{left} {bottom}V{}H{right}", bottom - high)),
            (true, true) => drop(write!(path, "V{}H{right}", bottom - high)),
            (true, false) => drop(write!(path, "V{bottom}z")),
            (false, false) => {}
        }
        flows = high > 0;
    }
    if flows {
        let _ = write!(path, "V{bottom}z");
    }
    if !path.is_empty() {
        document.path(&format!("a {tone}"), &path);
    }
}

/// The way of the package that arrives last.
fn path(outcome: &Outcome, axis: Axis, from: i32, document: &mut Document) -> i32 {
    if outcome.critical_path.is_empty() {
        return from;
    }
    let title = "Why it is not done sooner: the way of the package that arrives last";
    let mut y = section(title, from, document);
    document.rect("lane", Rect { x: axis.left, y, width: axis.width, height: BAR }, 3);
    for (number, it) in (1_u32..).zip(&outcome.critical_path) {
        let (left, right) = (axis.at(it.from), axis.at(it.to));
        let width = (right - left).max(2);
        let tone = match it.what {
            StepKind::Came { .. } => "blue",
            StepKind::Taken => "neutral",
            StepKind::Planned | StepKind::Waited(_) => "red",
        };
        document.add(format_args!("<g>"));
        document.title(&step(it));
        let bar = Rect { x: left, y, width, height: BAR };
        document.rect(&format!("badge {tone}"), bar, 2);
        if width > 14 {
            document.middle(LABEL, left + width / 2, y + BAR / 2 + 4, &number.to_string());
        }
        document.add(format_args!("</g>"));
    }
    y += LANE;
    for (number, it) in (1_u32..).zip(&outcome.critical_path) {
        let line = format!("{number}. at {}: {}", span(it.from), step(it)).replace('`', "");
        document.text(TEXT, MARGIN, y, &TEXT.cut(&line, WIDTH - 2 * MARGIN));
        y += TEXT.line() + 2;
    }
    y
}
