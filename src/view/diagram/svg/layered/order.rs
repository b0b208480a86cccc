//! In which order things stand in each layer, so that few lines cross.

use super::items::Items;

/// By layer, its items in order.
pub(super) type Order = Vec<Vec<usize>>;

/// As often the order is improved, downward and upward. More is rarely better.
const SWEEPS: usize = 12;

/// Orders the items of each layer: by lane, and in a lane by what they are connected with.
pub(super) fn order(items: &Items, layers: usize) -> Order {
    let (above, below) = neighbours(items);
    let mut order: Order = vec![Vec::new(); layers];
    for (number, item) in items.all.iter().enumerate() {
        order[item.layer].push(number);
    }
    for layer in &mut order {
        layer.sort_by_key(|item| (items.all[*item].lane, *item));
    }
    let mut best = (crossings(items, &order), order.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let downward = sweep % 2 == 0;
        let neighbours = if downward { &above } else { &below };
        let mut places = places(items, &order);
        for step in 0..layers {
            let layer = if downward { step } else { layers - 1 - step };
            sort(items, &mut order[layer], neighbours, &places);
            set_places(items, &order[layer], &mut places);
        }
        let crossings = crossings(items, &order);
        if crossings < best.0 {
            best = (crossings, order.clone());
        }
    }
    best.1
}

/// By item, those it is connected with in the layer before and in the next one.
pub(super) fn neighbours(items: &Items) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let mut above = vec![Vec::new(); items.all.len()];
    let mut below = vec![Vec::new(); items.all.len()];
    for piece in items.pieces.iter().flatten() {
        for &to in &piece.to {
            above[to].push(piece.from);
            below[piece.from].push(to);
        }
    }
    (above, below)
}

/// A place in a layer that can be compared with those in other layers: the lane first, and in it the
/// part of the way.
const LANE: u64 = 1 << 20;

fn places(items: &Items, order: &Order) -> Vec<u64> {
    let mut places = vec![0; items.all.len()];
    for layer in order {
        set_places(items, layer, &mut places);
    }
    places
}

fn set_places(items: &Items, layer: &[usize], places: &mut [u64]) {
    for lane in layer.chunk_by(|a, b| items.all[*a].lane == items.all[*b].lane) {
        let count = u64::try_from(lane.len()).unwrap_or(u64::MAX);
        for (place, item) in (0..).zip(lane) {
            let lane = u64::try_from(items.all[*item].lane).unwrap_or(0);
            places[*item] = lane * LANE + (2 * place + 1) * LANE / (2 * count);
        }
    }
}

/// Puts each item of a layer at the mean place of its neighbours, within its lane. What has none
/// stays where it is.
fn sort(items: &Items, layer: &mut [usize], neighbours: &[Vec<usize>], places: &[u64]) {
    let mean = |item: usize| {
        let near = &neighbours[item];
        match u64::try_from(near.len()) {
            Ok(count) if count > 0 => near.iter().map(|it| places[*it]).sum::<u64>() / count,
            _ => places[item],
        }
    };
    layer.sort_by_cached_key(|item| (items.all[*item].lane, mean(*item), places[*item]));
}

/// How many pairs of lines cross between the layers.
fn crossings(items: &Items, order: &Order) -> u64 {
    let mut rank = vec![0; items.all.len()];
    for layer in order {
        for (place, item) in layer.iter().enumerate() {
            rank[*item] = place;
        }
    }
    let mut crossings = 0;
    for (layer, pieces) in items.pieces.iter().enumerate() {
        let mut lines: Vec<(usize, usize)> = pieces
            .iter()
            .flat_map(|piece| piece.to.iter().map(|to| (rank[piece.from], rank[*to])))
            .collect();
        lines.sort_unstable();
        // A tree of counts: how many of the lines so far end after a place.
        let width = order.get(layer + 1).map_or(0, Vec::len);
        let mut counts = vec![0_u64; width + 1];
        for (so_far, (_, to)) in (0..).zip(lines) {
            let mut not_after = 0;
            let mut place = to + 1;
            while place > 0 {
                not_after += counts[place];
                place &= place - 1;
            }
            crossings += so_far - not_after;
            let mut place = to + 1;
            while place <= width {
                counts[place] += 1;
                place += place & place.wrapping_neg();
            }
        }
    }
    crossings
}

#[cfg(test)]
mod tests {
    use super::super::items::{Item, Piece, What};
    use super::*;

    fn items(layers: &[usize], lines: &[(usize, usize)]) -> Items {
        let mut all = Vec::new();
        for (layer, count) in layers.iter().enumerate() {
            let node = |_| Item { what: What::Node(0), layer, lane: 0, wide: 10, deep: 10 };
            all.extend((0..*count).map(node));
        }
        let mut pieces = vec![Vec::new(); layers.len()];
        for (from, to) in lines {
            let piece = Piece { bundle: 0, from: *from, to: vec![*to], heavy: false };
            pieces[all[*from].layer].push(piece);
        }
        Items { all, pieces, lanes: 1, lane_of_group: Vec::new() }
    }

    #[test]
    fn crossings_are_counted() {
        let crossed = items(&[3, 3], &[(0, 5), (1, 4), (2, 3)]);
        let as_it_is = vec![vec![0, 1, 2], vec![3, 4, 5]];
        assert_eq!(crossings(&crossed, &as_it_is), 3);
        let parallel = items(&[3, 3], &[(0, 3), (0, 4), (1, 4), (2, 5)]);
        assert_eq!(crossings(&parallel, &as_it_is), 0);
    }

    #[test]
    fn what_can_be_drawn_without_crossings_is() {
        let crossed = items(&[3, 3, 3], &[(0, 5), (1, 4), (2, 3), (3, 8), (4, 6), (5, 7)]);
        let order = order(&crossed, 3);
        assert_eq!(crossings(&crossed, &order), 0);
    }
}
