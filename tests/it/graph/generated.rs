//! Drawings of hierarchies and plans of many sizes.

use headwater::{
    model::Hierarchy,
    ports::flows,
    view::{
        diagram::{Direction, mermaid, svg},
        graph::{hierarchy_diagram, hierarchy_mermaid, plan_diagram},
        ports_diagram,
    },
};
use proptest::prelude::*;

use super::hierarchies::{Extent, first_plan, hierarchy};

/// The value of a number in an element that is written on one line.
fn number(line: &str, name: &str) -> i64 {
    let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

/// The rectangles of a class, from left to right: left, upper, right and lower edge.
fn boxes(drawing: &str, class: &str) -> Vec<[i64; 4]> {
    let begin = format!("<rect class=\"{class}");
    let lines = drawing.lines().filter(|it| it.starts_with(&begin) && !it.contains("behind"));
    let mut boxes: Vec<_> = lines
        .map(|it| {
            let (x, y) = (number(it, "x"), number(it, "y"));
            [x, y, x + number(it, "width"), y + number(it, "height")]
        })
        .collect();
    boxes.sort_unstable();
    boxes
}

fn lie_apart(drawing: &str, class: &str) -> usize {
    let page = drawing.lines().next().unwrap();
    let (width, height) = (number(page, "width"), number(page, "height"));
    let boxes = boxes(drawing, class);
    for (place, one) in boxes.iter().enumerate() {
        assert!(one[0] >= 0 && one[1] >= 0 && one[2] <= width && one[3] <= height, "{one:?}");
        for other in boxes[place + 1..].iter().take_while(|other| other[0] < one[2]) {
            assert!(other[1] >= one[3] || other[3] <= one[1], "{one:?} lies on {other:?}");
        }
    }
    boxes.len()
}

fn extent() -> impl Strategy<Value = Extent> {
    (0..6_usize, 0..6_usize, 1..20_usize, any::<usize>()).prop_map(
        |(primaries, secondaries, points, seed)| Extent { primaries, secondaries, points, seed },
    )
}

fn drawn(hierarchy: &Hierarchy, direction: Direction) -> String {
    svg(&hierarchy_diagram(hierarchy, None, direction))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sites_and_steps_lie_apart_in_every_drawing(extent in extent()) {
        let hierarchy = hierarchy(extent);
        let plan = first_plan(&hierarchy);
        for direction in [Direction::Down, Direction::Right] {
            let sites = lie_apart(&drawn(&hierarchy, direction), "card");
            prop_assert_eq!(sites, hierarchy.sites.len());
            let steps = lie_apart(&svg(&plan_diagram(&plan, None, direction)), "box");
            prop_assert!(steps > 0 && steps <= plan.actions.len());
            for about in hierarchy.sites.keys().take(3) {
                lie_apart(&svg(&hierarchy_diagram(&hierarchy, Some(about), direction)), "card");
                lie_apart(&svg(&plan_diagram(&plan, Some(about), direction)), "box");
            }
        }
    }
}

#[test]
fn two_hundred_sites_are_all_drawn_and_can_be_told() {
    let hierarchy = hierarchy(Extent { primaries: 25, secondaries: 7, points: 4, seed: 1 });
    assert_eq!((hierarchy.sites.len(), hierarchy.site_systems.len()), (201, 1005));
    for direction in [Direction::Down, Direction::Right] {
        let drawing = drawn(&hierarchy, direction);
        assert_eq!(lie_apart(&drawing, "card"), 201);
        for code in hierarchy.sites.keys() {
            assert!(drawing.contains(&format!(">{code}</text>")), "{code}");
        }
        // No row says more than it has to, so that it can be sent and opened anywhere.
        assert!(drawing.len() < 1_500_000, "{}", drawing.len());
        let page = drawing.lines().next().unwrap();
        let (width, height) = (number(page, "width"), number(page, "height"));
        assert!(width < 3 * height && height < 3 * width, "{width} by {height}");
    }
}

/// What Mermaid draws unless it is told to draw more, as GitHub and others do not.
#[track_caller]
fn mermaid_draws(text: &str) {
    let edges = text.lines().filter(|it| it.contains(" --") || it.contains(" -.")).count();
    assert!(edges <= 500 && text.len() <= 50_000, "{edges} edges, {} characters", text.len());
    assert!(!text.contains("maxEdges"), "{text}");
}

#[test]
fn two_hundred_sites_in_mermaid_are_no_more_than_it_draws() {
    let many = hierarchy(Extent { primaries: 25, secondaries: 7, points: 4, seed: 1 });
    let text = hierarchy_mermaid(&many, None, Direction::Down);
    mermaid_draws(&text);
    assert!(text.contains("7 sites") && text.contains("--site CODE"), "{text}");
    // One of them is shown with all that it has.
    let about = many.sites.keys().next();
    mermaid_draws(&hierarchy_mermaid(&many, about, Direction::Down));
    // What Mermaid draws as a whole stays whole.
    let few = hierarchy(Extent { primaries: 2, secondaries: 3, points: 2, seed: 1 });
    let whole = mermaid(&hierarchy_diagram(&few, None, Direction::Down));
    assert_eq!(hierarchy_mermaid(&few, None, Direction::Down), whole);
}

#[test]
fn flows_of_two_hundred_sites_can_be_looked_at() {
    let hierarchy = hierarchy(Extent { primaries: 25, secondaries: 7, points: 4, seed: 1 });
    let flows = flows(&hierarchy);
    let drawing = svg(&ports_diagram(&hierarchy, &flows, None));
    let cards = lie_apart(&drawing, "card");
    assert!((26..60).contains(&cards), "{cards}");
    let page = drawing.lines().next().unwrap();
    let (width, height) = (number(page, "width"), number(page, "height"));
    assert!(width < 5_000 && height < 5_000, "{width} by {height}");
    assert!(drawing.contains("--site CODE") && drawing.contains(">7 sites</text>"));
    // The site that they are about keeps its computers, whatever is around it.
    let about = hierarchy.sites.iter().find(|(_, site)| site.parent.is_none()).unwrap().0;
    let of_site: Vec<_> =
        flows.iter().filter(|flow| flow.concerns(&hierarchy, about)).cloned().collect();
    let drawing = svg(&ports_diagram(&hierarchy, &of_site, Some(about)));
    let server = hierarchy.sites[about].site_server.as_str();
    assert!(drawing.contains(&format!(">{server}</text>")), "{about}");
}

#[test]
fn what_does_not_occur_is_not_explained() {
    let one = hierarchy(Extent { primaries: 0, secondaries: 0, points: 1, seed: 1 });
    let drawing = drawn(&one, Direction::Down);
    assert!(drawing.contains(">software update point</text>"), "{drawing}");
    for absent in ["a site below another", "several that are alike", "pulled from"] {
        assert!(!drawing.contains(absent), "{absent}");
    }
}

#[test]
fn many_points_of_a_site_share_rows() {
    let hierarchy = hierarchy(Extent { primaries: 1, secondaries: 0, points: 300, seed: 3 });
    let drawing = drawn(&hierarchy, Direction::Down);
    let rows = boxes(&drawing, "row").len();
    assert!(rows <= 2 * (2 + 12), "{rows}");
    assert!(drawing.contains(" pull distribution points</text>"));
    assert!(
        drawing.contains("602 distribution points") || drawing.contains("600 distribution points")
    );
}

#[test]
fn thousands_of_actions_become_steps_that_can_be_looked_at() {
    let hierarchy = hierarchy(Extent { primaries: 20, secondaries: 10, points: 12, seed: 5 });
    let plan = first_plan(&hierarchy);
    assert!(plan.actions.len() > 5_000, "{}", plan.actions.len());
    let diagram = plan_diagram(&plan, None, Direction::Right);
    let drawing = svg(&diagram);
    let steps = lie_apart(&drawing, "box");
    assert!((10..=160).contains(&steps), "{steps}");
    assert!(drawing.contains("+ AddDistributionPoint × "));
    assert!(mermaid(&diagram).len() < 50_000, "more than Mermaid takes");
    // The path goes through them from the first to the last.
    let path = drawing.matches(" class=\"w violet heavy\"").count();
    assert!(path > 3, "{path}");
}

#[test]
fn thousands_of_sites_are_drawn_together_where_they_are_alike() {
    let hierarchy = hierarchy(Extent { primaries: 60, secondaries: 49, points: 1, seed: 7 });
    assert_eq!(hierarchy.sites.len(), 3_001);
    for direction in [Direction::Down, Direction::Right] {
        let drawing = drawn(&hierarchy, direction);
        let cards = lie_apart(&drawing, "card");
        assert!((61..400).contains(&cards), "{cards}");
        assert!(drawing.contains("Secondary sites "));
        assert!(drawing.len() < 3_000_000, "{}", drawing.len());
    }
}
