// Layotto's Runtime API: state, events, locks, ids, secrets, configuration, other services. Each call is answered before
// it returns. What a function may reach is named in its `capabilities`; everything else fails with InternalFailure.

import * as env from "./env";
import { at, firstOut, outBytes, outU32, outU64, secondOut, toBytes } from "./memory";
import { decodePairs, Pair } from "./pairs";
import { ok } from "./status";

/** Reads a state; empty: there is no such key; null: failed. */
export function getState(store: string, key: string): ArrayBuffer | null {
  const s = toBytes(store);
  const k = toBytes(key);
  const status = env.proxy_get_state(
    at(s),
    s.byteLength,
    at(k),
    k.byteLength,
    firstOut(),
    secondOut(),
  );
  return ok(status) ? outBytes() : null;
}

export function setState(store: string, key: string, value: ArrayBuffer): bool {
  const s = toBytes(store);
  const k = toBytes(key);
  return ok(
    env.proxy_set_state(at(s), s.byteLength, at(k), k.byteLength, at(value), value.byteLength),
  );
}

export function deleteState(store: string, key: string): bool {
  const s = toBytes(store);
  const k = toBytes(key);
  return ok(env.proxy_delete_state(at(s), s.byteLength, at(k), k.byteLength));
}

/** Publishes an event. `contentType` may be "". */
export function publish(
  component: string,
  topic: string,
  data: ArrayBuffer,
  contentType: string = "",
): bool {
  const c = toBytes(component);
  const t = toBytes(topic);
  const type = toBytes(contentType);
  return ok(
    env.proxy_publish_event(
      at(c),
      c.byteLength,
      at(t),
      t.byteLength,
      at(type),
      type.byteLength,
      at(data),
      data.byteLength,
    ),
  );
}

/** Takes a lock. @returns whether it is held now; when not, `lastStatus()` is OK if somebody else has it */
export function tryLock(store: string, resource: string, owner: string, seconds: u32): bool {
  const s = toBytes(store);
  const r = toBytes(resource);
  const o = toBytes(owner);
  const status = env.proxy_try_lock(
    at(s),
    s.byteLength,
    at(r),
    r.byteLength,
    at(o),
    o.byteLength,
    seconds,
    firstOut(),
  );
  return ok(status) && outU32() === 1;
}

export const enum Unlocked {
  Failed = -1,
  Released = 0,
  NoSuchLock = 1,
  OfSomebodyElse = 2,
  InternalError = 3,
}

export function unlock(store: string, resource: string, owner: string): Unlocked {
  const s = toBytes(store);
  const r = toBytes(resource);
  const o = toBytes(owner);
  const status = env.proxy_unlock(
    at(s),
    s.byteLength,
    at(r),
    r.byteLength,
    at(o),
    o.byteLength,
    firstOut(),
  );
  return ok(status) ? <Unlocked>outU32() : Unlocked.Failed;
}

/** The next id of a sequence; −1: failed. */
export function nextId(store: string, key: string): i64 {
  const s = toBytes(store);
  const k = toBytes(key);
  const status = env.proxy_get_next_id(at(s), s.byteLength, at(k), k.byteLength, firstOut());
  return ok(status) ? <i64>outU64() : -1;
}

/** The keys and values of a secret; null: failed. */
export function getSecret(store: string, name: string): Pair[] | null {
  const s = toBytes(store);
  const n = toBytes(name);
  const status = env.proxy_get_secret(
    at(s),
    s.byteLength,
    at(n),
    n.byteLength,
    firstOut(),
    secondOut(),
  );
  return ok(status) ? decodePairs(outBytes()) : null;
}

/** An item of a configuration store; null: there is none, or failed. */
export function getConfigurationItem(store: string, key: string): ArrayBuffer | null {
  const s = toBytes(store);
  const k = toBytes(key);
  const status = env.proxy_get_configuration_item(
    at(s),
    s.byteLength,
    at(k),
    k.byteLength,
    firstOut(),
    secondOut(),
  );
  return ok(status) ? outBytes() : null;
}

/** Calls another function, or a service of the mesh, by its id. `method` may be "". @returns null: failed */
export function invokeService(id: string, method: string, data: ArrayBuffer): ArrayBuffer | null {
  const i = toBytes(id);
  const m = toBytes(method);
  const status = env.proxy_invoke_service(
    at(i),
    i.byteLength,
    at(m),
    m.byteLength,
    at(data),
    data.byteLength,
    firstOut(),
    secondOut(),
  );
  return ok(status) ? outBytes() : null;
}

/** Calls a function that only this host has. @returns null: there is none, or failed */
export function callForeignFunction(name: string, input: ArrayBuffer): ArrayBuffer | null {
  const n = toBytes(name);
  const status = env.proxy_call_foreign_function(
    at(n),
    n.byteLength,
    at(input),
    input.byteLength,
    firstOut(),
    secondOut(),
  );
  return ok(status) ? outBytes() : null;
}
