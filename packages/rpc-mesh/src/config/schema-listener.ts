// The schema of listeners.
import { FlowSettings } from "@layotto/flow-control/metadata";
import { z } from "zod";
import { listenerProtocolNames, protocolNames } from "./names.ts";
import { duration, oneOrMore, tlsContext, unserved } from "./schema-fields.ts";

// The content of a filter belongs to the filter; config/read-filters.ts reads it.
const filter = z.strictObject({
  type: z.string().min(1),
  config: z.record(z.string(), z.unknown()).optional(),
  go_plugin_config: unserved,
});

const chain = z.strictObject({
  filters: z.array(filter).optional(),
  match: unserved,
  tls_context: tlsContext.optional(),
  tls_context_set: z.array(tlsContext).optional(),
});

const functionFields = {
  function: z.string().min(1).meta({ description: "Name of a function that an extension runs" }),
  timeout: duration.optional().meta({ description: "Of each phase; default 100ms" }),
  on_failure: z.enum(["closed", "open"]).optional().meta({
    description: "closed: the call is refused when the function fails (default); open: it goes on",
  }),
};

const functionFilter = z.strictObject({
  ...functionFields,
  body: z.boolean().optional().meta({
    description: "HTTP/1.1: the function sees bodies, up to max_body_bytes or 1 MiB; default false",
  }),
});

const functionHook = z.strictObject({
  ...functionFields,
  step: z.enum(["route", "host"]).meta({ description: "Before the route is found, or when the host is chosen" }), // prettier-ignore
});

/** One listener. */
export const listener = z.strictObject({
  name: z.string().min(1),
  type: z.enum(["ingress", "egress"]).optional(),
  address: z.string().optional().meta({
    description: "host:port or unix:/path; without it only InvokeService comes in through it",
  }),
  network: z.enum(["tcp", "unix"]).optional(),
  insecure: z
    .boolean()
    .optional()
    .meta({ description: "Lets other machines in without TLS; warned about at each start" }),
  bind_port: z.boolean().optional().meta({ description: "false: like no address" }),
  protocol: z
    .enum(Object.keys(listenerProtocolNames) as [string, ...string[]]) // it has names
    .optional()
    .meta({ description: "Of the callers; default auto: told apart by their first bytes" }),
  upstream_protocol: z
    .enum(Object.keys(protocolNames) as [string, ...string[]]) // it has names
    .optional()
    .meta({ description: "For clusters that name none" }),
  router: z.string().optional().meta({ description: "Name of a router" }),
  timeout: duration.optional().meta({ description: "Of routes that set none; default 60s" }),
  max_connections: z.int().min(1).optional().meta({ description: "Default 10000" }),
  max_body_bytes: z.int().min(0).optional().meta({ description: "Of requests; 0 = no limit" }),
  connection_idle_timeout: duration.optional().meta({ description: "Default 90s" }),
  tls_context: oneOrMore(tlsContext).optional(),
  tls_context_set: z.array(tlsContext).optional(),
  inspector: z
    .boolean()
    .optional()
    .meta({ description: "Serve plain text as well, told apart by the first byte" }),
  access_log: z.boolean().optional().meta({ description: "One log line per call; default false" }),
  enable_bolt_goaway: z.boolean().optional().meta({
    description:
      "Tell bolt callers to go elsewhere on shutdown; SOFABolt for Java then fails its pending calls",
  }),
  filter_chains: z.array(chain).optional().meta({ description: "As MOSN has them" }),
  stream_filters: z.array(filter).optional().meta({
    description: "fault, payload_limit, ip_access, flowControlFilter, fault_tolerance",
  }),
  flow_control: FlowSettings.optional().meta({
    description: "Rules of how many calls may come, as in the filter flowControlFilter",
  }),
  filters: z.array(functionFilter).optional().meta({
    description: "Functions that requests in HTTP go through in this order, answers in reverse",
  }),
  hooks: z.array(functionHook).optional().meta({
    description: "Functions that decide on routes and hosts, for every protocol and InvokeService",
  }),
  use_original_dst: unserved,
  listener_filters: unserved,
  access_logs: unserved,
  reuse_port: unserved,
  default_read_buffer_size: unserved,
  log_path: unserved,
  log_level: unserved,
});
