//! Pieces of a net to lines: no piece twice, corners joined, branches found.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::Point;

/// Lines with corners, and the places where they branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) lines: Vec<Vec<Point>>,
    pub(super) joints: Vec<Point>,
}

/// Joins straight pieces, each along one of the axes, to lines with corners. Where more than two
/// pieces meet is a joint, and lines end there. Pieces may lie on each other; a dashed line that is
/// drawn twice would not be dashed any more.
pub(super) fn joined(pieces: &[(Point, Point)]) -> Lines {
    let mut rows: BTreeMap<i32, Vec<(i32, i32)>> = BTreeMap::new();
    let mut columns: BTreeMap<i32, Vec<(i32, i32)>> = BTreeMap::new();
    for (a, b) in pieces {
        if a.y == b.y && a.x != b.x {
            rows.entry(a.y).or_default().push((a.x.min(b.x), a.x.max(b.x)));
        } else if a.x == b.x && a.y != b.y {
            columns.entry(a.x).or_default().push((a.y.min(b.y), a.y.max(b.y)));
        }
    }
    rows.values_mut().for_each(unite);
    columns.values_mut().for_each(unite);
    let neighbours = neighbours(&rows, &columns);
    walk(&neighbours)
}

/// Intervals in order, those that touch made one.
fn unite(intervals: &mut Vec<(i32, i32)>) {
    intervals.sort_unstable();
    let mut united: Vec<(i32, i32)> = Vec::with_capacity(intervals.len());
    for (from, to) in intervals.drain(..) {
        match united.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => united.push((from, to)),
        }
    }
    *intervals = united;
}

/// Each place where something ends, turns or branches, with the next ones along the lines.
fn neighbours(
    rows: &BTreeMap<i32, Vec<(i32, i32)>>,
    columns: &BTreeMap<i32, Vec<(i32, i32)>>,
) -> BTreeMap<Point, BTreeSet<Point>> {
    let mut stops_of_rows: BTreeMap<(i32, i32), BTreeSet<i32>> = BTreeMap::new();
    let mut stops_of_columns: BTreeMap<(i32, i32), BTreeSet<i32>> = BTreeMap::new();
    for (y, intervals) in rows {
        for (from, to) in intervals {
            stops_of_rows.insert((*y, *from), [*from, *to].into());
        }
    }
    for (x, intervals) in columns {
        for (from, to) in intervals {
            let mut stops: BTreeSet<i32> = [*from, *to].into();
            for (y, row) in rows.range(*from..=*to) {
                let place = row.partition_point(|(from, _)| from <= x);
                let crossed = place.checked_sub(1).and_then(|place| row.get(place));
                if let Some((begin, _)) = crossed.filter(|(_, to)| x <= to) {
                    stops.insert(*y);
                    stops_of_rows.entry((*y, *begin)).or_default().insert(*x);
                }
            }
            stops_of_columns.insert((*x, *from), stops);
        }
    }
    let mut neighbours: BTreeMap<Point, BTreeSet<Point>> = BTreeMap::new();
    let mut join = |a: Point, b: Point| {
        neighbours.entry(a).or_default().insert(b);
        neighbours.entry(b).or_default().insert(a);
    };
    for ((y, _), stops) in &stops_of_rows {
        for (a, b) in stops.iter().zip(stops.iter().skip(1)) {
            join(Point { x: *a, y: *y }, Point { x: *b, y: *y });
        }
    }
    for ((x, _), stops) in &stops_of_columns {
        for (a, b) in stops.iter().zip(stops.iter().skip(1)) {
            join(Point { x: *x, y: *a }, Point { x: *x, y: *b });
        }
    }
    neighbours
}

fn walk(neighbours: &BTreeMap<Point, BTreeSet<Point>>) -> Lines {
    let mut lines = Lines::default();
    let mut walked: BTreeSet<(Point, Point)> = BTreeSet::new();
    // From the places where lines end or branch; what is left after that are rings.
    let ends = neighbours.iter().filter(|(_, next)| next.len() != 2);
    for (point, next) in ends.clone().chain(neighbours) {
        for step in next {
            if !walked.insert((*point, *step)) {
                continue;
            }
            let mut line = vec![*point];
            let (mut from, mut to) = (*point, *step);
            walked.insert((to, from));
            while let Some(onward) = onward(neighbours, from, to).filter(|_| to != *point) {
                if !straight(from, to, onward) {
                    line.push(to);
                }
                walked.insert((to, onward));
                walked.insert((onward, to));
                (from, to) = (to, onward);
            }
            line.push(to);
            lines.lines.push(line);
        }
    }
    lines.joints = ends.filter(|(_, next)| next.len() > 2).map(|(point, _)| *point).collect();
    lines
}

/// Where a line goes on, if it neither ends nor branches.
fn onward(neighbours: &BTreeMap<Point, BTreeSet<Point>>, from: Point, at: Point) -> Option<Point> {
    let next = neighbours.get(&at).filter(|next| next.len() == 2)?;
    next.iter().copied().find(|it| *it != from)
}

fn straight(a: Point, b: Point, c: Point) -> bool {
    (a.x == b.x && b.x == c.x) || (a.y == b.y && b.y == c.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point((x, y): (i32, i32)) -> Point {
        Point { x, y }
    }

    type Corner = (i32, i32);

    fn pieces(pieces: &[(Corner, Corner)]) -> Vec<(Point, Point)> {
        pieces.iter().map(|(a, b)| (point(*a), point(*b))).collect()
    }

    #[test]
    fn pieces_on_each_other_become_one_line_with_corners() {
        let lines = joined(&pieces(&[
            ((0, 0), (0, 10)),
            ((0, 10), (30, 10)),
            ((20, 10), (50, 10)),
            ((50, 10), (50, 20)),
            ((7, 7), (7, 7)),
        ]));
        assert_eq!(lines.lines, [[(0, 0), (0, 10), (50, 10), (50, 20)].map(point)]);
        assert_eq!(lines.joints, []);
    }

    #[test]
    fn branches_are_joints_where_lines_end() {
        let lines = joined(&pieces(&[
            ((0, 0), (0, 10)),
            ((0, 10), (50, 10)),
            ((50, 10), (50, 20)),
            ((20, 10), (20, 20)),
        ]));
        assert_eq!(lines.joints, [point((20, 10))]);
        assert_eq!(lines.lines.len(), 3);
        let corners: usize = lines.lines.iter().map(Vec::len).sum();
        assert_eq!(corners, 3 + 2 + 3);
    }

    #[test]
    fn a_ring_is_walked_once() {
        let ring = [((0, 0), (9, 0)), ((9, 0), (9, 9)), ((9, 9), (0, 9)), ((0, 9), (0, 0))];
        let lines = joined(&pieces(&ring));
        assert_eq!(lines.lines, [[(0, 0), (0, 9), (9, 9), (9, 0), (0, 0)].map(point)]);
    }
}
