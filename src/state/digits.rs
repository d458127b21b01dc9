//! Numbers as digits of base 64, in texts of the state.

use super::member_key::Fingerprint;

/// The digits of base 64 that need no quotes in CSV (RFC 4648, section 5).
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGIT_BITS: u32 = 6;
pub(super) const HASH_DIGITS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
pub(super) const FINGERPRINT_DIGITS: usize = Fingerprint::BITS.div_ceil(DIGIT_BITS) as usize;

/// What each byte is worth as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value: u8 = 0;
    while (value as usize) < DIGITS.len() {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};
const NO_DIGIT: u8 = u8::MAX;

/// Appends the lowest `6 * N` bits of `number`.
pub(super) fn push_number<const N: usize>(line: &mut Vec<u8>, number: u64) {
    let mut digits = [0; N];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest & 0x3f) as usize];
        rest >>= DIGIT_BITS;
    }
    line.extend_from_slice(&digits);
}

/// The number that digits write.
pub(super) fn number<const N: usize>(digits: &[u8; N]) -> Result<u64, &'static str> {
    let (mut number, mut any, mut lost) = (0_u64, 0, 0);
    for digit in digits {
        let value = VALUES[usize::from(*digit)];
        any |= value;
        lost |= number >> (u64::BITS - DIGIT_BITS);
        number = (number << DIGIT_BITS) | u64::from(value);
    }
    if any == NO_DIGIT {
        return Err("a hash is not written in base 64");
    }
    if lost == 0 { Ok(number) } else { Err("a hash is larger than 64 bits") }
}
