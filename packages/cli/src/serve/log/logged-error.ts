// What of an error goes into the log: the fields that we know. Libraries hang more on theirs, such as the
// bytes that node's HTTP parser choked on (`rawPacket`), a request, or its headers; secrets are in those.

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError;
  readonly errors?: readonly LoggedError[];
  readonly [fact: string]: unknown;
}

const FACTS = ['code', 'detail', 'errno', 'syscall', 'path', 'address', 'port'] as const;
const MAX_DEPTH = 5;
const MAX_ERRORS = 10;

function describe(error: unknown, depth: number): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { name, message, stack, cause } = error;
  const facts: Record<string, unknown> = {};
  for (const fact of FACTS) {
    const value: unknown = Reflect.get(error, fact);
    if (value !== undefined) facts[fact] = value;
  }
  const isDeep = depth >= MAX_DEPTH;
  const inner =
    error instanceof AggregateError && !isDeep
      ? { errors: error.errors.slice(0, MAX_ERRORS).map((one) => describe(one, depth + 1)) }
      : {};
  const outer = cause === undefined || isDeep ? {} : { cause: describe(cause, depth + 1) };
  return { type: name, message, stack, ...facts, ...inner, ...outer };
}

/** A serializer for pino. */
export function loggedError(error: unknown): LoggedError {
  return describe(error, 0);
}
