// Time and randomness are arguments, so that tests can hold them still. In this package every `…At`
// and `…Until` is a time of this clock, and every `…Ms` a span of it.

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** An unguessable id of 128 bits, as 32 hex digits. */
export type RandomId = () => string;
