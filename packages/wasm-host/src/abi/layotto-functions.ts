import { WasmStatus } from "../model/host-calls.ts";
import { asking, type HostFunctionTable } from "./host-function.ts";

/**
 * Host functions of Layotto, in module `env`. `proxy_get_state` and `proxy_invoke_service` are Layotto's own; the others
 * are additions of this host.
 *
 * All parameters are i32; texts and octets are an address and a length, `*x` is an address where the host writes, u32
 * little endian unless said. The result is a status. Values are written to memory that the guest's allocator gives
 * (`proxy_on_memory_allocate`, otherwise `malloc`) and that the guest owns; an empty value is address 0, length 0. Nothing
 * is written unless the status is OK.
 *
 * | function | parameters |
 * |---|---|
 * | proxy_get_state | store, length, key, length, *value, *length; a missing key is OK with an empty value |
 * | proxy_set_state | store, length, key, length, value, length |
 * | proxy_delete_state | store, length, key, length |
 * | proxy_publish_event | component, length, topic, length, content type, length, data, length |
 * | proxy_try_lock | store, length, resource, length, owner, length, seconds, *acquired: 1 the owner has it now, 0 somebody else |
 * | proxy_unlock | store, length, resource, length, owner, length, *result: 0 free now, 1 no such lock, 2 somebody else's, 3 internal error |
 * | proxy_get_next_id | store, length, key, length, *id: i64 |
 * | proxy_get_secret | store, length, name, length, *map, *length: serialized as header maps are, UTF-8 |
 * | proxy_get_configuration_item | store, length, key, length, *value, *length; a missing item is NOT_FOUND |
 * | proxy_invoke_service | id, length, method, length, data, length, *result, *length; the method may be empty |
 *
 * INVALID_MEMORY_ACCESS: an address is outside of the memory, or the allocator gives none. BAD_ARGUMENT: `seconds` below
 * 1, a text above 64 KiB, data above the largest body. INTERNAL_FAILURE is everything else: an error of the Runtime API, the
 * deadline, functions nested too deep, a capability that is not granted; the log says which.
 */
export const layottoFunctions: HostFunctionTable = {
  proxy_get_state: asking(
    "iiiiii",
    ({ memory }, store, storeLength, key, keyLength) => ({
      op: "get_state",
      args: [memory.text(store, storeLength), memory.text(key, keyLength)],
    }),
    ({ memory }, { value }, _s, _sl, _k, _kl, valueOut, sizeOut) =>
      memory.give(value, valueOut, sizeOut),
  ),
  proxy_set_state: asking(
    "iiiiii",
    ({ memory }, store, storeLength, key, keyLength, value, valueLength) => ({
      op: "save_state",
      args: [
        memory.text(store, storeLength),
        memory.text(key, keyLength),
        memory.copy(value, valueLength),
      ],
    }),
  ),
  proxy_delete_state: asking("iiii", ({ memory }, store, storeLength, key, keyLength) => ({
    op: "delete_state",
    args: [memory.text(store, storeLength), memory.text(key, keyLength)],
  })),
  proxy_publish_event: asking(
    "iiiiiiii",
    ({ memory }, component, cl, topic, tl, type, ctl, data, dl) => ({
      op: "publish_event",
      args: [
        memory.text(component, cl),
        memory.text(topic, tl),
        memory.text(type, ctl),
        memory.copy(data, dl),
      ],
    }),
  ),
  proxy_try_lock: asking(
    "iiiiiisi",
    ({ memory }, store, sl, resource, rl, owner, ol, seconds, acquiredOut) => {
      // Nobody would know of the lock if this were found out afterwards.
      memory.u32(acquiredOut);
      return {
        op: "try_lock",
        args: [memory.text(store, sl), memory.text(resource, rl), memory.text(owner, ol), seconds],
      };
    },
    ({ memory }, { extra }, _s, _sl, _r, _rl, _o, _ol, _seconds, acquiredOut) => {
      memory.setU32(acquiredOut, extra);
      return WasmStatus.OK;
    },
  ),
  proxy_unlock: asking(
    "iiiiiii",
    ({ memory }, store, sl, resource, rl, owner, ol, resultOut) => {
      memory.u32(resultOut);
      return {
        op: "unlock",
        args: [memory.text(store, sl), memory.text(resource, rl), memory.text(owner, ol)],
      };
    },
    ({ memory }, { extra }, _s, _sl, _r, _rl, _o, _ol, resultOut) => {
      memory.setU32(resultOut, extra);
      return WasmStatus.OK;
    },
  ),
  proxy_get_next_id: asking(
    "iiiii",
    ({ memory }, store, storeLength, key, keyLength, idOut) => {
      memory.peek(idOut, 8);
      return {
        op: "get_next_id",
        args: [memory.text(store, storeLength), memory.text(key, keyLength)],
      };
    },
    ({ memory }, { value }, _s, _sl, _k, _kl, idOut) => {
      memory.set(idOut, value);
      return WasmStatus.OK;
    },
  ),
  proxy_get_secret: asking(
    "iiiiii",
    ({ memory }, store, storeLength, name, nameLength) => ({
      op: "get_secret",
      args: [memory.text(store, storeLength), memory.text(name, nameLength)],
    }),
    ({ memory }, { value }, _s, _sl, _n, _nl, mapOut, sizeOut) =>
      memory.give(value, mapOut, sizeOut),
  ),
  proxy_get_configuration_item: asking(
    "iiiiii",
    ({ memory }, store, storeLength, key, keyLength) => ({
      op: "get_configuration",
      args: [memory.text(store, storeLength), memory.text(key, keyLength)],
    }),
    ({ memory }, { value }, _s, _sl, _k, _kl, valueOut, sizeOut) =>
      memory.give(value, valueOut, sizeOut),
  ),
  proxy_invoke_service: asking(
    "iiiiiiii",
    ({ memory }, id, idLength, method, methodLength, data, dataLength) => ({
      op: "invoke_service",
      args: [
        memory.text(id, idLength),
        memory.text(method, methodLength),
        memory.copy(data, dataLength),
      ],
    }),
    ({ memory }, { value }, _i, _il, _m, _ml, _d, _dl, resultOut, sizeOut) =>
      memory.give(value, resultOut, sizeOut),
  ),
};
