import type { CallOptions, Component, MaybePromise } from "@layotto/sidecar-kit";

/** How an unlock or a keep-alive ended. */
export type LockOutcome = "success" | "absent" | "other-owner";

/**
 * What a lock back end implements. Locks are not reentrant: the owner who asks again is refused like anybody else.
 * The conformance suite checks that at most one owner holds a lock at any moment, whatever the wall clock does.
 *
 * A store over several independent masters (quorum) implements the same interface.
 */
export interface LockStore extends Component {
  /**
   * Takes the lock if nobody holds it; never waits for it.
   *
   * @param expireSeconds positive; the lock frees itself that long after it was taken
   * @returns whether the caller holds the lock now
   */
  tryLock(
    key: string,
    owner: string,
    expireSeconds: number,
    options: CallOptions,
  ): MaybePromise<boolean>;
  /** Frees the lock if `owner` holds it. */
  unlock(key: string, owner: string, options: CallOptions): MaybePromise<LockOutcome>;
  /** Lets the lock expire `expireSeconds` from now if `owner` holds it. */
  keepAlive(
    key: string,
    owner: string,
    expireSeconds: number,
    options: CallOptions,
  ): MaybePromise<LockOutcome>;
}
