import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { checkingSentinels } from "@layotto/redis-connection/check-sentinels";
import {
  defineSidecar,
  openComponents,
  packageVersion,
  publishedSchema,
} from "@layotto/sidecar-kit";
import { lockErrors, sequencerErrors, stateErrors } from "./errors.ts";
import { Keyspace, lockKeys, sequencerKeys, stateKeys } from "./keys.ts";
import { lockTypes } from "./lock/components/index.ts";
import { lockServices } from "./lock/service.ts";
import { liftedTypes } from "./sequencer/bigger-than.ts";
import { sequencerTypes } from "./sequencer/components/index.ts";
import { sequencerServices } from "./sequencer/service.ts";
import { stateTypes } from "./state/components/index.ts";
import { stateServices } from "./state/service.ts";

/** State, lock and sequencer: three capabilities that keep their data in the same kinds of back ends. */
export const stateSidecar = defineSidecar({
  name: "state-sidecar",
  capability: "state",
  version: packageVersion(import.meta.url),
  sections: ["state", "lock", "sequencer"],
  config: () => import("./config.ts").then((module) => module.config),
  schema: publishedSchema(import.meta.url),
  methods: [
    {
      section: "state",
      service: Runtime,
      methods: [
        "GetState",
        "GetBulkState",
        "SaveState",
        "DeleteState",
        "DeleteBulkState",
        "ExecuteStateTransaction",
      ],
      unconfigured: stateErrors.STORE_NOT_CONFIGURED(),
    },
    {
      section: "lock",
      service: Runtime,
      methods: ["TryLock", "Unlock", "LockKeepAlive"],
      unconfigured: lockErrors.STORE_NOT_CONFIGURED(),
    },
    {
      section: "sequencer",
      service: Runtime,
      methods: ["GetNextId"],
      unconfigured: sequencerErrors.STORE_NOT_CONFIGURED(),
    },
  ],
  create(context) {
    const { appId, logger, metrics } = context;
    const { state = {}, lock = {}, sequencer = {} } = context.config;
    const shared = { metrics, logger };

    const states = openComponents({
      section: "state",
      types: stateTypes,
      configs: state,
      context,
      errors: {
        notFound: stateErrors.STORE_NOT_FOUND,
        notConfigured: stateErrors.STORE_NOT_CONFIGURED,
      },
    });
    const stateSpace = new Keyspace(stateKeys, state, appId);

    const locks = openComponents({
      section: "lock",
      types: lockTypes,
      configs: lock,
      context,
      errors: {
        notFound: lockErrors.STORE_NOT_FOUND,
        notConfigured: lockErrors.STORE_NOT_CONFIGURED,
      },
    });
    const lockSpace = new Keyspace(lockKeys, lock, appId);

    const sequencerSpace = new Keyspace(sequencerKeys, sequencer, appId);
    const sequencers = openComponents({
      section: "sequencer",
      types: liftedTypes(sequencerTypes, sequencer, sequencerSpace),
      configs: sequencer,
      context,
      errors: {
        notFound: sequencerErrors.STORE_NOT_FOUND,
        notConfigured: sequencerErrors.STORE_NOT_CONFIGURED,
      },
    });
    const ids = sequencerServices({
      ...shared,
      section: "sequencer",
      stores: sequencers,
      keys: sequencerSpace,
    });

    return {
      components: [
        checkingSentinels(states, state),
        checkingSentinels(locks, lock),
        checkingSentinels(sequencers, sequencer),
      ],
      services: [
        ...stateServices({ ...shared, section: "state", stores: states, keys: stateSpace }),
        ...lockServices({ ...shared, section: "lock", stores: locks, keys: lockSpace }),
        ...ids.services,
      ],
      close: async () => ids.close(),
    };
  },
});
