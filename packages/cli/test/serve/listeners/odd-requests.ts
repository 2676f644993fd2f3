// Requests whose end two readers may see in different places. Each is for `/first`, and hides a request for
// `/hidden` where one of the readers would see it (reference S20).

export interface OddRequest {
  readonly name: string;
  readonly bytes: Buffer;
}

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED = `0\r\n\r\n${HIDDEN}`;

function head(lines: readonly string[], start = 'POST /first HTTP/1.1'): string {
  return `${[start, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;
}

const LENGTHS: [name: string, lines: string[]][] = [
  ['a plus sign', ['Content-Length: +0']],
  ['a minus sign', ['Content-Length: -0']],
  ['a list', ['Content-Length: 0, 0']],
  ['a list that differs', [`Content-Length: 0, ${HIDDEN.length}`]],
  ['two that differ', ['Content-Length: 0', `Content-Length: ${HIDDEN.length}`]],
  ['two that are equal', ['Content-Length: 0', 'Content-Length: 0']],
  ['hexadecimal digits', ['Content-Length: 0x0']],
  ['a decimal point', ['Content-Length: 0.0']],
  ['an exponent', ['Content-Length: 0e1']],
  ['nothing', ['Content-Length:']],
  ['letters', ['Content-Length: none']],
  ['a space within', ['Content-Length: 0 0']],
  ['quotes', ['Content-Length: "0"']],
  ['a number beyond all', [`Content-Length: ${'9'.repeat(30)}`]],
  ['a number that comes round to 0', ['Content-Length: 18446744073709551616']],
  ['a vertical tab', ['Content-Length:\v0']],
  ['a null byte', ['Content-Length: 0\0']],
  ['a comma', ['Content-Length: 0,']],
];

const CODINGS: [name: string, lines: string[]][] = [
  ['chunked beside a length', ['Content-Length: 0', 'Transfer-Encoding: chunked']],
  ['chunked before a length', ['Transfer-Encoding: chunked', `Content-Length: ${CHUNKED.length}`]],
  ['identity', ['Transfer-Encoding: identity']],
  ['identity beside chunked', ['Transfer-Encoding: identity, chunked']],
  ['chunked before identity', ['Transfer-Encoding: chunked, identity']],
  ['chunked twice', ['Transfer-Encoding: chunked, chunked']],
  ['chunked on two lines', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
  ['chunked and another on two lines', ['Transfer-Encoding: chunked', 'Transfer-Encoding: x']],
  ['an unknown one', ['Transfer-Encoding: xchunked']],
  ['an unknown one beside a length', ['Content-Length: 0', 'Transfer-Encoding: xchunked']],
  ['chunked with a parameter', ['Transfer-Encoding: chunked;a=b']],
  ['chunked in quotes', ['Transfer-Encoding: "chunked"']],
  ['nothing', ['Transfer-Encoding:']],
  ['a vertical tab', ['Transfer-Encoding:\vchunked']],
  ['a null byte', ['Transfer-Encoding: chunked\0']],
  ['a tab before the colon', ['Transfer-Encoding\t: chunked']],
  ['a space before the colon', ['Transfer-Encoding : chunked']],
  ['a space before the name', [' Transfer-Encoding: chunked']],
  ['a folded line', ['Transfer-Encoding:', ' chunked']],
  ['a folded line before it', ['X: a', ' Transfer-Encoding: chunked']],
  ['an underscore for the dash', ['Content-Length: 0', 'Transfer_Encoding: chunked']],
  ['a bare line feed before it', ['Content-Length: 0', 'X: a\nTransfer-Encoding: chunked']],
  ['a bare carriage return before it', ['Content-Length: 0', 'X: a\rTransfer-Encoding: chunked']],
  ['gzip beside chunked', ['Transfer-Encoding: gzip, chunked']],
];

const BODIES: [name: string, body: string][] = [
  ['a size with a plus sign', `+0\r\n\r\n${HIDDEN}`],
  ['a size with 0x', `0x0\r\n\r\n${HIDDEN}`],
  ['a size with an underscore', `0_0\r\n\r\n${HIDDEN}`],
  ['a size with a space before it', ` 0\r\n\r\n${HIDDEN}`],
  ['a size beyond all', `${'f'.repeat(17)}\r\n${HIDDEN}`],
  ['a size that comes round to 0', `10000000000000000\r\n\r\n${HIDDEN}`],
  ['no size', `\r\n\r\n${HIDDEN}`],
  ['a negative size', `-1\r\n\r\n${HIDDEN}`],
  ['bare line feeds', `0\n\n${HIDDEN}`],
  ['a bare carriage return after the size', `0\r\r\n${HIDDEN}`],
  ['data longer than its size', `1\r\nab\r\n0\r\n\r\n${HIDDEN}`],
  ['data without a line end', `1\r\na0\r\n\r\n${HIDDEN}`],
  ['an extension with a line feed', `1;a\n2\r\nab\r\n0\r\n\r\n${HIDDEN}`],
  ['an extension with a carriage return', `1;a\rb\r\na\r\n0\r\n\r\n${HIDDEN}`],
  ['an extension without end', `1;${'a'.repeat(40_000)}\r\na\r\n0\r\n\r\n${HIDDEN}`],
  ['a trailer that is a length', `0\r\nContent-Length: 5\r\n\r\n${HIDDEN}`],
  ['a trailer with a bare line feed', `0\r\nX: a\nY: b\r\n\r\n${HIDDEN}`],
];

const STARTS: [name: string, start: string][] = [
  ['HTTP/1.2', 'POST /first HTTP/1.2'],
  ['HTTP/2.0', 'POST /first HTTP/2.0'],
  ['no version', 'POST /first'],
  ['two spaces', 'POST  /first HTTP/1.1'],
  ['a tab', 'POST\t/first\tHTTP/1.1'],
  ['a space within the target', 'POST /first /hidden HTTP/1.1'],
  ['a space at the end', 'POST /first HTTP/1.1 '],
  ['lower-case http', 'POST /first http/1.1'],
];

function odd(name: string, text: string): OddRequest {
  return { name, bytes: Buffer.from(text, 'latin1') };
}

export const ODD_REQUESTS: readonly OddRequest[] = [
  ...LENGTHS.map(([name, lines]) => odd(`a length of ${name}`, head(lines) + HIDDEN)),
  ...CODINGS.map(([name, lines]) => odd(`a coding of ${name}`, head(lines) + CHUNKED)),
  ...BODIES.map(([name, body]) =>
    odd(`a chunked body with ${name}`, head(['Transfer-Encoding: chunked']) + body),
  ),
  ...STARTS.map(([name, start]) =>
    odd(`a request line with ${name}`, head([`Content-Length: ${HIDDEN.length}`], start) + HIDDEN),
  ),
  odd('a body of GET', head([`Content-Length: ${HIDDEN.length}`], 'GET /first HTTP/1.1') + HIDDEN),
  odd(
    'a length in HTTP/1.0',
    head(['Transfer-Encoding: chunked'], 'POST /first HTTP/1.0') + CHUNKED,
  ),
];
