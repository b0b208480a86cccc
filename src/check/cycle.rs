//! Cycles in a graph of names: one for each knot, in time proportional to the graph.

use std::collections::{BTreeMap, VecDeque};

use crate::model::Name;

/// Which names each name leads to. Names that are no key lead nowhere.
pub(super) type Graph<'a> = BTreeMap<&'a Name, Vec<&'a Name>>;

/// A shortest cycle of every knot (strongly connected part) of the graph, each beginning with the
/// name of its knot that `first` prefers. A knot can have more cycles than anyone could read;
/// whoever breaks this one sees the next. A name that leads to itself is not counted.
pub(super) fn cycles<'a, K: Ord>(
    graph: &Graph<'a>,
    first: impl Fn(&Name) -> K,
) -> Vec<Vec<&'a Name>> {
    let knots = knots(graph);
    let mut members = BTreeMap::<usize, Vec<&Name>>::new();
    for (name, knot) in &knots {
        members.entry(*knot).or_default().push(name);
    }
    members
        .values()
        .filter(|names| names.len() > 1)
        .filter_map(|names| {
            let start = names.iter().copied().min_by_key(|name| first(name))?;
            shortest(graph, &knots, start)
        })
        .collect()
}

/// The shortest way from `start` back to itself within its knot.
fn shortest<'a>(
    graph: &Graph<'a>,
    knots: &BTreeMap<&'a Name, usize>,
    start: &'a Name,
) -> Option<Vec<&'a Name>> {
    let mut from = BTreeMap::<&Name, &Name>::new();
    let mut queue = VecDeque::from([start]);
    while let Some(name) = queue.pop_front() {
        for next in graph.get(name).into_iter().flatten().copied() {
            if next == start && name != start {
                let mut cycle = vec![name];
                let mut current = name;
                while let Some(previous) = from.get(current) {
                    cycle.push(previous);
                    current = previous;
                }
                cycle.reverse();
                return Some(cycle);
            }
            if next != start && knots.get(next) == knots.get(start) && !from.contains_key(next) {
                from.insert(next, name);
                queue.push_back(next);
            }
        }
    }
    None
}

/// The number of the knot that each name belongs to (Tarjan's algorithm; the stack is a vector, so
/// that a chain of any length is fine).
fn knots<'a>(graph: &Graph<'a>) -> BTreeMap<&'a Name, usize> {
    let mut order = BTreeMap::<&Name, usize>::new();
    let mut low = BTreeMap::<&Name, usize>::new();
    let mut knots = BTreeMap::new();
    let mut open = Vec::new();
    for root in graph.keys().copied() {
        if order.contains_key(root) {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((name, next)) = path.pop() {
            if next == 0 {
                let number = order.len();
                order.insert(name, number);
                low.insert(name, number);
                open.push(name);
            }
            let targets = graph.get(name).map_or(&[][..], Vec::as_slice);
            if let Some(target) = targets.get(next).copied() {
                path.push((name, next + 1));
                if !graph.contains_key(target) {
                    continue;
                }
                match order.get(target) {
                    None => path.push((target, 0)),
                    Some(number) if !knots.contains_key(target) => lower(&mut low, name, *number),
                    Some(_) => {}
                }
                continue;
            }
            let lowest = low.get(name).copied().unwrap_or_default();
            if order.get(name) == Some(&lowest) {
                while let Some(member) = open.pop() {
                    knots.insert(member, lowest);
                    if member == name {
                        break;
                    }
                }
            }
            if let Some((parent, _)) = path.last() {
                lower(&mut low, parent, lowest);
            }
        }
    }
    knots
}

fn lower<'a>(low: &mut BTreeMap<&'a Name, usize>, name: &'a Name, number: usize) {
    low.entry(name).and_modify(|lowest| *lowest = number.min(*lowest));
}

/// A cycle as people read it: `a → b → c → a`.
pub(super) fn shown(cycle: &[&Name]) -> String {
    let mut names: Vec<&str> = cycle.iter().map(|name| name.as_str()).collect();
    names.extend(cycle.first().map(|name| name.as_str()));
    names.join(" → ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(edges: &[(&str, &str)]) -> Vec<String> {
        let names: BTreeMap<&str, Name> = edges
            .iter()
            .flat_map(|(a, b)| [*a, *b])
            .map(|text| (text, text.parse().unwrap()))
            .collect();
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry(&names[from]).or_default().push(&names[to]);
        }
        cycles(&graph, Clone::clone).iter().map(|cycle| shown(cycle)).collect()
    }

    #[test]
    fn a_graph_without_cycles_has_none() {
        assert_eq!(found(&[("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")]), [""; 0]);
        assert_eq!(found(&[("a", "a")]), [""; 0]);
    }

    #[test]
    fn every_knot_shows_its_shortest_cycle_once() {
        let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "b"), ("x", "y"), ("y", "x")];
        assert_eq!(found(&edges), ["a → b → c → a", "x → y → x"]);
        assert_eq!(found(&[("z", "a"), ("a", "b"), ("b", "a")]), ["a → b → a"]);
    }

    #[test]
    fn a_long_cycle_is_found_without_deep_calls() {
        let names: Vec<Name> = (0..10_000).map(|i| format!("n{i:05}").parse().unwrap()).collect();
        let graph: Graph<'_> = names
            .iter()
            .enumerate()
            .map(|(i, name)| (name, vec![&names[(i + 1) % names.len()]]))
            .collect();
        assert_eq!(cycles(&graph, Clone::clone), [names.iter().collect::<Vec<_>>()]);
    }
}
