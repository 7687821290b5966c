//! Random numbers that are the same everywhere: splitmix64 over integers, without floating point.
//!
//! The seed of a generator describes its purpose (`[seed, purpose, day, number]`). Any part of the data can
//! therefore be generated separately, in any order and on any thread, with the same result.

/// The increment of splitmix64, 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The output function of splitmix64: every bit of the result depends on every bit of `x`.
pub fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Hashes several numbers to one; their order matters.
pub fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(GOLDEN, |h, part| mix(h ^ mix(part.wrapping_add(GOLDEN))).wrapping_add(GOLDEN))
}

/// `N` bytes, determined by `key`.
pub fn bytes<const N: usize>(key: u64) -> [u8; N] {
    let mut random = Random::new(&[key]);
    let mut out = [0; N];
    for chunk in out.chunks_mut(8) {
        chunk.copy_from_slice(&random.next().to_le_bytes()[..chunk.len()]);
    }
    out
}

/// A sequence of random numbers that is determined by its seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence for this seed.
    pub fn new(seed: &[u64]) -> Self {
        Self(hash(seed))
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number from 0 to `n - 1`; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    /// True with a probability of `per_mille` / 1000.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// A random index, with a probability in proportion to its weight.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if at < *weight {
                return index;
            }
            at -= weight;
        }
        0
    }

    /// Puts the items into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_as_published() {
        // The first outputs of the reference implementation for the seed 1234567.
        let mut random = Random(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn numbers_keep_within_their_bounds_and_reach_them() {
        let mut random = Random::new(&[1]);
        let seen: Vec<i64> = (0..1000).map(|_| random.between(-2, 2)).collect();
        assert_eq!((seen.iter().min(), seen.iter().max()), (Some(&-2), Some(&2)));
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random::new(&[2]);
        let mut count = [0; 3];
        (0..4000).for_each(|_| count[random.weighted(&[1, 0, 3])] += 1);
        assert!((900..1100).contains(&count[0]) && count[1] == 0, "{count:?}");
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u32> = (0..100).collect();
        Random::new(&[3]).shuffle(&mut items);
        assert_ne!(items[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_parts_matters() {
        assert_ne!(hash(&[1, 2]), hash(&[2, 1]));
        assert_ne!(hash(&[0]), hash(&[0, 0]));
    }
}
