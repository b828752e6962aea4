// Reads a code as people type and paste it: the same rule as the gateway's (TypedCode::parse).

/** The digits of a text of any script as those of ASCII; null for what is no digit. */
function digit(character) {
  if (!/^\p{Nd}$/u.test(character)) return null;
  // In each script the ten digits stand in order, and scripts that touch have ten each (Unicode 16 section 4.6).
  let before = 0;
  for (let code = character.codePointAt(0) - 1; code >= 0 && /^\p{Nd}$/u.test(String.fromCodePoint(code)); code--) before++;
  return String(before % 10);
}

/**
 * The numbers in a text, in ASCII digits. One sign between two digits only groups them; letters, and more signs, end a number.
 * @param {string} text
 * @returns {string[]}
 */
export function numbers(text) {
  const found = [""];
  let signs = 0;
  for (const character of text.replace(/\p{Default_Ignorable_Code_Point}/gu, "")) {
    const value = digit(character);
    if (value === null) {
      signs += /\p{Alphabetic}/u.test(character) ? 2 : 1;
      continue;
    }
    if (signs > 1 && found.at(-1)) found.push(value);
    else found[found.length - 1] += value;
    signs = 0;
  }
  return found;
}

/**
 * The code of `length` digits in a text; null when there is none, or more than one.
 * @param {string} text
 * @param {number} length
 */
export function readCode(text, length) {
  const codes = new Set(numbers(text).filter((number) => number.length === length));
  return codes.size === 1 ? [...codes][0] : null;
}
