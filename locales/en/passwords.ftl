# The strength of a password: what makes it easy to guess, and what would make it better.

password-common = This is like one of the most used passwords.
password-word = A single word is easy to guess.
password-name = Names are easy to guess.
password-keyboard = Rows of keys are easy to guess.
password-repeat = Repetitions are easy to guess.
password-sequence = Sequences such as abc or 6543 are easy to guess.
password-date = Dates and years are easy to guess.

password-more-words = Use several words that have nothing to do with each other.
password-few-tricks = Capitals, symbols for letters and words written backwards help little. More length helps.
password-no-patterns = Leave out repetitions, sequences and rows of keys.
password-no-dates = Leave out dates and years that have to do with you.
