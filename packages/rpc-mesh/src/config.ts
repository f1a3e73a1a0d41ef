// The schema of the sections rpcs, mesh and registries: schema.json is generated from it. What it cannot say, such as
// that a route leads to a cluster that is there, is found by config/read-mesh.ts and config/read-rpcs.ts.
import { componentSection } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { registryTypes } from "./components/index.ts";
import { cluster, clusterManager } from "./config/schema-cluster.ts";
import { duration } from "./config/schema-fields.ts";
import { listener } from "./config/schema-listener.ts";
import { router } from "./config/schema-route.ts";

const labels = z.record(z.string(), z.string());

const registration = z.strictObject({
  registry: z.string().min(1).meta({ description: "Name in the section registries" }),
  service: z.string().min(1),
  address: z.string().min(1).meta({ description: "host:port at which others reach the service" }),
  weight: z.int().min(0).max(10_000).optional(),
  metadata: labels.optional(),
  parameters: labels
    .optional()
    .meta({ description: "In the registry's own words: protocol, version, group, namespace …" }),
});

const file = z.string().min(1).meta({ description: "Path of a PEM file" });

const xds = z.strictObject({
  servers: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .meta({ description: "Management servers, host:port, tried in order" }),
  node: z
    .strictObject({
      id: z.string().optional(),
      cluster: z.string().optional(),
      zone: z.string().optional(),
      metadata: z.record(z.string(), z.unknown()).optional(),
    })
    .optional()
    .meta({ description: "Who this is; id and cluster default to app.app_id" }),
  tls: z
    .strictObject({ ca: file.optional(), cert: file.optional(), key: file.optional() })
    .optional(),
});

const mesh = z.strictObject({
  zone: z.string().optional().meta({ description: "The mesh's own zone: its hosts are preferred" }),
  listeners: z.array(listener).optional(),
  routers: z.array(router).optional(),
  cluster_manager: clusterManager.optional(),
  clusters: z
    .array(cluster)
    .optional()
    .meta({ description: "Further clusters, beside cluster_manager.clusters" }),
  registrations: z
    .array(registration)
    .optional()
    .meta({ description: "Services of the app that are announced in a registry" }),
  xds: xds.optional(),
});

const filter = z.strictObject({
  name: z.string().min(1),
  config: z.record(z.string(), z.unknown()).optional(),
});

const channel = z.strictObject({
  protocol: z.enum(["http", "grpc", "bolt", "boltv2", "dubbo"]),
  listener: z
    .string()
    .min(1)
    .meta({ description: "Name of a listener of the mesh, or host:port that is called as it is" }),
  size: z.int().min(0).optional().meta({ description: "Connections at once; 0 = no limit" }),
  ext: z
    .strictObject({ class: z.string().optional() })
    .optional()
    .meta({ description: "class: class of the request, which bolt needs" }),
});

const invoker = z.strictObject({
  type: z.literal("mosn").optional(),
  config: z.strictObject({
    channel: z.array(channel).min(1).meta({ description: "Only the first is used" }),
    before_invoke: z.array(filter).optional().meta({ description: "dubbo_json_rpc" }),
    after_invoke: z.array(filter).optional(),
    error_codes: z
      .enum(["fine", "layotto"])
      .optional()
      .meta({ description: "layotto = Layotto's flat codes, every HTTP error is UNAVAILABLE" }),
    timeout: duration.optional().meta({ description: "Of calls that set none; default 3s" }),
  }),
});

/** The sections of this sidecar. */
export const config = z.object({
  rpcs: z.strictObject({ mosn: invoker }).optional(),
  mesh: mesh.optional(),
  registries: componentSection(registryTypes, {}).optional(),
});
