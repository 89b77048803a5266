//! The generator's own source of randomness, the same on every machine.
//!
//! Integers only: floating-point functions differ between platforms in their last bit, and one bit
//! would give another stream. It knows nothing of what is drawn.

/// One step of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
#[must_use]
pub(super) fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A splitmix64 sequence.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random(mix(seed))
    }

    pub(super) fn next(&mut self) -> u64 {
        let value = mix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        value
    }

    /// A number below `bound`, and 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// True `per_mille` times in a thousand.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// True for the given share of draws. Always draws once, so that another share changes nothing
    /// else in the stream.
    pub(super) fn share(&mut self, share: f64) -> bool {
        let scaled = (share.clamp(0.0, 1.0) * 4_294_967_296.0) as u64;
        (self.next() >> 32) < scaled
    }

    /// A number below `bound`, small ones far likelier: the square of a uniform draw.
    pub(super) fn skewed(&mut self, bound: u32) -> u32 {
        let u = self.next() >> 32;
        ((((u * u) >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A rank below `2^bits_max`, about as likely as its inverse (Zipf), flat below 32 so that the
    /// first does not take a tenth of everything.
    pub(super) fn rank(&mut self, bits_max: u32) -> u32 {
        let bits = 5 + self.below(bits_max.saturating_sub(4));
        self.below(1 << bits.min(31))
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn one_of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u32) as usize]
    }
}
