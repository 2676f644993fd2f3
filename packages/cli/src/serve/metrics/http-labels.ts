// Labels of a request. What a client sends never becomes one: a label's values are as many as we have
// written down, or a stranger could fill the memory of whoever collects them.

const METHODS = new Map(
  ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((name) => [
    name,
    // As distribution writes them.
    name.toLowerCase(),
  ]),
);

export function methodLabel(method: string): string {
  return METHODS.get(method) ?? 'unknown';
}

/** nginx's word for it; no answer of ours has this status. */
const CLIENT_LEFT = '499';

export function codeLabel(status: number | undefined): string {
  return status === undefined ? CLIENT_LEFT : String(status);
}

/** No row of a table of routes. */
export const NO_HANDLER = 'none';

/** From what a lookup takes to what a large layer takes. */
export const REQUEST_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** From 256 bytes to 16 GiB, by factors of four. */
export const BODY_BYTES = [
  256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
  268_435_456, 1_073_741_824, 4_294_967_296, 17_179_869_184,
];
