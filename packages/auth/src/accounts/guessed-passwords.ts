// Passwords of eight characters and more that every list of guesses begins with, and the defaults
// of registries that people know. In lower case.
export const GUESSED_PASSWORDS: ReadonlySet<string> = new Set(
  `12345678 123456789 1234567890 0123456789 87654321 9876543210 123123123 12341234 123454321
  1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc zaq12wsx q1w2e3r4 qazwsxedc qwertyui qwertyuiop
  qwerty12 qwerty123 qwerty1234 qwerty12345 asdfghjk asdfghjkl asdf1234 zxcvbnm1 abc12345 abcd1234
  a1b2c3d4 aa123456 password password1 password12 password123 password1234 passw0rd p@ssw0rd
  p@ssword pa55word passwort mypassword letmein1 letmein123 welcome1 welcome123 changeme changeme1
  changeme123 changeit change-me secret12 secret123 topsecret trustno1 iloveyou iloveyou1 sunshine
  princess football baseball basketball superman starwars computer internet michael1 jennifer
  charlie1 dragon123 monkey123 whatever master123 shadow12 administrator admin123 admin1234
  admin12345 adminadmin root1234 rootroot toor1234 test1234 testtest testtest123 user1234 guest123
  default1 temp1234 docker123 harbor12345 nexus123 admin123! registry registry123 portolan
  portus123`.split(/\s+/),
);
