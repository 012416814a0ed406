/** What a grammar (or any other rule about what may be said) is to the sampler. */

export interface TokenMask {
  /** Whether this token may come next; end-of-generation tokens included. */
  allows(token: number): boolean;
  /** The token was chosen. */
  accept(token: number): void;
}
