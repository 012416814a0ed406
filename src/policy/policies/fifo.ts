/**
 * FIFO: the victim is the expert that has been resident longest, used or not. The baseline that shows
 * what looking at uses is worth.
 *
 * Source: L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM
 * Systems Journal 5(2), 1966, doi:10.1147/sj.52.0078.
 */
import { Lru } from "./lru.ts";

export class Fifo extends Lru {
  /** Nothing: the order of arrival stands. */
  override hit(): void {}
}
