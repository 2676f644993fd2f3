// Why a connection or a request got no further than its listener. The words are a label in the metrics, so
// they are few, and nothing that a client sends is among them.

export const REFUSAL_REASONS = [
  'connection_limit',
  'proxy_header',
  'tls',
  'timeout',
  'bad_request',
  'headers_too_large',
  'unknown_coding',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Undefined where nothing is counted. */
export type CountRefusal = ((reason: RefusalReason) => void) | undefined;

/** Of a request that we refuse ourselves. */
export const REASON_OF_STATUS = {
  400: 'bad_request',
  417: 'bad_request',
  431: 'headers_too_large',
  501: 'unknown_coding',
} as const satisfies Record<number, RefusalReason>;

const OF_NODE: Readonly<Record<string, RefusalReason>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
};

/** Of an error that node's HTTP met on a connection; undefined where the client just left. */
export function reasonOfClientError(error: unknown): RefusalReason | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  // Everything else that the parser does not take.
  return OF_NODE[code] ?? (code.startsWith('HPE_') ? 'bad_request' : undefined);
}
