import { freePort } from "@layotto/sidecar-kit/testing";
import { onPubSub } from "../harness/configs.ts";
import { type Layotto, startLayotto } from "../harness/layotto.ts";
import type { Scope } from "../harness/scope.ts";
import type { Broker } from "./brokers.ts";
import { chaosTypes } from "./types.ts";

const PUBSUB = "chaos";

/** Quickly again after a failure, and few messages in the sidecar's memory: what a kill can lose is in the broker. */
const delivery = { concurrency: "32", prefetch: "32", retryInterval: "20ms" };

/** What a cell needs: everything runs already, but no app. */
export interface World {
  readonly layotto: Layotto;
  readonly broker: Broker;
  /** Where the runtime looks for the app. */
  readonly appPort: number;
  /** Name of the component. */
  readonly pubsub: string;
  readonly type: string;
  readonly aftermathMs: number;
}

/** Starts the broker of a type and the runtime on it. */
export async function startWorld(scope: Scope, type: string): Promise<World> {
  const claim = chaosTypes[type];
  if (claim === undefined) throw new Error(`Cannot run type "${type}": nothing is claimed for it`);
  const broker = await claim.start(scope);
  const appPort = await freePort();
  const metadata = { ...delivery, ...broker.metadata };
  const config = onPubSub(PUBSUB, type, metadata, appPort);
  const layotto = scope.use(await startLayotto({ config }));
  const { aftermathMs } = claim;
  return { layotto, broker, appPort, pubsub: PUBSUB, type, aftermathMs };
}
