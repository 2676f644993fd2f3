// A row of the table: what is measured, in which unit, and where we want to be.
import type { Contender, Server } from './server.ts';

export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** Whether more is better: rates, or less: times and bytes. */
  readonly better: 'more' | 'less';
  /** The wanted ratio against the other contender. */
  readonly wanted?: number;
}

export interface Row extends Figure {
  /** Only Portolan has it, such as tokens. */
  readonly onlyOurs?: boolean;
  readonly measure: (bench: Bench) => Promise<number>;
}

/** One contender with its running server and what the rows share. */
export interface Bench {
  readonly contender: Contender;
  readonly server: Server;
  /** Seconds of load for each rate. */
  readonly seconds: number;
  /** A directory for this contender alone. */
  readonly scratch: string;
}
