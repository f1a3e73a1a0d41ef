// The schema of one function.
import { stringDuration } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { sizePattern } from "./units.ts";

const duration = stringDuration("ms");
const names = z.array(z.string().min(1)).optional();
const count = z.int().min(0).optional();

/** A number, or text with a unit. */
function size(description: string) {
  return z
    .union([z.number().min(0), z.string().regex(sizePattern)])
    .meta({ "x-message": 'must be a size, e.g. "64MiB"', description })
    .optional();
}

const labels = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const data = z
  .union([labels, z.string()])
  .meta({ "x-message": "must be a map of strings, or a string" })
  .optional();

const place = {
  path: z.string().min(1).optional().meta({ description: "File; it is watched" }),
  url: z.string().min(1).optional().meta({ description: "http(s), allowed by sources.urls" }),
  image: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "registry/name:tag, allowed by sources.registries, or oci-layout:DIR" }),
  sha256: z.string().optional().meta({ description: "The file must have it" }),
  md5: z.string().optional().meta({ description: "The file must have it; prefer sha256" }),
};

const cpu = duration.optional().meta({ description: "Processor time of a call, ms; default 1s" });

const timeout = duration
  .optional()
  .meta({ description: "From the call to its answer, waiting included; default 10s" });

const vmConfig = z
  .strictObject({
    engine: z.string().optional().meta({ description: "Layotto's; has no effect here" }),
    path: z.string().optional(),
    url: z.string().optional(),
    image: z.string().optional(),
    md5: z.string().optional(),
    sha256: z.string().optional(),
    cpu,
    mem: size("Memory of an instance; a number counts MiB; default 64"),
    timeout,
  })
  .meta({ description: "Layotto's form of path, md5, memory, cpu …" });

const instances = z
  .int()
  .min(0)
  .max(4096)
  .optional()
  .meta({ description: "Instances that serve calls at once; default: number of processors" });

const recycle = z
  .strictObject({
    calls: count.meta({ description: "After so many calls; 0 = never, the default" }),
    memory: size("When its memory is larger after a call; default half of what it may use"),
  })
  .meta({ description: "When an instance is replaced by a new one" });

const capabilities = z
  .strictObject({
    host_functions: names.meta({ description: "Imports; default all that need no grant below" }),
    read: names.meta({ description: "State stores" }),
    write: names.meta({ description: "State stores" }),
    topics: names.meta({ description: "component or component/topic" }),
    locks: names,
    sequencers: names,
    secrets: names,
    configuration: names,
    services: names.meta({ description: "Ids of functions and services" }),
    outbound: names.meta({ description: "Names of upstreams, host or host:port" }),
  })
  .meta({ description: 'What the module may reach, by name; "*" is all, default nothing' });

const route = z.strictObject({
  host: z.string().min(1).optional(),
  path: z.string().min(1).optional().meta({ description: "The whole path" }),
  prefix: z.string().min(1).optional().meta({ description: "Beginning of the path" }),
});

const version = z.strictObject({
  ...place,
  weight: z.int().min(0).max(1_000_000).optional().meta({ description: "Share; default 1" }),
});

/** An entry of `plugins`. */
export const plugin = z.strictObject({ instance_num: instances, vm_config: vmConfig });

/** An entry of `functions`. */
export const functionEntry = z.strictObject({
  ...place,
  versions: z
    .array(version)
    .min(1)
    .optional()
    .meta({ description: "Several modules that share the calls, instead of path, url or image" }),
  instance_num: instances,
  vm_config: vmConfig.optional(),
  from_wasm_plugin: z.string().min(1).optional().meta({ description: "Name in plugins" }),
  root_context_id: z.int().min(1).max(0x7fff_ffff).optional(),
  adapter: z
    .enum(["proxy-wasm", "wasi-command"])
    .optional()
    .meta({ description: "Default proxy-wasm" }),
  isolation: z
    .enum(["pooled", "fresh"])
    .optional()
    .meta({ description: "fresh = an instance for each call; default pooled" }),
  recycle: recycle.optional(),
  timeout,
  cpu,
  memory: size("Memory of an instance; a number counts MiB; default 64"),
  fuel: count.meta({ description: "Instructions of a call; 0 = not counted, the default" }),
  queue: count.meta({ description: "Calls that wait for an instance; default 1024" }),
  streams: z.int().min(1).optional().meta({ description: "Open at once; default 1024" }),
  max_body_bytes: size("Of request and answer; default 4MiB"),
  max_module_bytes: size("Of the file; default 16MiB"),
  table_elements: count.meta({ description: "Of one table; default 100000" }),
  config: data.meta({ description: "What proxy_on_configure reads" }),
  vm: data.meta({ description: "What proxy_on_vm_start reads" }),
  environment: labels.optional().meta({ description: "Variables that WASI shows" }),
  capabilities: capabilities.optional(),
  routes: z
    .array(route)
    .optional()
    .meta({ description: "Calls that go to it beside those with its id in the header id" }),
});
