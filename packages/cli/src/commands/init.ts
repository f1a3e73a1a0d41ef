import { existsSync, writeFileSync } from "node:fs";
import { type CommandArguments } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { codeOf, UserError } from "../user-error.ts";

/** What `layotto init` writes. */
export const starter = `# Layotto: one gRPC endpoint over independent sidecars. Start it with: layotto start -c FILE
# \${NAME} anywhere in a value is replaced by the environment variable NAME.

# Your application. Keys of locks and sequencers carry the app_id.
app:
  app_id: app1
  # grpc_callback_port: 9999        # where Layotto calls your application

# The one address your application connects to, and the port for health and metrics.
gateway:
  listen: 127.0.0.1:34904
  actuator: 127.0.0.1:34999

# Everything durable is kept here (default: .layotto/data in the folder where Layotto is started).
# data_dir: .layotto/data

# Each section is a capability: a sidecar of its own runs for it. Below a section, each key is the name of a component
# that your application uses in its calls. Without any server installed, "embedded" keeps data on this machine:
hellos:
  helloworld: { type: helloworld, hello: greeting }

state:
  state_demo: { type: embedded }
  # orders: { type: redis, metadata: { redisHost: "127.0.0.1:6379" } }
  # cache: { type: in-memory }      # forgets everything when its process ends

lock:
  lock_demo: { type: embedded }

sequencer:
  sequencer_demo: { type: embedded }

# Publish and subscribe. Your application lists its topics itself (ListTopicSubscriptions on grpc_callback_port), or here.
pub_subs:
  pub_subs_demo: { type: embedded }
  # events: { type: kafka, metadata: { brokers: "127.0.0.1:9092" } }
# subscriptions:
#   - { pubsub: pub_subs_demo, topic: orders, metadata: { deadLetterTopic: failed-orders } }

# Optional: several processes of one sidecar, each with some of its components.
# processes:
#   orders-state: { sidecar: state, sections: { state: [orders] } }
# Optional: sidecars whose package name does not end in -sidecar, or folders with a package.json.
# packages: ["@acme/greeter", ./my-sidecar]
`;

/** `layotto init [FILE]`: writes a starter configuration and never overwrites one. */
export async function run(args: CommandArguments): Promise<number> {
  const [file = "layotto.yaml"] = args.positionals;
  if (existsSync(file)) throw refuse(file);
  try {
    writeFileSync(file, starter, { flag: "wx" });
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw refuse(file);
    throw new UserError(`Cannot write "${file}": ${codeOf(error) ?? "unknown fault"}`);
  }
  process.stdout.write(`wrote ${file}; start it with: layotto start -c ${file}\n`);
  return Promise.resolve(ExitCode.ok);
}

function refuse(file: string): UserError {
  return new UserError(`Cannot write "${file}": it exists already and is left as it is`);
}
