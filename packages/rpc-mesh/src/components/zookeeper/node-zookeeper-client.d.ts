// What is used of the library, which has no types of its own.
declare module "node-zookeeper-client" {
  import type { EventEmitter } from "node:events";

  interface Stat {
    /** Session of an ephemeral node, 8 bytes. */
    readonly ephemeralOwner: Buffer;
  }

  interface ZkEvent {
    readonly type: number;
    readonly path: string;
  }

  type Watcher = (event: ZkEvent) => void;
  type Callback<T> = (error: ZkException | null, value: T) => void;

  interface ZkException extends Error {
    readonly code: number;
  }

  interface Client extends EventEmitter {
    connect(): void;
    close(): void;
    getSessionId(): Buffer;
    addAuthInfo(scheme: string, auth: Buffer): void;
    create(path: string, acls: readonly ACL[], mode: number, callback: Callback<string>): void;
    remove(path: string, callback: (error: ZkException | null) => void): void;
    exists(path: string, callback: Callback<Stat | null>): void;
    exists(path: string, watcher: Watcher, callback: Callback<Stat | null>): void;
    getChildren(path: string, callback: Callback<string[]>): void;
    getChildren(path: string, watcher: Watcher, callback: Callback<string[]>): void;
  }

  interface Options {
    /** ms */
    readonly sessionTimeout: number;
    /** Longest pause, ms, before all servers are tried again. */
    readonly spinDelay: number;
  }

  class ACL {
    static readonly OPEN_ACL_UNSAFE: readonly ACL[];
    static readonly CREATOR_ALL_ACL: readonly ACL[];
    static readonly READ_ACL_UNSAFE: readonly ACL[];
  }

  const CreateMode: { readonly PERSISTENT: number; readonly EPHEMERAL: number };
  const Exception: {
    readonly NO_NODE: number;
    readonly NODE_EXISTS: number;
    readonly NO_AUTH: number;
    readonly CONNECTION_LOSS: number;
    readonly SESSION_EXPIRED: number;
    readonly AUTH_FAILED: number;
  };

  function createClient(servers: string, options: Options): Client;
}
