import { DelayQueue } from "@layotto/proto/spec/proto/extension/v1/delay_queue/delay_queue";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  defineSidecar,
  openComponents,
  packageVersion,
  publishedSchema,
} from "@layotto/sidecar-kit";
import { type JsonSchema, sectionSchemas } from "@layotto/sidecar-kit/config";
import { checkingSentinels } from "@layotto/redis-connection/check-sentinels";
import { AppSubscriptions } from "./app/app-subscriptions.ts";
import { pubsubTypes } from "./components/index.ts";
import { delayServices } from "./delay/service.ts";
import { Counters } from "./delivery/counters.ts";
import { Subscriptions } from "./delivery/subscriptions.ts";
import { delayErrors, pubsubErrors } from "./errors.ts";
import { publishServices } from "./publish/service.ts";
import { PubSubs } from "./pubsubs.ts";
import { StreamingService } from "./streaming/service.ts";
import { figureFamilies } from "./topics/figures.ts";
import { infoOf } from "./topics/info.ts";
import { topicServices } from "./topics/service.ts";

/** Publish and subscribe, and delayed messages. */
export const pubsubSidecar = defineSidecar({
  name: "pubsub-sidecar",
  capability: "pubsub",
  version: packageVersion(import.meta.url),
  sections: ["pub_subs", "subscriptions"],
  config: () => import("./config.ts").then((module) => module.config),
  schema: publishedSchema(import.meta.url),
  methods: [
    {
      section: "pub_subs",
      service: Runtime,
      methods: ["PublishEvent", "SubscribeTopicEvents"],
      unconfigured: pubsubErrors.NOT_CONFIGURED(),
    },
    {
      section: "pub_subs",
      service: DelayQueue,
      methods: ["PublishDelayMessage"],
      unconfigured: delayErrors.NOT_CONFIGURED(),
    },
  ],
  create(context) {
    const { appId, callback, clock, logger, metrics, schema } = context;
    const { pub_subs: configs = {}, subscriptions: declared = [] } = context.config;
    const components = openComponents({
      section: "pub_subs",
      types: pubsubTypes,
      configs,
      context,
      errors: { notFound: pubsubErrors.NOT_FOUND, notConfigured: pubsubErrors.NOT_CONFIGURED },
    });
    const pubsubs = new PubSubs(components, configs, appId, deliverySchema(schema));
    const counters = new Counters(metrics);
    metrics.addSource(() => figureFamilies(pubsubs));
    const subscriptions = new Subscriptions({ pubsubs, counters, logger, clock, metrics });
    const streaming = new StreamingService({ pubsubs, subscriptions, clock });
    const app =
      callback === undefined
        ? undefined
        : new AppSubscriptions({
            target: callback,
            logger: logger.child("app"),
            clock,
            pubsubs,
            subscriptions,
            declared: declared.map(({ metadata = {}, ...each }) => ({ ...each, metadata })),
          });
    return {
      components: [checkingSentinels(components, configs)],
      services: [
        ...publishServices({ pubsubs, counters, metrics }),
        ...streaming.services(),
        ...delayServices(pubsubs, counters),
        ...topicServices({ pubsubs, counters, subscriptions }),
      ],
      start: () => app?.start(),
      info: () => infoOf(subscriptions),
      onChange: (listener) => subscriptions.onChange(listener),
      drain: async (graceMs) => {
        await subscriptions.drain(graceMs);
        streaming.end();
      },
      close: async () => app?.close(),
    };
  },
});

/** The delivery keys of metadata, as the published schema of `subscriptions` has them. */
function deliverySchema(published: JsonSchema | undefined): JsonSchema {
  const metadata =
    published && sectionSchemas(published)["subscriptions"]?.items?.properties?.["metadata"];
  if (metadata === undefined) throw new Error("schema.json is missing: run npm run generate");
  return metadata;
}
