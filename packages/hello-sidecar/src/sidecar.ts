import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { defineSidecar, openComponents, packageVersion } from "@layotto/sidecar-kit";
import { components } from "./components/index.ts";
import { config } from "./config.ts";
import { errors } from "./errors.ts";
import { helloServices } from "./service.ts";

/** Answers SayHello. The smallest sidecar there is: docs/add-a-sidecar.md walks through it. */
export const helloSidecar = defineSidecar({
  name: "hello-sidecar",
  capability: "hello",
  version: packageVersion(import.meta.url),
  sections: ["hellos"],
  config,
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
      configs: context.config.hellos,
      context,
      errors: { notFound: errors.INSTANCE_NOT_FOUND, notConfigured: errors.NOT_CONFIGURED },
    });
    return { components: [greeters], services: helloServices(greeters) };
  },
});
