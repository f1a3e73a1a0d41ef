/** The hello component of all runs. */
export const hellos = { helloworld: { type: "helloworld", hello: "greeting" } };

type Section = Record<string, { type: string; metadata?: Record<string, string> }>;

/** State, lock and sequencer as in Layotto's samples, all of one type. */
export function stateSections(
  type: string,
  metadata: Record<string, string> = {},
): { state: Section; lock: Section; sequencer: Section } {
  const entry = { type, metadata };
  return {
    state: { state_demo: entry },
    lock: { lock_demo: entry },
    sequencer: { sequencer_demo: entry },
  };
}

/** Hello, and state, lock and sequencer on embedded storage. */
export function embedded(): Record<string, unknown> {
  return { hellos, ...stateSections("embedded") };
}

/** Hello, and state, lock and sequencer on a Redis server. */
export function onRedis(address: string): Record<string, unknown> {
  return { hellos, ...stateSections("redis", { redisHost: address, redisPassword: "" }) };
}

/** One pub/sub component, and an app that is called on a port of this machine. */
export function onPubSub(
  name: string,
  type: string,
  metadata: Readonly<Record<string, string>>,
  appPort: number,
): Record<string, unknown> {
  return {
    app: { app_id: "app1", grpc_callback_port: appPort },
    pub_subs: { [name]: { type, metadata } },
  };
}
