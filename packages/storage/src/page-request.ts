// Which part of a list of names is asked for (distribution-spec "Listing Tags": `n` and `last`).

export interface PageRequest {
  /** Exclusive; need not exist. */
  readonly last?: string;
  /** At most so many; 0 gives an empty page without more. */
  readonly limit: number;
}
