// Passwords that we make: 100 random bits in groups that can be read out and typed.

// Crockford's base 32 in lower case: no i, l, o or u.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUPS = 4;
const GROUP_LENGTH = 5;

export function generatePassword(randomId: () => string): string {
  let bits = BigInt(`0x${randomId()}`);
  const groups: string[] = [];
  for (let group = 0; group < GROUPS; group++) {
    let text = '';
    for (let index = 0; index < GROUP_LENGTH; index++) {
      text += ALPHABET.charAt(Number(bits & 31n));
      bits >>= 5n;
    }
    groups.push(text);
  }
  return groups.join('-');
}
