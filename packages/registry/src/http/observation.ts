// What the registry tells about a request that is over, to whoever wants to count it; and what it asks
// about one that has come in, for the log. No name of a metric and no header is known here.
import type { IncomingMessage } from 'node:http';

export interface RequestObservation {
  /** Its row in the table of routes; undefined when it reached none. */
  readonly route: string | undefined;
  /** As sent, so anything. */
  readonly method: string;
  /** Undefined when the client left before there was an answer. */
  readonly status: number | undefined;
  readonly durationMs: number;
  /** Of the bodies, in bytes. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** Must neither throw nor wait. */
export type ObserveRequest = (observation: RequestObservation) => void;

/** The name of the row that a request has reached; its observation follows. Must neither throw nor wait. */
export type ObserveRoute = (route: string) => void;

/** What leads from our log to somebody else's. Field names are those of the log line. */
export interface Correlation {
  readonly traceId?: string;
  readonly proxyRequestId?: string;
}

/** The address of the client as the log tells it; undefined when it cannot be told. */
export type SourceOf = (request: IncomingMessage) => string | undefined;

/** Undefined when nothing was sent. */
export type Correlate = (request: IncomingMessage) => Correlation | undefined;
