//! Cycles in a graph of names: one for each knot, in time proportional to the graph.

use std::collections::{BTreeMap, VecDeque};

use crate::model::Name;

/// Which names each name leads to. Names that are no key lead nowhere.
pub(super) type Graph<'a> = BTreeMap<&'a Name, Vec<&'a Name>>;

/// Whether links between `number` things lead round in a circle somewhere, by numbers alone: nearly
/// always there is none, and nothing else has to be done. One that leads to itself is not counted.
pub(super) fn any_cycle<I: IntoIterator<Item = usize>>(
    number: usize,
    links: impl Fn(usize) -> I,
) -> bool {
    let mut led_to = vec![0_usize; number];
    let to = |from: usize| links(from).into_iter().filter(move |to| *to != from && *to < number);
    for link in (0..number).flat_map(&to) {
        led_to[link] += 1;
    }
    // Take away what nothing leads to, until nothing is left, or only circles and what is behind.
    let mut free: Vec<usize> = (0..number).filter(|it| led_to[*it] == 0).collect();
    let mut left = number;
    while let Some(from) = free.pop() {
        left -= 1;
        for link in to(from) {
            led_to[link] -= 1;
            if led_to[link] == 0 {
                free.push(link);
            }
        }
    }
    left > 0
}

/// A shortest cycle of every knot (strongly connected part) of the graph, each beginning with the
/// name of its knot that `first` prefers. A knot can have more cycles than anyone could read;
/// whoever breaks this one sees the next. A name that leads to itself is not counted.
pub(super) fn cycles<'a, K: Ord>(
    graph: &Graph<'a>,
    first: impl Fn(&Name) -> K,
) -> Vec<Vec<&'a Name>> {
    // Names are looked up once; from here on they are numbers, in the order of names.
    let names: Vec<&Name> = graph.keys().copied().collect();
    let number = |name: &&Name| names.binary_search(name).ok();
    let edges: Vec<Vec<usize>> =
        graph.values().map(|targets| targets.iter().filter_map(number).collect()).collect();
    if edges.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let knots = knots(&edges);
    let mut members = BTreeMap::<usize, Vec<usize>>::new();
    for (number, knot) in knots.iter().enumerate() {
        members.entry(*knot).or_default().push(number);
    }
    members
        .values()
        .filter(|members| members.len() > 1)
        .filter_map(|members| {
            let start = members.iter().copied().min_by_key(|number| first(names[*number]))?;
            let cycle = shortest(&edges, &knots, start)?;
            Some(cycle.into_iter().map(|number| names[number]).collect())
        })
        .collect()
}

/// The shortest way from `start` back to itself within its knot.
fn shortest(edges: &[Vec<usize>], knots: &[usize], start: usize) -> Option<Vec<usize>> {
    let mut from = BTreeMap::<usize, usize>::new();
    let mut queue = VecDeque::from([start]);
    while let Some(number) = queue.pop_front() {
        for next in edges[number].iter().copied() {
            if next == start && number != start {
                let mut cycle = vec![number];
                let mut current = number;
                while let Some(previous) = from.get(&current) {
                    cycle.push(*previous);
                    current = *previous;
                }
                cycle.reverse();
                return Some(cycle);
            }
            if next != start && knots[next] == knots[start] && !from.contains_key(&next) {
                from.insert(next, number);
                queue.push_back(next);
            }
        }
    }
    None
}

/// The number of the knot that each name belongs to (Tarjan's algorithm; the stack is a vector, so
/// that a chain of any length is fine).
fn knots(edges: &[Vec<usize>]) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let mut order = vec![NONE; edges.len()];
    let mut low = vec![NONE; edges.len()];
    let mut knots = vec![NONE; edges.len()];
    let mut open = Vec::new();
    let mut visited = 0;
    for root in 0..edges.len() {
        if order[root] != NONE {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((name, next)) = path.pop() {
            if next == 0 {
                order[name] = visited;
                low[name] = visited;
                visited += 1;
                open.push(name);
            }
            if let Some(target) = edges[name].get(next).copied() {
                path.push((name, next + 1));
                if order[target] == NONE {
                    path.push((target, 0));
                } else if knots[target] == NONE {
                    low[name] = low[name].min(order[target]);
                }
                continue;
            }
            if order[name] == low[name] {
                while let Some(member) = open.pop() {
                    knots[member] = low[name];
                    if member == name {
                        break;
                    }
                }
            }
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[name]);
            }
        }
    }
    knots
}

/// How many members of a cycle are shown: whoever has a longer one reads no further either.
pub(super) const SHOWN: usize = 12;

/// A cycle as people read it: `a → b → c → a`.
pub(super) fn shown(cycle: &[&Name]) -> String {
    let mut names: Vec<&str> = cycle.iter().take(SHOWN).map(|name| name.as_str()).collect();
    let more = cycle.len().saturating_sub(SHOWN);
    let rest = format!("… ({more} more)");
    if more > 0 {
        names.push(&rest);
    }
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
    fn circles_are_noticed_by_numbers() {
        let any = |links: &[&[usize]]| any_cycle(links.len(), |it| links[it].iter().copied());
        assert!(!any(&[]) && !any(&[&[0]]) && !any(&[&[1, 2], &[2], &[3, 3], &[]]));
        assert!(any(&[&[1], &[0]]) && any(&[&[1], &[2], &[1]]) && any(&[&[], &[2, 0], &[1]]));
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
        let found = cycles(&graph, Clone::clone);
        assert_eq!(found, [names.iter().collect::<Vec<_>>()]);
        assert!(shown(&found[0]).ends_with("→ n00011 → … (9988 more) → n00000"));
    }
}
