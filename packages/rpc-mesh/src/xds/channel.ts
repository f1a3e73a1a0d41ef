import type { DiscoveryResponse } from "@layotto/proto/envoy/service/discovery/v3/discovery";
import type { ResourceKind } from "./resource.ts";
import { type ReadOptions, type ReadOutcome, ResourceSet } from "./resource-set.ts";
import { Slices } from "./slices.ts";
import { Subscription } from "./subscription.ts";
import type { Warnings } from "./warnings.ts";

/** What a channel needs from outside. */
export interface ChannelTools {
  readonly zone: string | undefined;
  readonly warnings: Warnings;
}

/** Everything of one type of resources: what is asked for, and what has come. */
export class Channel<T> {
  readonly subscription: Subscription;
  readonly set: ResourceSet<T>;
  private readonly tools: ChannelTools;

  constructor(kind: ResourceKind<T>, tools: ChannelTools) {
    this.subscription = new Subscription(kind);
    this.set = new ResourceSet(kind);
    this.tools = tools;
  }

  /** Asks for these resources and forgets all others. */
  want(names: ReadonlySet<string>, now: number): void {
    this.subscription.want(names, now);
    this.set.keepOnly((name) => names.has(name));
  }

  /** Takes over the good resources of a response. */
  read(
    response: DiscoveryResponse,
    slices = new Slices(),
    onValue?: ReadOptions<T>["onValue"],
  ): Promise<ReadOutcome> {
    const { subscription, tools } = this;
    return this.set.read(response.resources, {
      version: response.versionInfo,
      context: { slices, zone: tools.zone },
      isWanted: (name) => subscription.isWanted(name),
      warn: (name, text) => tools.warnings.add(`${subscription.kind.label} "${name}"`, text),
      onValue,
    });
  }
}
