// What every module exports. An export is what the host calls; its name and signature are those of proxy-wasm 0.2.1.

import { allocate } from "../memory";
import { configure, queue, tellId, tick } from "../module";

export function proxy_abi_version_0_2_1(): void {}

/** The host wants memory to write a result to. */
export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

/** Layotto's: the id by which the module is called. */
export function proxy_get_id(): void {
  tellId();
}

export function proxy_on_vm_start(_root: u32, _size: u32): bool {
  return true;
}

export function proxy_on_configure(_root: u32, _size: u32): bool {
  return configure();
}

export function proxy_on_tick(_root: u32): void {
  tick();
}

export function proxy_on_queue_ready(_root: u32, id: u32): void {
  queue(id);
}
