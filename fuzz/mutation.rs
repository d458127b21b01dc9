//! Mutations of a corpus, the same in every run with the same seed.

/// Texts that the formats give a meaning.
const TOKENS: [&[u8]; 40] = [
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\x1f\x8b\x08",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"null",
    b"true",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b"\\u0000",
    b"\\ud800",
    b"{segment}",
    b"{run}",
    b"{run:%Y}",
    b"{any}",
    b"{part}",
    b"%",
    b"//",
    b"../",
    b"2026/11/23/0102/",
    b"?sig=x",
    b" = ",
    b"[exports.a]",
    b"\xC3",
    b"\xF0\x9F\x8E\x89",
    b"'''",
];

/// Inputs get no longer than this.
const LONGEST: usize = 1 << 20;

/// Makes inputs of a corpus.
pub(crate) struct Mutator<'c> {
    state: u64,
    corpus: &'c [Vec<u8>],
}

impl<'c> Mutator<'c> {
    /// Mutations of `corpus`, as `seed` wants them.
    pub(crate) fn new(seed: u64, corpus: &'c [Vec<u8>]) -> Self {
        Self { state: seed | 1, corpus }
    }

    /// The next input.
    pub(crate) fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.pick().to_vec();
        for _ in 0..=self.below(6) {
            self.mutate(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    /// xorshift64* (Marsaglia, Vigna).
    fn random(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.random() >> 33).unwrap() % limit.max(1)
    }

    fn pick(&mut self) -> &'c [u8] {
        let at = self.below(self.corpus.len());
        &self.corpus[at]
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = (length - start).min(64);
        start..start + self.below(most + 1)
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(10) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.random().to_le_bytes()[0],
            2 => drop(input.drain(self.range(input.len()))),
            3 => {
                let copy = input[self.range(input.len())].to_vec();
                drop(input.splice(at..at, copy));
            }
            4 => input.truncate(at),
            5 => {
                let other = self.pick();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            6 if self.below(40) == 0 => {
                // Something often repeated: long lines, many columns, deep nesting.
                let unit = input[self.range(input.len())].to_vec();
                let times = 1 << self.below(14);
                let many = unit.repeat(times.min(LONGEST / unit.len().max(1)));
                drop(input.splice(at..at, many));
            }
            _ => {
                let token = TOKENS[self.below(TOKENS.len())];
                drop(input.splice(at..at, token.iter().copied()));
            }
        }
    }
}
