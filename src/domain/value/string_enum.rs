//! One list of spellings for an enumeration: the same word in SQL, JSON and logs.

/// A word that is not one of the spellings of an enumeration.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{word:?} is not a known {kind}")]
pub struct UnknownWord {
    /// What was expected, for instance `purpose`.
    pub kind: &'static str,
    /// What was found.
    pub word: String,
}

/// Declares an enumeration together with its spellings, so that the two cannot drift apart.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident ($kind:literal) { $( $(#[$variant_meta:meta])* $variant:ident = $word:tt ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $( $(#[$variant_meta])* #[serde(rename = $word)] $variant ),+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant ),+ ];

            /// The spelling used in SQL, JSON and logs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::domain::value::string_enum::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err(crate::domain::value::string_enum::UnknownWord { kind: $kind, word: word.to_owned() }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
