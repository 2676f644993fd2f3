// Time and randomness are arguments, so that tests can hold them still.

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** An unguessable id of 128 bits, as 32 hex digits. */
export type RandomId = () => string;
