/** Everything that can be done to a policy, as fast-check commands on the policy and a ledger. */
import fc from "fast-check";
import type { Access, EvictionPolicy, PolicySnapshot } from "../evictionPolicy.ts";
import { type ExpertId, expertCount, expertId } from "../expertId.ts";
import type { Ledger } from "./ledger.ts";
import { promise, smallGrid } from "./subject.ts";

/** The policy under test; restoring a snapshot puts a new one in its place. */
interface World {
  policy: EvictionPolicy;
  readonly renew: () => EvictionPolicy;
}

type PolicyCommand = fc.Command<Ledger, World>;

/** Any sequence of commands; capacity is the caller's. */
export function anyCommands(): fc.Arbitrary<Iterable<PolicyCommand>> {
  const expert = fc.nat({ max: expertCount(smallGrid) - 1 });
  const access = anyAccess().map((parts) => new AccessCommand(parts));
  return fc.commands(
    [
      access,
      access, // twice as often as each of the others
      fc.constant(new ReleaseCommand()),
      expert.map((id) => new PrefetchCommand(id)),
      expert.map((id) => new PinCommand(id)),
      expert.map((id) => new UnpinCommand(id)),
      expert.map((id) => new RemoveCommand(id)),
      fc.constant(new ClearCommand()),
      fc.constant(new RestoreCommand()),
    ],
    { maxCommands: 60, size: "max" },
  );
}

/** An access as a random choice: experts by their numbers within the layer. */
export interface AccessParts {
  readonly layer: number;
  readonly experts: readonly number[];
  readonly steps: number;
  readonly tokenCount: number;
  /** Whether its experts stay leased until a release. */
  readonly staysInFlight: boolean;
}

/** A batch of any layer, of one token or of a prompt. */
export function anyAccess(): fc.Arbitrary<AccessParts> {
  const { layerCount, expertsPerLayer } = smallGrid;
  return fc.record({
    layer: fc.nat({ max: layerCount - 1 }),
    experts: fc.uniqueArray(fc.nat({ max: expertsPerLayer - 1 }), { minLength: 1 }),
    steps: fc.nat({ max: 2 }),
    tokenCount: fc.constantFrom(1, 1, 1, 40),
    staysInFlight: fc.boolean(),
  });
}

/** The access that some parts mean at a step. */
export function toAccess(step: number, { layer, experts, tokenCount }: AccessParts): Access {
  return { step, layer, tokenCount, experts: experts.map((e) => expertId(smallGrid, layer, e)) };
}

abstract class AuditedCommand implements PolicyCommand {
  check(_ledger: Readonly<Ledger>): boolean {
    return true;
  }

  run(ledger: Ledger, world: World): void {
    this.act(ledger, world);
    ledger.audit(world.policy);
  }

  abstract act(ledger: Ledger, world: World): void;
  abstract toString(): string;
}

class AccessCommand extends AuditedCommand {
  readonly parts: AccessParts;

  constructor(parts: AccessParts) {
    super();
    this.parts = parts;
  }

  act(ledger: Ledger, { policy }: World): void {
    ledger.step += this.parts.steps;
    const access = toAccess(ledger.step, this.parts);
    const outcome = policy.access(access);
    ledger.accessed(policy, access, outcome);
    if (this.parts.staysInFlight) return;
    policy.release(outcome.leased);
    ledger.inFlight.pop();
  }

  toString(): string {
    const { layer, experts, steps, tokenCount, staysInFlight } = this.parts;
    const flight = staysInFlight ? ", in flight" : "";
    return `access(layer ${layer}: ${experts}; +${steps} steps, ${tokenCount} tokens${flight})`;
  }
}

class ReleaseCommand extends AuditedCommand {
  override check(ledger: Readonly<Ledger>): boolean {
    return ledger.inFlight.length > 0;
  }

  act(ledger: Ledger, { policy }: World): void {
    policy.release(ledger.inFlight.shift()!);
  }

  toString(): string {
    return "release()";
  }
}

abstract class ExpertCommand extends AuditedCommand {
  readonly expert: ExpertId;

  constructor(expert: ExpertId) {
    super();
    this.expert = expert;
  }

  toString(): string {
    return `${this.constructor.name.replace("Command", "").toLowerCase()}(${this.expert})`;
  }
}

class PrefetchCommand extends ExpertCommand {
  act(ledger: Ledger, { policy }: World): void {
    const isAbsent = !ledger.residents.has(this.expert);
    const hadRoom = policy.hasRoomFor(this.expert);
    const outcome = policy.prefetch(this.expert);
    ledger.prefetched(policy, this.expert, outcome);
    const cameFreely = outcome.kind === "admitted" && outcome.victim === undefined;
    promise(!isAbsent || hadRoom === cameFreely, "hasRoomFor says whether anybody must leave");
  }
}

class PinCommand extends ExpertCommand {
  act(ledger: Ledger, { policy }: World): void {
    const isResident = ledger.residents.has(this.expert);
    promise(policy.pin(this.expert) === isResident, "a pin says whether the expert was resident");
    if (isResident) ledger.pinned.add(this.expert);
  }
}

class UnpinCommand extends ExpertCommand {
  act(ledger: Ledger, { policy }: World): void {
    const wasPinned = ledger.pinned.delete(this.expert);
    promise(policy.unpin(this.expert) === wasPinned, "an unpin says whether there was a pin");
  }
}

class RemoveCommand extends ExpertCommand {
  override check(ledger: Readonly<Ledger>): boolean {
    return !ledger.isLeased(this.expert);
  }

  act(ledger: Ledger, { policy }: World): void {
    const isResident = ledger.residents.has(this.expert);
    promise(policy.remove(this.expert) === isResident, "a removal says whether it did anything");
    if (isResident) ledger.removed(this.expert);
  }
}

class ClearCommand extends AuditedCommand {
  override check(ledger: Readonly<Ledger>): boolean {
    return ledger.inFlight.length === 0;
  }

  act(ledger: Ledger, { policy }: World): void {
    policy.clear();
    for (const expert of [...ledger.residents.keys()]) ledger.removed(expert);
    ledger.step = 0;
  }

  toString(): string {
    return "clear()";
  }
}

/** Goes on with another policy, made from a snapshot that went through JSON. */
class RestoreCommand extends AuditedCommand {
  act(_ledger: Ledger, world: World): void {
    const snapshot = JSON.stringify(world.policy.snapshot());
    world.policy = world.renew();
    world.policy.restore(JSON.parse(snapshot) as PolicySnapshot);
    promise(
      JSON.stringify(world.policy.snapshot()) === snapshot,
      "a restored policy has the snapshot it was restored from",
    );
  }

  toString(): string {
    return "snapshot and restore";
  }
}
