// Parts of the schema that several sections use.
import { stringDuration } from "@layotto/sidecar-kit/fields";
import { z } from "zod";

/** A duration, `"3s"`, or a number of milliseconds. */
export const duration = stringDuration("ms");

export const percent = z.number().min(0).max(100);

/** A list, or one that stands alone. */
export function oneOrMore<T extends z.ZodType>(schema: T) {
  return z.union([z.array(schema), schema]);
}

const labels = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** Metadata for subsets, plain or as MOSN nests it. */
export const metadata = z
  .union([
    z.strictObject({ filter_metadata: z.strictObject({ "mosn.lb": labels.optional() }) }),
    labels,
  ])
  .meta({ "x-message": "must be a map of strings, or filter_metadata with mosn.lb" });

/** What MOSN knows and has no effect here. */
export const unserved = z.unknown().optional().meta({ description: "MOSN's; has no effect here" });

/** What MOSN knows and would change where calls go: a fault. */
export const refused = z.unknown().optional().meta({ description: "MOSN's; refused here" });

const headerList = z.array(
  z.strictObject({
    header: z.strictObject({ key: z.string().min(1), value: z.string().optional() }),
    append: z.boolean().optional(),
  }),
);

const toAdd = z
  .union([headerList, labels])
  .meta({ description: "{ name: value } replaces; [{ header: { key, value }, append }] as MOSN" });

/** Changes of headers. */
export const headerShape = {
  request_headers_to_add: toAdd.optional(),
  request_headers_to_remove: z.array(z.string()).optional(),
  response_headers_to_add: toAdd.optional(),
  response_headers_to_remove: z.array(z.string()).optional(),
};

/** A header or query parameter that must match. */
export const field = z.strictObject({
  name: z.string().min(1),
  value: z.string().optional().meta({ description: "The exact value, or with regex a pattern" }),
  regex: z.boolean().optional(),
  exact: z.string().optional(),
  prefix: z.string().optional(),
  suffix: z.string().optional(),
  contains: z.string().optional(),
  present: z.boolean().optional().meta({ description: "true: it is there; false: it is not" }),
  range: z
    .strictObject({ start: z.int(), end: z.int() })
    .optional()
    .meta({ description: "A whole number from start to below end" }),
  invert: z.boolean().optional(),
  ignore_case: z.boolean().optional(),
});

const injection = { percentage: percent };

/** Faults on purpose. */
export const fault = z.strictObject({
  delay: z.strictObject({ ...injection, fixed_delay: duration }).optional(),
  abort: z.strictObject({ ...injection, status: z.int().min(200).max(599) }).optional(),
  headers: z.array(field).optional().meta({ description: "Only requests with these headers" }),
  upstream_cluster: z.string().optional().meta({ description: "Only requests to this cluster" }),
});

/** A circuit breaker: plain keys, or those of Sentinel's rules. */
export const breaker = z.strictObject({
  strategy: z
    .union([
      z.enum(["error_ratio", "error_count", "slow_ratio", "consecutive"]),
      z.literal([0, 1, 2]),
    ])
    .optional()
    .meta({
      "x-message": "must be error_ratio, error_count, slow_ratio, consecutive, 0, 1 or 2",
      description: "Default error_ratio; 0 slow ratio, 1 error ratio, 2 error count as in Sentinel",
    }),
  threshold: z.number().min(0).optional().meta({ description: "Ratio 0 to 1, or a count" }),
  window: duration.optional().meta({ description: "Default 10s" }),
  statIntervalMs: z.int().min(1).optional(),
  min_requests: z.int().min(0).optional().meta({ description: "Default 10" }),
  minRequestAmount: z.int().min(0).optional(),
  slow: duration.optional().meta({ description: "A slow call takes longer; default 1s" }),
  maxAllowedRtMs: z.int().min(0).optional(),
  open: duration.optional().meta({ description: "Time until a probe; default 5s" }),
  retryTimeoutMs: z.int().min(0).optional(),
  probes: z.int().min(1).optional().meta({ description: "Probes that must succeed; default 1" }),
  probeNum: z.int().min(0).optional(),
  resource: unserved,
  statSlidingWindowBucketCount: unserved,
});

const path = z.string().optional();

/** TLS as MOSN writes it. */
export const tlsContext = z.strictObject({
  status: z.boolean().optional().meta({ description: "false switches TLS off" }),
  type: z.string().optional(),
  server_name: z.string().optional().meta({ description: "Towards hosts: SNI and expected name" }),
  ca_cert: path.meta({ description: "PEM file of authorities" }),
  cert_chain: path.meta({ description: "PEM file of the own certificate" }),
  private_key: path.meta({ description: "PEM file of its key" }),
  verify_client: z.boolean().optional(),
  require_client_cert: z.boolean().optional(),
  insecure_skip: z.boolean().optional().meta({ description: "Any certificate will do: for tests" }),
  identities: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: "Accepted DNS names or URIs (SPIFFE ids) of the peer's certificate" }),
  cipher_suites: unserved,
  ecdh_curves: unserved,
  min_version: unserved,
  max_version: unserved,
  alpn: unserved,
  ticket: unserved,
  fall_back: unserved,
  extend_verify: unserved,
  sds_source: unserved,
});
