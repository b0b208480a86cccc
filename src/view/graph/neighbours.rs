//! Which lanes stand side by side: those that have much to do with each other.

/// More lanes than that stay in the order in which they came: nobody follows a line across them, and
/// to order them takes the cube of their number.
const MOST_ORDERED: usize = 64;

/// An order of lanes in which the lines between them are short: `links` are pairs of lanes, one for
/// each line. The first lane stays first.
pub(super) fn order(lanes: usize, links: &[(usize, usize)]) -> Vec<usize> {
    if lanes > MOST_ORDERED {
        return (0..lanes).collect();
    }
    let mut weights = vec![vec![0_usize; lanes]; lanes];
    for (a, b) in links.iter().filter(|(a, b)| a != b) {
        weights[*a][*b] += 1;
        weights[*b][*a] += 1;
    }
    let mut order: Vec<usize> = Vec::with_capacity(lanes);
    for lane in 0..lanes {
        insert(&mut order, lane, &weights);
    }
    for _ in 0..3 {
        for lane in 1..lanes {
            order.retain(|it| *it != lane);
            insert(&mut order, lane, &weights);
        }
    }
    order
}

/// Puts a lane behind the one after which lines become shortest; among equal places behind the last
/// one, which keeps lanes in the order in which they came.
fn insert(order: &mut Vec<usize>, lane: usize, weights: &[Vec<usize>]) {
    let sum = |from: usize, to: &[usize]| to.iter().map(|it| weights[from][*it]).sum::<usize>();
    let mut best = (usize::MAX, 0);
    let mut over_gap = 0;
    for (place, it) in order.iter().enumerate() {
        // Lines over the gap behind this one become longer.
        over_gap = over_gap + sum(*it, &order[place + 1..]) - sum(*it, &order[..place]);
        let own: usize = order
            .iter()
            .enumerate()
            .map(|(at, other)| {
                let far = if at <= place { place + 1 - at } else { at - place };
                weights[lane][*other] * far
            })
            .sum();
        if over_gap + own <= best.0 {
            best = (over_gap + own, place + 1);
        }
    }
    order.insert(best.1, lane);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_that_are_linked_stand_side_by_side() {
        let chain = [(0, 3), (3, 1), (1, 2), (1, 2), (2, 2)];
        assert_eq!(order(4, &chain), [0, 3, 1, 2]);
    }

    #[test]
    fn lanes_without_links_stay_as_they_are() {
        assert_eq!(order(4, &[]), [0, 1, 2, 3]);
        assert_eq!(order(3, &[(0, 1), (0, 2)])[0], 0);
        assert!(order(0, &[]).is_empty());
    }

    #[test]
    fn too_many_lanes_stay_as_they_are() {
        let [few, many] = [MOST_ORDERED, 1_000_000].map(|lanes| order(lanes, &[(0, 2)]));
        assert_eq!(few[..3], [0, 2, 1]);
        assert!(many.is_sorted());
    }
}
