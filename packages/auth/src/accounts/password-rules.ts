// Which passwords a user may have (NIST SP 800-63B §5.1.1.2: length and a list of common ones, no
// rules on kinds of characters).
import { accountError } from './account-error.ts';
import { GUESSED_PASSWORDS } from './guessed-passwords.ts';

const MIN_LENGTH = 8;
const MAX_LENGTH = 128;
// RFC 7617: Basic credentials cannot hold them, so such a password could never be used.
const CONTROL_CHARACTER = /\p{Cc}/u;
const ONE_CHARACTER = /^(.)\1*$/u;

function reasonAgainst(name: string, password: string): string | undefined {
  const { length } = Array.from(password);
  if (length < MIN_LENGTH) return `it is shorter than ${MIN_LENGTH} characters`;
  if (length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (CONTROL_CHARACTER.test(password)) return 'it holds a line break or a control character';
  const lower = password.toLowerCase();
  if (lower === name) return 'it is the name of the user';
  if (ONE_CHARACTER.test(password)) return 'it is one character again and again';
  if (GUESSED_PASSWORDS.has(lower)) return 'it is among the first that anybody would guess';
  return undefined;
}

/** @throws AccountError `password-refused`; the password is not in the error */
export function checkPassword(name: string, password: string): void {
  const reason = reasonAgainst(name, password);
  if (reason === undefined) return;
  throw accountError('password-refused', `this password cannot be used: ${reason}`, {
    reason,
    hint: `use ${MIN_LENGTH} to ${MAX_LENGTH} characters that nobody would guess`,
  });
}
