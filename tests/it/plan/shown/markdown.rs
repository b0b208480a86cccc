//! A comment on a pull request: it fits, its counts are right, and nothing in it is more than text.

use headwater::{
    plan::{ActionKind, Plan, read_plan},
    view::{PlanView, counted, plan_json, plan_markdown, plan_text},
};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::hostile::plans;

const FOLDED: PlanView<'static> = PlanView { filter: None, hierarchy: None, full: false };
const FULL: PlanView<'static> = PlanView { full: true, ..FOLDED };

/// The longest comment.
const MOST: usize = 65_000;

/// What a reader of Markdown makes of a comment, or why it is not what was meant.
fn read(text: &str) -> Result<(), String> {
    let mut open = 0_i32;
    let mut code = false;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim_end();
                let summary = html
                    .strip_prefix("<summary>Site ")
                    .and_then(|rest| rest.strip_suffix("</summary>"))
                    .is_some_and(|rest| !rest.contains(['<', '>', '&']));
                match html {
                    "<details>" | "<details open>" => open += 1,
                    "</details>" => open -= 1,
                    "<!-- headwater plan -->" => {}
                    _ if summary && open == 1 => {}
                    other => return Err(format!("HTML: {other}")),
                }
                if !(0..=1).contains(&open) {
                    return Err("sections are not one after the other".to_owned());
                }
            }
            Event::Start(tag) => match tag {
                Tag::CodeBlock(_) => code = true,
                Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::Strong
                | Tag::HtmlBlock
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell => {}
                // What waits, and what there is to know.
                Tag::List(None) | Tag::Item if open == 0 => {}
                other => return Err(format!("{other:?}")),
            },
            Event::End(end) => code &= !matches!(end, pulldown_cmark::TagEnd::CodeBlock),
            Event::Text(text) if !code => {
                let links = ["@", "#", "://", "www.", "GH-", "<", ">", "&", "\\"];
                if let Some(link) = links.iter().find(|link| text.contains(**link)) {
                    return Err(format!("`{link}` in {text}"));
                }
            }
            Event::Text(_) | Event::Code(_) | Event::SoftBreak => {}
            other => return Err(format!("{other:?}")),
        }
    }
    if open == 0 { Ok(()) } else { Err("a section is not closed".to_owned()) }
}

/// How many actions a comment tells of, and how many it says it leaves out.
fn told(text: &str) -> (usize, usize) {
    let number = |text: &str| text.split(' ').next().and_then(|number| number.parse().ok());
    let heads = text.lines().filter(|line| {
        let mut letters = line.chars();
        letters.next() == Some('`')
            && letters.next().is_some_and(|sign| "+~->?".contains(sign))
            && line.get(2..).is_some_and(|rest| rest.starts_with("` **"))
    });
    let told = heads.map(|line| {
        // Kinds and names hold no brackets, so that the first one is the count.
        let (_, rest) = line.split_once("** ").unwrap();
        let (before, after) = rest.split_once(", ").unwrap_or((rest, ""));
        let counts = format!("{before}{after}");
        let many = counts.split_once("` (").and_then(|(_, rest)| {
            rest.split_once(" actions)").and_then(|(count, _)| number(count))
        });
        many.unwrap_or(1)
    });
    let left = text.split_once("no room for it:** ").and_then(|(_, rest)| {
        rest.starts_with(|digit: char| digit.is_ascii_digit()).then(|| number(rest)).flatten()
    });
    (told.sum(), left.unwrap_or(0))
}

fn check(plan: &Plan, view: PlanView<'_>) -> Result<(), TestCaseError> {
    let text = plan_markdown(plan, view);
    prop_assert!(text.chars().count() <= MOST, "{}", text.chars().count());
    if let Err(wrong) = read(&text) {
        return Err(TestCaseError::fail(format!("{wrong}\n{text}")));
    }
    let open = text.matches("\n<details").count();
    prop_assert_eq!(open, text.matches("\n</details>\n").count());
    let summary = plan.summary;
    let counts = format!(
        "{}: {} to create, {} to change, {} to remove, {} to verify, {} to synchronize, {} to \
         distribute.",
        counted(plan.actions.len(), "action"),
        summary.create,
        summary.change,
        summary.remove,
        plan.actions.iter().filter(|it| it.kind == ActionKind::VerifyPorts).count(),
        summary.synchronize,
        summary.distribute,
    );
    prop_assert!(plan.actions.is_empty() || text.contains(&counts), "{}\n{}", counts, text);
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Site"));
    let in_table = rows.map(|row| row.rsplit("| ").next().unwrap().trim_end_matches(" |"));
    let in_table: usize = in_table.map(|count| count.parse::<usize>().unwrap()).sum();
    prop_assert_eq!(in_table, plan.actions.len());
    let (told, left) = told(&text);
    prop_assert_eq!(told + left, plan.actions.len(), "{} told, {} left out\n{}", told, left, text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_plan_fits_into_a_comment_and_is_only_text(plan in plans()) {
        check(&plan, FOLDED)?;
        check(&plan, FULL)?;
    }

    #[test]
    fn any_plan_can_be_told_on_a_terminal_without_acting_on_it(plan in plans()) {
        for view in [FOLDED, FULL] {
            for letter in plan_text(&plan, view, false).chars() {
                let acts = letter.is_control() && letter != '\n' || letter == '\u{202e}';
                prop_assert!(!acts, "{:?}", letter);
            }
        }
    }

    #[test]
    fn any_plan_reads_back(plan in plans()) {
        let text = plan_json(&plan, FOLDED);
        let read = read_plan(&text).unwrap();
        prop_assert_eq!(read.actions.len(), plan.actions.len());
        // What is read has no secrets, and is the same from then on.
        prop_assert_eq!(read_plan(&plan_json(&read, FOLDED)).unwrap(), read);
    }

    #[test]
    fn what_is_read_never_panics(text in super::hostile::texts(), plan in plans(), at in any::<prop::sample::Index>()) {
        let _ = read_plan(&text);
        // A plan that something was written into.
        let mut json = plan_json(&plan, FOLDED);
        let mut place = at.index(json.len());
        while !json.is_char_boundary(place) {
            place -= 1;
        }
        json.insert_str(place, &text);
        let _ = read_plan(&json);
    }
}
