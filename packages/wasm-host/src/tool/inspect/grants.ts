import type { ModuleImport } from "../../model/module-info.ts";

/** Keys under `capabilities` whose lists grant something. */
export type GrantKey =
  | "read"
  | "write"
  | "topics"
  | "locks"
  | "sequencers"
  | "secrets"
  | "configuration"
  | "services"
  | "outbound";

/** What stands in the lists, for examples. */
export const grantExamples: Readonly<Record<GrantKey, string>> = {
  read: "STORE",
  write: "STORE",
  topics: "PUBSUB/TOPIC",
  locks: "STORE",
  sequencers: "STORE",
  secrets: "STORE",
  configuration: "STORE",
  services: "ID",
  outbound: "HOST:PORT",
};

const grants: Readonly<Record<string, readonly GrantKey[]>> = {
  proxy_get_state: ["read"],
  proxy_set_state: ["write"],
  proxy_delete_state: ["write"],
  proxy_publish_event: ["topics"],
  proxy_try_lock: ["locks"],
  proxy_unlock: ["locks"],
  proxy_get_next_id: ["sequencers"],
  proxy_get_secret: ["secrets"],
  proxy_get_configuration_item: ["configuration"],
  proxy_invoke_service: ["services"],
  proxy_http_call: ["outbound"],
  proxy_dispatch_http_call: ["outbound"],
  proxy_grpc_call: ["outbound"],
  proxy_dispatch_grpc_call: ["outbound"],
  proxy_grpc_stream: ["outbound"],
  proxy_open_grpc_stream: ["outbound"],
};

/** Reaches the Runtime API by names that are in the data of a module, not among its imports. */
export const foreignFunction = "proxy_call_foreign_function";

/** Keys that an import needs something under; empty: it needs no grant. */
export function grantsOf({
  module,
  name,
}: Pick<ModuleImport, "module" | "name">): readonly GrantKey[] {
  return module === "env" && Object.hasOwn(grants, name) ? (grants[name] ?? []) : [];
}

/** Key → imports that need something under it. */
export function neededGrants(
  imports: readonly ModuleImport[],
): Partial<Record<GrantKey, string[]>> {
  const needed: Partial<Record<GrantKey, string[]>> = {};
  for (const each of imports) {
    for (const key of grantsOf(each)) (needed[key] ??= []).push(each.name);
  }
  return needed;
}
