import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  type ComponentConfig,
  defineSidecar,
  openComponents,
  packageVersion,
  publishedSchema,
} from "@layotto/sidecar-kit";
import { components } from "./components/index.ts";
import { errors } from "./errors.ts";
import { helloServices } from "./service.ts";

/** Answers SayHello. The smallest sidecar there is: docs/add-a-sidecar.md walks through it. */
export const helloSidecar = defineSidecar({
  name: "hello-sidecar",
  capability: "hello",
  version: packageVersion(import.meta.url),
  sections: ["hellos"],
  config: () => import("./config.ts").then((module) => module.config),
  schema: publishedSchema(import.meta.url),
  methods: [
    {
      section: "hellos",
      service: Runtime,
      methods: ["SayHello"],
      unconfigured: errors.NOT_CONFIGURED(),
    },
  ],
  create(context) {
    const greeters = openComponents({
      section: "hellos",
      types: components,
      configs: withGreetings(context.config.hellos),
      context,
      errors: { notFound: errors.INSTANCE_NOT_FOUND, notConfigured: errors.NOT_CONFIGURED },
    });
    return { components: [greeters], services: helloServices(greeters) };
  },
});

type Configs = Readonly<Record<string, ComponentConfig & { hello?: string | undefined }>>;

/** Layotto keeps the greeting beside the metadata when it starts and inside when it is changed: here it is inside. */
function withGreetings(section: Configs = {}): Record<string, ComponentConfig> {
  const entries = Object.entries(section).map(([name, { hello, ...rest }]) => {
    const metadata =
      hello === undefined ? rest.metadata : { ...Object(rest.metadata ?? {}), hello };
    return [name, { ...rest, metadata }] as const;
  });
  return Object.fromEntries(entries);
}
