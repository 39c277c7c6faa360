//! Enums whose members have one word each: the only place that converts between the two.

/// A word that is none of those a set knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {allowed}")]
pub struct ParseKindError {
    /// The word as it stood there.
    pub word: String,
    /// The words that would have been right, for the message.
    pub allowed: String,
}

/// Declares an enum with a word for each member. Gives it `ALL`, `word`, `Display`, `FromStr` and the same words in serde.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        $vis enum $name {
            $($(#[$vmeta])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every member, in order.
            $vis const ALL: [$name; [$($word),+].len()] = [$($name::$variant),+];

            /// The word used in files, metrics and pages.
            $vis const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        // A set need not be listed anywhere.
        const _: usize = $name::ALL.len();

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::ParseKindError;
            fn from_str(word: &str) -> std::result::Result<Self, Self::Err> {
                match word {
                    $($word => std::result::Result::Ok($name::$variant),)+
                    _ => std::result::Result::Err($crate::model::ParseKindError {
                        word: word.to_owned(),
                        allowed: [$($word),+].join(", "),
                    }),
                }
            }
        }
    };
}

pub(crate) use words;
