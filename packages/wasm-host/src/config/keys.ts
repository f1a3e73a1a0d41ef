// The keys of an entry of `functions` and of the maps in it, for readers that have no schema.

/** Keys of an entry. */
export const functionKeys: readonly string[] = [
  "path", "url", "image", "sha256", "md5", "versions", "instance_num", "vm_config", "from_wasm_plugin",
  "root_context_id", "adapter", "isolation", "recycle", "timeout", "cpu", "memory", "fuel", "queue", "streams",
  "max_body_bytes", "max_module_bytes", "table_elements", "config", "vm", "environment", "capabilities", "routes",
]; // prettier-ignore

/** Keys of the maps in an entry. */
export const nestedKeys: Readonly<Record<string, readonly string[]>> = {
  vm_config: ["engine", "path", "url", "image", "md5", "sha256", "cpu", "mem", "timeout"],
  recycle: ["calls", "memory"],
  capabilities: [
    "host_functions", "read", "write", "topics", "locks", "sequencers", "secrets", "configuration", "services",
    "outbound",
  ],
  versions: ["path", "url", "image", "sha256", "md5", "weight"],
  routes: ["host", "path", "prefix"],
}; // prettier-ignore
