//! What holds for every drawing: boxes lie apart, lines lead from end to end and around boxes.

use proptest::prelude::*;

use super::super::{
    super::{Arrangement, Diagram, End},
    cards::cards,
    content::label_width,
    layered::layered,
    scene::{Net, Panel, Point, Rect, Scene},
};
use super::sketch::{diagram, sketch};

fn apart(a: Rect, b: Rect) -> bool {
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.bottom() <= b.y || b.bottom() <= a.y
}

fn within(a: Rect, b: Rect) -> bool {
    b.x <= a.x && b.y <= a.y && a.x + a.width <= b.x + b.width && a.bottom() <= b.bottom()
}

/// Whether a straight piece goes through a rectangle; along its edge does not count.
fn through((a, b): (Point, Point), rect: Rect) -> bool {
    let (left, right) = (a.x.min(b.x), a.x.max(b.x));
    let (top, bottom) = (a.y.min(b.y), a.y.max(b.y));
    left < rect.x + rect.width && right > rect.x && top < rect.bottom() && bottom > rect.y
}

fn pieces(net: &Net) -> Vec<(Point, Point)> {
    net.lines.iter().flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1]))).collect()
}

fn touches((a, b): (Point, Point), rect: Rect) -> bool {
    [a, b].into_iter().any(|Point { x, y }| {
        let on_x = x == rect.x || x == rect.x + rect.width;
        let on_y = y == rect.y || y == rect.bottom();
        (on_x && (rect.y..=rect.bottom()).contains(&y))
            || (on_y && (rect.x..=rect.x + rect.width).contains(&x))
    })
}

fn meet((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    a.x.min(b.x) <= c.x.max(d.x)
        && c.x.min(d.x) <= a.x.max(b.x)
        && a.y.min(b.y) <= c.y.max(d.y)
        && c.y.min(d.y) <= a.y.max(b.y)
}

/// Whether two straight pieces lie on each other, more than in a point.
fn on_each_other((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let overlap = |a: i32, b: i32, c: i32, d: i32| a.min(b).max(c.min(d)) < a.max(b).min(c.max(d));
    let flat = a.y == b.y && c.y == d.y && a.y == c.y && overlap(a.x, b.x, c.x, d.x);
    let steep = a.x == b.x && c.x == d.x && a.x == c.x && overlap(a.y, b.y, c.y, d.y);
    flat || steep
}

/// The pieces of a net that are connected with one that touches a rectangle.
fn connected(all: &[(Point, Point)], with: Rect) -> Vec<(Point, Point)> {
    let mut reached: Vec<_> = all.iter().copied().filter(|it| touches(*it, with)).collect();
    let mut next = 0;
    while let Some(piece) = reached.get(next).copied() {
        for other in all {
            if meet(piece, *other) && !reached.contains(other) {
                reached.push(*other);
            }
        }
        next += 1;
    }
    reached
}

/// What lines must not go through, and where the ends of edges are.
struct Boxes {
    solid: Vec<Rect>,
    nodes: Vec<Rect>,
    groups: Vec<Rect>,
}

fn boxes(diagram: &Diagram, scene: &Scene) -> Boxes {
    let mut nodes = vec![Rect::default(); diagram.nodes.len()];
    for placed in &scene.nodes {
        nodes[placed.node] = placed.rect;
    }
    let mut groups = vec![Rect::default(); diagram.groups.len()];
    let mut solid = Vec::new();
    for panel in &scene.panels {
        if let Some(group) = panel.group {
            groups[group] = panel.rect;
        }
        if panel.card {
            solid.push(panel.rect);
        }
    }
    if diagram.arrangement == Arrangement::Layered {
        solid.clone_from(&nodes);
    }
    Boxes { solid, nodes, groups }
}

fn check(diagram: &Diagram, scene: &Scene) -> Result<(), TestCaseError> {
    let boxes = boxes(diagram, scene);
    let page = Rect { x: 0, y: 0, width: scene.width, height: scene.height };
    for (number, one) in boxes.solid.iter().enumerate() {
        prop_assert!(one.width > 0 && one.height > 0 && within(*one, page), "{one:?} {page:?}");
        for other in &boxes.solid[number + 1..] {
            prop_assert!(apart(*one, *other), "{one:?} lies on {other:?}");
        }
    }
    let mut labels: Vec<Rect> = Vec::new();
    for (number, net) in scene.nets.iter().enumerate() {
        let pieces = pieces(net);
        for other in scene.nets[number + 1..].iter().flat_map(self::pieces) {
            for piece in &pieces {
                prop_assert!(!on_each_other(*piece, other), "{piece:?} lies on {other:?}");
            }
        }
        for piece in &pieces {
            prop_assert!(piece.0.x == piece.1.x || piece.0.y == piece.1.y);
            for solid in &boxes.solid {
                prop_assert!(!through(*piece, *solid), "{piece:?} goes through {solid:?}");
            }
        }
        for edge in &net.edges {
            let edge = &diagram.edges[*edge];
            let rect = |end: End| match end {
                End::Node(node) => boxes.nodes[node.0],
                End::Group(group) => boxes.groups[group.0],
            };
            let from = connected(&pieces, rect(edge.from));
            prop_assert!(
                from.iter().any(|piece| touches(*piece, rect(edge.to))),
                "{edge:?} does not lead from {:?} to {:?}: {net:?}",
                rect(edge.from),
                rect(edge.to)
            );
        }
        for (tip, _) in &net.arrows {
            prop_assert!(boxes.solid.iter().any(|solid| touches((*tip, *tip), *solid)));
        }
        for (middle, label) in &net.labels {
            let width = label_width(label);
            let label = Rect { x: middle.x - width / 2, y: middle.y - 8, width, height: 16 };
            prop_assert!(within(label, page), "{label:?} is not on the page");
            for solid in &boxes.solid {
                prop_assert!(apart(label, *solid), "{label:?} lies on {solid:?}");
            }
            for other in &labels {
                prop_assert!(apart(label, *other), "{label:?} lies on {other:?}");
            }
            labels.push(label);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn cards_lie_apart_and_lines_lead_from_end_to_end_around_them(sketch in sketch()) {
        let diagram = diagram(&sketch, Arrangement::Cards);
        let scene = cards(&diagram);
        for placed in &scene.nodes {
            let inside = |panel: &Panel| within(placed.rect, panel.rect);
            prop_assert!(scene.panels.iter().any(inside));
        }
        check(&diagram, &scene)?;
    }

    #[test]
    fn boxes_in_layers_lie_apart_and_lines_lead_from_end_to_end_around_them(sketch in sketch()) {
        let mut diagram = diagram(&sketch, Arrangement::Layered);
        // Here the first node of a group stands for it, and what leads to itself is not drawn.
        diagram.edges.retain(|it| {
            matches!((it.from, it.to), (End::Node(from), End::Node(to)) if from != to)
        });
        check(&diagram, &layered(&diagram))?;
    }
}
