/** Codes and messages as Layotto's clients know them, call by call, through the gateway. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { GrpcError, Status, type StatusCode } from "@layotto/grpc-transport";
import { ErrorInfoSchema } from "@layotto/proto/google/rpc/error_details";
import { StatusSchema } from "@layotto/proto/google/rpc/status";
import { Lifecycle } from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import { client } from "@layotto/sidecar-kit";
import { bytes, runtime } from "./harness/calls.ts";
import { embedded, hellos, stateSections } from "./harness/configs.ts";
import { startLayotto } from "./harness/layotto.ts";
import { Scope } from "./harness/scope.ts";
import { untilReady } from "./harness/wait.ts";

type Api = ReturnType<typeof runtime>;

/** One row: what is called, and what comes back. */
interface Row {
  name: string;
  call: (api: Api) => Promise<unknown>;
  code: StatusCode;
  message: string;
  reason: string;
}

const state = { storeName: "state_demo", key: "k" };
const lock = { storeName: "lock_demo", resourceId: "r", lockOwner: "o", expire: 10 };
const next = { storeName: "sequencer_demo", key: "k" };
const prefixed = "input key/keyPrefix 'a||b' can't contain '||'";
const { ABORTED, FAILED_PRECONDITION, INVALID_ARGUMENT, UNIMPLEMENTED } = Status;

const configured: readonly Row[] = [
  {
    name: "SayHello of an unknown instance",
    call: (api) => api.sayHello({ serviceName: "nobody" }),
    code: INVALID_ARGUMENT,
    message: "no instance found",
    reason: "INSTANCE_NOT_FOUND",
  },
  {
    name: "GetState of an unknown store",
    call: (api) => api.getState({ ...state, storeName: "x" }),
    code: INVALID_ARGUMENT,
    message: "state store x is not found",
    reason: "STORE_NOT_FOUND",
  },
  {
    name: "GetState of a key with ||",
    call: (api) => api.getState({ ...state, key: "a||b" }),
    code: INVALID_ARGUMENT,
    message: prefixed,
    reason: "KEY_INVALID",
  },
  {
    name: "SaveState with a stale etag",
    call: async (api) => {
      const states = [{ key: "etag", value: bytes("1") }];
      await api.saveState({ storeName: "state_demo", states });
      const stale = { key: "etag", value: bytes("2"), etag: { value: "77" } };
      await api.saveState({ storeName: "state_demo", states: [stale] });
    },
    code: ABORTED,
    message:
      "failed saving state in state store state_demo: possible etag mismatch. error from state store: failed to set key etag",
    reason: "ETAG_MISMATCH",
  },
  {
    name: "DeleteState with an etag that is no number",
    call: (api) => api.deleteState({ ...state, etag: { value: "one" } }),
    code: INVALID_ARGUMENT,
    message:
      'failed deleting state with key k: invalid etag value: strconv.Atoi: parsing "one": invalid syntax',
    reason: "ETAG_INVALID",
  },
  {
    name: "ExecuteStateTransaction with an unknown operation",
    call: (api) =>
      api.executeStateTransaction({
        storeName: "state_demo",
        operations: [{ operationType: "rename", request: { key: "k" } }],
      }),
    code: UNIMPLEMENTED,
    message: "operation type rename not supported",
    reason: "OPERATION_NOT_SUPPORTED",
  },
  {
    name: "TryLock without resource_id, checked before the owner",
    call: (api) => api.tryLock({ ...lock, resourceId: "", lockOwner: "" }),
    code: INVALID_ARGUMENT,
    message: "ResourceId is empty in lock store lock_demo",
    reason: "RESOURCE_ID_EMPTY",
  },
  {
    name: "TryLock without lock_owner, checked before expire",
    call: (api) => api.tryLock({ ...lock, lockOwner: "", expire: 0 }),
    code: INVALID_ARGUMENT,
    message: "LockOwner is empty in lock store lock_demo",
    reason: "LOCK_OWNER_EMPTY",
  },
  {
    name: "TryLock with expire 0, checked before the store",
    call: (api) => api.tryLock({ ...lock, storeName: "x", expire: 0 }),
    code: INVALID_ARGUMENT,
    message: "Expire is not positive in lock store x",
    reason: "EXPIRE_NOT_POSITIVE",
  },
  {
    name: "Unlock in an unknown store",
    call: (api) => api.unlock({ storeName: "x", resourceId: "r", lockOwner: "o" }),
    code: INVALID_ARGUMENT,
    message: "lock store x not found",
    reason: "STORE_NOT_FOUND",
  },
  {
    name: "TryLock of a resource with ||",
    call: (api) => api.tryLock({ ...lock, resourceId: "a||b" }),
    code: INVALID_ARGUMENT,
    message: prefixed,
    reason: "KEY_INVALID",
  },
  {
    name: "GetNextId without key",
    call: (api) => api.getNextId({ ...next, key: "" }),
    code: INVALID_ARGUMENT,
    message: "Key is empty in sequencer store sequencer_demo",
    reason: "KEY_EMPTY",
  },
  {
    name: "GetNextId of an unknown store",
    call: (api) => api.getNextId({ ...next, storeName: "x" }),
    code: INVALID_ARGUMENT,
    message: "Sequencer store x not found",
    reason: "STORE_NOT_FOUND",
  },
  {
    name: "GetNextId with an illegal increment",
    // No client that keeps to the enum can send this.
    call: (api) => api.getNextId({ ...next, options: { increment: 7 as 0 } }),
    code: INVALID_ARGUMENT,
    message: "options.Increment is illegal",
    reason: "INCREMENT_ILLEGAL",
  },
];

const event = { pubsubName: "bus", topic: "t" };

const pubsub: readonly Row[] = [
  {
    name: "PublishEvent without pubsub_name, checked before the topic",
    call: (api) => api.publishEvent({}),
    code: INVALID_ARGUMENT,
    message: "pubsub name is empty",
    reason: "NAME_EMPTY",
  },
  {
    name: "PublishEvent without topic, checked before the component",
    call: (api) => api.publishEvent({ pubsubName: "x" }),
    code: INVALID_ARGUMENT,
    message: "topic is empty in pubsub x",
    reason: "TOPIC_EMPTY",
  },
  {
    name: "PublishEvent to an unknown component",
    call: (api) => api.publishEvent({ ...event, pubsubName: "x" }),
    code: INVALID_ARGUMENT,
    message: "pubsub x not found",
    reason: "NOT_FOUND",
  },
  {
    name: "PublishEvent of a CloudEvent that is null",
    call: (api) =>
      api.publishEvent({
        ...event,
        data: bytes("null"),
        dataContentType: "application/cloudevents+json",
      }),
    code: INVALID_ARGUMENT,
    message: "cannot create cloudevent: it is null and no JSON object",
    reason: "CLOUD_EVENT_INVALID",
  },
  {
    name: "PublishEvent with a life of no length",
    call: (api) => api.publishEvent({ ...event, metadata: { ttlInSeconds: "0" } }),
    code: INVALID_ARGUMENT,
    message: 'Cannot use metadata ttlInSeconds = "0": it must be a whole number of seconds above 0',
    reason: "METADATA_INVALID",
  },
  {
    name: "PublishEvent to a topic that the store cannot name",
    call: (api) => api.publishEvent({ ...event, topic: "t".repeat(300) }),
    code: INVALID_ARGUMENT,
    message: `Cannot use topic "${"t".repeat(300)}" in pubsub "bus": a name must have 1 to 255 bytes, this one has 300`,
    reason: "TOPIC_INVALID",
  },
];

const unused = (name: string, call: Row["call"], message: string, reason: string): Row => ({
  name,
  call,
  code: FAILED_PRECONDITION,
  message,
  reason,
});
const noStore = "STORE_NOT_CONFIGURED";

/** A sidecar that the configuration does not use is not started: the gateway answers for it. */
const notStarted: readonly Row[] = [
  unused("GetState", (api) => api.getState(state), "state store is not configured", noStore),
  unused(
    "SaveState",
    (api) => api.saveState({ storeName: "state_demo" }),
    "state store is not configured",
    noStore,
  ),
  unused("TryLock", (api) => api.tryLock(lock), "lock store is not configured", noStore),
  unused("GetNextId", (api) => api.getNextId(next), "Sequencer store is not configured", noStore),
  unused(
    "PublishEvent",
    (api) => api.publishEvent(event),
    "pubsub is not configured",
    "NOT_CONFIGURED",
  ),
];

/** A sidecar that runs for one of its sections answers for the others itself. */
const partlyConfigured: readonly Row[] = [
  unused("TryLock", (api) => api.tryLock(lock), "lock store is not configured", noStore),
  unused("GetNextId", (api) => api.getNextId(next), "Sequencer store is not configured", noStore),
];

const suites = [
  { name: "with everything configured", config: embedded(), rows: configured },
  {
    name: "with a component to publish to",
    config: { pub_subs: { bus: { type: "embedded" } } },
    rows: pubsub,
  },
  { name: "with hello alone", config: { hellos }, rows: notStarted },
  {
    name: "with state alone",
    config: { hellos, state: stateSections("embedded").state },
    rows: partlyConfigured,
  },
];

for (const { name, config, rows } of suites)
  describe(`errors ${name}`, () => {
    const scope = new Scope();
    let api: Api;
    before(async () => {
      const running = scope.use(await startLayotto({ config }));
      await untilReady(running);
      api = runtime(running.client());
    });
    after(() => scope.close());

    for (const row of rows)
      it(`${row.name}: ${row.message}`, async () => {
        const error = await row.call(api).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        assert.ok(error instanceof GrpcError, `no GrpcError but ${String(error)}`);
        const { code, message } = error;
        assert.deepEqual(
          { code, message, reason: reasonOf(error) },
          { code: row.code, message: row.message, reason: row.reason },
        );
      });
  });

/** The reason in `grpc-status-details-bin`. */
function reasonOf(error: GrpcError): string | undefined {
  if (error.statusDetails === undefined) return undefined;
  const [detail] = fromBinary(StatusSchema, error.statusDetails).details;
  return detail && anyUnpack(detail, ErrorInfoSchema)?.reason;
}

describe("Lifecycle/ApplyConfiguration", () => {
  it("refuses a component that is not there", async (t) => {
    const layotto = await startLayotto({ config: { hellos } });
    t.after(() => layotto.close());
    const componentConfig = { kind: "hellos", name: "nobody", metadata: { hello: "x" } };
    const call = client(Lifecycle, layotto.client()).applyConfiguration({ componentConfig });
    await assert.rejects(call, {
      code: INVALID_ARGUMENT,
      message: "component not found. kind: hellos , name: nobody",
    });
  });
});
