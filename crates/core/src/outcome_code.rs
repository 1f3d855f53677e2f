//! What a verification came to, as a number that stands in files and in the store: it never means anything else.

use crate::Outcome;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What a verification of a known key came to. The numbers are kept for good: a new outcome takes a new one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum OutcomeCode { $($(#[$doc])* $name = $number,)* }

        impl OutcomeCode {
            /// Every code, ascending by number.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number.
            pub const fn number(self) -> u8 {
                match self { $(Self::$name => $number),* }
            }

            /// Reads what [`Self::number`] wrote; `None` for a number that this version does not know.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// Valid.
    Verified = 1,
    /// For another API than the one asked for.
    WrongApi = 2,
    /// Revoked, or its API or owner deleted.
    Revoked = 3,
    /// Disabled.
    Disabled = 4,
    /// Its owner is suspended.
    OwnerSuspended = 5,
    /// Its time is over.
    Expired = 6,
    /// Used from an address outside its ranges.
    IpNotAllowed = 7,
    /// It lacks a scope.
    InsufficientScope = 8,
    /// A limit of rate had too little left.
    RateLimited = 9,
    /// Credits were too few.
    CreditsExhausted = 10,
}

impl Outcome {
    /// Its code; none where no key is known of which it could be told: whoever does not hold a key's secret adds nothing to
    /// what is counted of the key.
    pub const fn code(&self) -> Option<OutcomeCode> {
        match self {
            Self::Invalid => None,
            Self::WrongApi => Some(OutcomeCode::WrongApi),
            Self::Revoked => Some(OutcomeCode::Revoked),
            Self::Disabled => Some(OutcomeCode::Disabled),
            Self::OwnerSuspended => Some(OutcomeCode::OwnerSuspended),
            Self::Expired => Some(OutcomeCode::Expired),
            Self::IpNotAllowed => Some(OutcomeCode::IpNotAllowed),
            Self::InsufficientScope(_) => Some(OutcomeCode::InsufficientScope),
            Self::RateLimited => Some(OutcomeCode::RateLimited),
            Self::CreditsExhausted => Some(OutcomeCode::CreditsExhausted),
            Self::Verified => Some(OutcomeCode::Verified),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_what_they_always_were() {
        let numbers: Vec<u8> = OutcomeCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(
            [Outcome::Verified, Outcome::WrongApi, Outcome::Revoked, Outcome::Disabled]
                .map(|o| o.code().unwrap().number()),
            [1, 2, 3, 4]
        );
        let others = [Outcome::OwnerSuspended, Outcome::Expired, Outcome::IpNotAllowed];
        assert_eq!(others.map(|outcome| outcome.code().unwrap().number()), [5, 6, 7]);
        assert_eq!(Outcome::InsufficientScope(Vec::new()).code().unwrap().number(), 8);
        assert_eq!(Outcome::RateLimited.code().unwrap().number(), 9);
        assert_eq!(Outcome::CreditsExhausted.code().unwrap().number(), 10);
        assert_eq!(Outcome::Invalid.code(), None);
    }

    #[test]
    fn a_number_is_read_as_it_was_written_and_an_unknown_one_is_none() {
        for code in OutcomeCode::ALL {
            assert_eq!(OutcomeCode::from_number(code.number()), Some(*code));
        }
        assert_eq!([0, 11, 255].map(OutcomeCode::from_number), [None, None, None]);
    }
}
