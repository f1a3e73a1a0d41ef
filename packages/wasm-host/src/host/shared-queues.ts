import { WasmStatus } from "../model/host-calls.ts";
import { accepted, failed, refused, withNumber, withValue } from "./answers.ts";
import type { Grants } from "./grants.ts";
import { functionOf, type HostCaller, type HostHandlers } from "./host-caller.ts";
import { SharedQueue } from "./shared-queue.ts";

/** What shared queues may use up. */
export interface SharedQueueLimits {
  /** Queues of one function. Default 64. */
  readonly queues: number;
  /** Items of one queue. Default 10 000. */
  readonly items: number;
  /** Items of one queue, octets. Default 4 MiB. */
  readonly bytes: number;
  /** The same of all queues of one function. Default 16 MiB. */
  readonly ownerBytes: number;
  /** The same of all queues together. Default 64 MiB. */
  readonly totalBytes: number;
}

export const sharedQueueLimits: SharedQueueLimits = {
  queues: 64,
  items: 10_000,
  bytes: 4 * 1024 * 1024,
  ownerBytes: 16 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
};

type QueueOps = "register_queue" | "resolve_queue" | "enqueue" | "dequeue";

/**
 * Queues that all instances and versions of a function share for as long as it is installed; its name is the VM id.
 * Queues of another function can be used by those that may invoke it.
 */
export class SharedQueues {
  readonly #grants: Grants;
  readonly #limits: SharedQueueLimits;
  /** By function, then by name of the queue. */
  readonly #spaces = new Map<string, Map<string, SharedQueue>>();
  readonly #byId = new Map<number, SharedQueue>();
  readonly #registered = new Map<HostCaller, Set<SharedQueue>>();
  #totalBytes = 0;
  #lastId = 0;

  constructor(grants: Grants, limits: SharedQueueLimits = sharedQueueLimits) {
    this.#grants = grants;
    this.#limits = limits;
  }

  /** Host calls. */
  handlers(): HostHandlers<QueueOps> {
    return {
      register_queue: (caller, [name], answer) => {
        const queue = this.#register(caller, name);
        answer(queue === undefined ? failed : withNumber(queue.id));
      },
      resolve_queue: (caller, [vmId, name], answer) => {
        const owner = vmId === "" ? functionOf(caller) : vmId;
        if (!this.#mayUse(caller, owner, "resolve_queue"))
          return answer(refused(WasmStatus.NOT_FOUND));
        const queue = this.#spaces.get(owner)?.get(name);
        answer(queue === undefined ? refused(WasmStatus.NOT_FOUND) : withNumber(queue.id));
      },
      enqueue: (caller, [id, data], answer) => {
        const queue = this.#find(caller, id, "enqueue");
        if (queue === undefined) return answer(refused(WasmStatus.NOT_FOUND));
        answer(this.#push(queue, data) ? accepted : failed);
      },
      dequeue: (caller, [id], answer) => {
        const queue = this.#find(caller, id, "dequeue");
        if (queue === undefined) return answer(refused(WasmStatus.NOT_FOUND));
        const item = queue.shift();
        this.#totalBytes -= item?.length ?? 0;
        answer(item === undefined ? refused(WasmStatus.EMPTY) : withValue(item));
      },
    };
  }

  /** The instance is gone. */
  release(caller: HostCaller): void {
    for (const queue of this.#registered.get(caller) ?? []) queue.unregister(caller);
    this.#registered.delete(caller);
  }

  /** The function is uninstalled: its queues go. */
  forget(name: string): void {
    for (const queue of this.#spaces.get(name)?.values() ?? []) {
      this.#totalBytes -= queue.bytes;
      this.#byId.delete(queue.id);
    }
    this.#spaces.delete(name);
  }

  #register(caller: HostCaller, name: string): SharedQueue | undefined {
    const queue = this.#open(functionOf(caller), name);
    if (queue === undefined) return undefined;
    const registered = this.#registered.get(caller) ?? new Set();
    this.#registered.set(caller, registered.add(queue));
    queue.register(caller);
    return queue;
  }

  #open(owner: string, name: string): SharedQueue | undefined {
    const space = this.#spaces.get(owner) ?? new Map<string, SharedQueue>();
    const found = space.get(name);
    if (found !== undefined || space.size >= this.#limits.queues) return found;
    const queue = new SharedQueue(++this.#lastId, owner);
    this.#spaces.set(owner, space.set(name, queue));
    this.#byId.set(queue.id, queue);
    return queue;
  }

  #push(queue: SharedQueue, data: Uint8Array): boolean {
    const { items, bytes, ownerBytes, totalBytes } = this.#limits;
    if (queue.length >= items || queue.bytes + data.length > bytes) return false;
    if (this.#totalBytes + data.length > totalBytes) return false;
    if (this.#bytesOf(queue.owner) + data.length > ownerBytes) return false;
    this.#totalBytes += data.length;
    queue.push(data);
    return true;
  }

  #bytesOf(owner: string): number {
    let sum = 0;
    for (const queue of this.#spaces.get(owner)?.values() ?? []) sum += queue.bytes;
    return sum;
  }

  /** Ids are easy to guess: each use is checked. */
  #find(caller: HostCaller, id: number, op: QueueOps): SharedQueue | undefined {
    const queue = this.#byId.get(id);
    return queue !== undefined && this.#mayUse(caller, queue.owner, op) ? queue : undefined;
  }

  #mayUse(caller: HostCaller, owner: string, op: QueueOps): boolean {
    return owner === functionOf(caller) || this.#grants.allows(caller, "services", owner, op);
  }
}
