// The schema of routers.
import { z } from "zod";
import {
  breaker,
  duration,
  fault,
  field,
  headerShape,
  metadata,
  oneOrMore,
  percent,
  refused,
  unserved,
} from "./schema-fields.ts";

const match = z.strictObject({
  prefix: z.string().optional(),
  path: z
    .string()
    .optional()
    .meta({ description: "The whole path; in any case unless case_sensitive" }),
  regex: z.string().optional().meta({ description: "A part of the path must fit" }),
  path_separated_prefix: z.string().optional().meta({ description: "Ends at a / or at the end" }),
  case_sensitive: z.boolean().optional(),
  methods: z.array(z.string().min(1)).optional(),
  headers: z
    .array(field)
    .optional()
    .meta({ description: "All must match; RPC: service, method …" }),
  query_parameters: z.array(field).optional(),
  percent: percent.optional().meta({ description: "Share of requests that match at all" }),
  variables: refused,
  dsl_expressions: refused,
});

const share = {
  name: z.string().min(1),
  weight: z.int().min(0),
  metadata_match: metadata.optional(),
  ...headerShape,
};

const weighted = z.union([
  z.strictObject({ cluster: z.strictObject(share) }),
  z.strictObject(share),
]);

const mirror = z.strictObject({
  cluster: z.string().min(1),
  percent: percent.optional().meta({ description: "Default 100" }),
  amplification: z.int().min(1).max(100).optional().meta({ description: "Copies per request" }),
  fractional_percent: z
    .strictObject({
      numerator: z.number().optional(),
      numberator: z.number().optional(),
      denominator_num: z.number().optional(),
    })
    .optional(),
  trace_sampled: unserved,
});

const retry = z.strictObject({
  retry_on: z
    .union([z.boolean(), z.string(), z.array(z.string())])
    .optional()
    .meta({
      description: "Conditions such as 5xx, reset, connect-failure; or true or false as with MOSN",
    }),
  num_retries: z.int().min(0).max(100).optional().meta({ description: "Default 1; 0 = none" }),
  status_codes: z.array(z.int()).optional(),
  retry_timeout: duration.optional().meta({ description: "For one attempt" }),
  per_try_timeout: duration.optional().meta({ description: "The same" }),
  back_off: z
    .strictObject({ base: duration.optional(), max: duration.optional() })
    .optional()
    .meta({ description: "Default 25ms, at most 250ms, with jitter" }),
  non_idempotent: z
    .boolean()
    .optional()
    .meta({ description: "Send again what may have run; default false" }),
  avoid_tried_hosts: z.boolean().optional().meta({ description: "Default true" }),
});

const hash = z.strictObject({
  header: z.strictObject({ key: z.string().optional(), name: z.string().optional() }).optional(),
  cookie: z
    .strictObject({
      name: z.string().min(1),
      path: unserved,
      ttl: unserved,
    })
    .optional(),
  query_parameter: z.strictObject({ name: z.string().min(1) }).optional(),
  source_ip: z.unknown().optional(),
});

const action = z.strictObject({
  cluster_name: z.string().optional(),
  weighted_clusters: z.array(weighted).optional(),
  cluster_header: z.string().optional().meta({ description: "Header that names the cluster" }),
  cluster_variable: refused,
  metadata_match: metadata.optional(),
  timeout: duration.optional().meta({ description: "For all attempts; 0 = none" }),
  retry_policy: retry.optional(),
  hedge_policy: z
    .strictObject({ max_attempts: z.int().min(2).max(10).optional(), delay: duration })
    .optional()
    .meta({ description: "Further attempts before the first has answered" }),
  idempotent: z
    .boolean()
    .optional()
    .meta({ description: "Calls may run twice whatever their verb" }),
  prefix_rewrite: z.string().optional(),
  regex_rewrite: z
    .strictObject({
      pattern: z.union([z.string(), z.looseObject({ regex: z.string() })]).optional(),
      substitution: z.string().optional(),
    })
    .optional(),
  host_rewrite: z.string().optional(),
  auto_host_rewrite: z.boolean().optional(),
  auto_host_rewrite_header: unserved,
  hash_policy: oneOrMore(hash)
    .optional()
    .meta({ description: "The first that yields one decides" }),
  request_mirror_policies: oneOrMore(mirror).optional(),
  upstream_protocol: unserved,
  ...headerShape,
});

const redirect = z.strictObject({
  response_code: z.literal([301, 302, 303, 307, 308]).optional(),
  scheme_redirect: z.enum(["http", "https"]).optional(),
  host_redirect: z.string().optional(),
  path_redirect: z.string().optional(),
  prefix_rewrite: z.string().optional(),
  strip_query: z.boolean().optional(),
});

const route = z.strictObject({
  name: z.string().min(1).optional().meta({ description: "For metrics; unique in its router" }),
  match: match.optional().meta({ description: "Without it every request matches" }),
  route: action.optional(),
  redirect: redirect.optional(),
  direct_response: z
    .strictObject({ status: z.int().min(200).max(599).optional(), body: z.string().optional() })
    .optional(),
  request_mirror_policies: oneOrMore(mirror).optional(),
  fault: fault.optional(),
  breaker: breaker.optional(),
  limits: z
    .strictObject({
      max_body_bytes: z.int().min(0).optional(),
      max_concurrent: z.int().min(0).optional(),
    })
    .optional(),
  per_filter_config: z.record(z.string(), z.unknown()).optional(),
  metadata: unserved,
  ...headerShape,
});

const virtualHost = z.strictObject({
  name: z.string().optional(),
  domains: z
    .union([z.array(z.string().min(1)).min(1), z.string().min(1)])
    .meta({ description: "shop, shop:80, shop:*, *.example.com, *" }),
  routers: z.array(route).optional().meta({ description: "The first that matches wins" }),
  routes: z.array(route).optional().meta({ description: "The same" }),
  require_tls: unserved,
  ...headerShape,
});

/** One router. */
export const router = z.strictObject({
  router_config_name: z.string().optional(),
  name: z.string().optional(),
  virtual_hosts: z.array(virtualHost).optional(),
  router_configs: refused,
  ...headerShape,
});
