/** The experts' door over several devices: each layer's experts are behind the door of its device. */
import { onDevice } from "../compute/placedOps.ts";
import type { ExpertRoom, ForwardPass } from "./expertRoom.ts";
import type { Experts } from "./experts.ts";

export class PlacedExperts implements ExpertRoom {
  readonly #rooms: readonly ExpertRoom[];
  readonly #deviceOf: readonly number[];

  /**
   * @param rooms the processor's, then each GPU's
   * @param deviceOf by layer
   */
  constructor(rooms: readonly ExpertRoom[], deviceOf: readonly number[]) {
    this.#rooms = rooms;
    this.#deviceOf = deviceOf;
  }

  readonly beginPass = (pass: ForwardPass): void => {
    for (const room of this.#rooms) room.beginPass(pass);
  };

  readonly route: Experts["route"] = (layer, router, x, rule) =>
    this.#roomOf(layer).route(layer, router, onDevice(x), rule);

  readonly mix: Experts["mix"] = (experts, x, routed) =>
    this.#roomOf(experts.layer).mix(experts, onDevice(x), routed);

  #roomOf(layer: number): ExpertRoom {
    return this.#rooms[this.#deviceOf[layer] ?? 0]!;
  }
}
