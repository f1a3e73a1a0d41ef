import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  defineSidecar,
  openComponents,
  packageVersion,
  publishedSchema,
} from "@layotto/sidecar-kit";
import { registryTypes } from "./components/index.ts";
import { errors } from "./errors.ts";
import { invokeServices } from "./invoke/service.ts";
import { readSections } from "./config/read-sections.ts";
import { MeshProcess } from "./mesh-process.ts";

/** Service invocation and traffic governance. */
export const rpcMesh = defineSidecar({
  name: "rpc-mesh",
  capability: "mesh",
  version: packageVersion(import.meta.url),
  sections: ["rpcs", "mesh", "registries"],
  config: () => import("./config.ts").then((module) => module.config),
  check: (config) => import("./config/check-sections.ts").then((m) => m.checkSections(config)),
  schema: publishedSchema(import.meta.url),
  methods: [
    {
      section: "rpcs",
      service: Runtime,
      methods: ["InvokeService"],
      unconfigured: errors.NOT_CONFIGURED(),
    },
  ],
  async create(context) {
    const { config } = context;
    const read = readSections(config, context.appId);
    const registries = openComponents({
      section: "registries",
      types: registryTypes,
      configs: config.registries ?? {},
      context,
      errors: { notFound: errors.REGISTRY_NOT_FOUND, notConfigured: errors.NOT_CONFIGURED },
    });
    const mesh = await MeshProcess.create(read, registries, context);
    return {
      components: [registries],
      services: invokeServices(mesh.invoke),
      start: () => mesh.start(),
      reload: (changed) => mesh.reload(readSections(changed, context.appId)),
      info: () => mesh.info(),
      pages: { mesh: () => mesh.page() },
      drain: (graceMs) => mesh.drain(graceMs),
      close: () => mesh.close(),
    };
  },
});
