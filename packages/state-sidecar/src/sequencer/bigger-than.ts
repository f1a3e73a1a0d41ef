import type { ComponentType, ComponentTypes } from "@layotto/sidecar-kit";
import { hasSeparator, type Keyspace } from "../keys.ts";
import type { SequencerStore } from "./component.ts";

/** The part of a sequencer's entry in the config file that says where ids begin. */
export interface BiggerThanConfig {
  /** Key → number that its ids must exceed. A key with `||` is taken as it is in the back end. */
  readonly biggerThan?: Readonly<Record<string, number>> | undefined;
}

/** The same types, whose components lift their counters before they are used. */
export function liftedTypes(
  types: ComponentTypes<SequencerStore>,
  configs: Readonly<Record<string, BiggerThanConfig>>,
  keys: Keyspace,
): ComponentTypes<SequencerStore> {
  const lifted = Object.entries(types).map(([name, load]) => {
    const loadLifted = async () => lifting(await load(), configs, keys);
    return [name, loadLifted] as const;
  });
  return Object.fromEntries(lifted);
}

function lifting(
  type: ComponentType<SequencerStore>,
  configs: Readonly<Record<string, BiggerThanConfig>>,
  keys: Keyspace,
): ComponentType<SequencerStore> {
  return {
    ...type,
    async open(metadata, context) {
      const store = await type.open(metadata, context);
      const options = { signal: context.signal, deadlineMs: undefined };
      try {
        for (const [key, floor] of Object.entries(configs[context.name]?.biggerThan ?? {})) {
          const full = hasSeparator(key) ? key : keys.of(context.name, key);
          await store.lift(full, floor, options);
        }
      } catch (error) {
        await store.close();
        throw error;
      }
      return store;
    },
  };
}
