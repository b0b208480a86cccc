//! Things in a row, each as near as possible to where it wants to be, without overlapping.

/// Something that wants to be at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    /// Where its middle wants to be.
    pub(super) at: i32,
    /// Half of its size.
    pub(super) half: i32,
    /// How much that counts.
    pub(super) weight: i64,
}

/// The middles of things that stand in this order, `apart` from each other, between `from` and `to`
/// (if there is room). The sum of the squares of the distances from where they want to be is as
/// small as it can be: neighbours that get in each other's way move together.
pub(super) fn spread(wishes: &[Wish], apart: i32, from: i32, to: i32) -> Vec<i32> {
    let mut offsets = Vec::with_capacity(wishes.len());
    let mut offset = 0_i64;
    for (place, wish) in wishes.iter().enumerate() {
        if let Some(before) = place.checked_sub(1).and_then(|before| wishes.get(before)) {
            offset += i64::from(before.half) + i64::from(wish.half) + i64::from(apart);
        }
        offsets.push(offset);
    }
    // Blocks of neighbours that move together: the sum of wishes, of weights, and how many.
    let mut blocks: Vec<(i64, i64, usize)> = Vec::new();
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let weight = wish.weight.max(1);
        let mut block = ((i64::from(wish.at) - offset) * weight, weight, 1);
        while let Some(last) = blocks.last().filter(|it| it.0 * block.1 > block.0 * it.1) {
            block = (block.0 + last.0, block.1 + last.1, block.2 + last.2);
            blocks.pop();
        }
        blocks.push(block);
    }
    let (Some(first), Some(last), Some(end)) = (wishes.first(), wishes.last(), offsets.last())
    else {
        return Vec::new();
    };
    let begin = i64::from(from) + i64::from(first.half);
    let most = (i64::from(to) - i64::from(last.half) - end).max(begin);
    let starts = blocks.into_iter().flat_map(|(sum, weight, count)| {
        std::iter::repeat_n(sum.div_euclid(weight).clamp(begin, most), count)
    });
    let middles = starts.zip(&offsets).map(|(start, offset)| start + offset);
    middles.map(|middle| i32::try_from(middle).unwrap_or(i32::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(at: i32) -> Wish {
        Wish { at, half: 5, weight: 1 }
    }

    #[test]
    fn things_stay_where_they_want_to_be_if_they_can() {
        assert_eq!(spread(&[wish(10), wish(50)], 5, 0, 100), [10, 50]);
        assert_eq!(spread(&[wish(50), wish(50)], 10, 0, 100), [40, 60]);
        assert_eq!(spread(&[wish(0), wish(100)], 0, 0, 100), [5, 95]);
        assert_eq!(spread(&[wish(-50), wish(-50)], 0, 0, 100), [5, 15]);
        let heavy = Wish { weight: 3, ..wish(50) };
        assert_eq!(spread(&[heavy, wish(50)], 10, 0, 100), [45, 65]);
        assert!(spread(&[], 0, 0, 0).is_empty());
    }
}
