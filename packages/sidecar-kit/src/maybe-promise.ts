import type { MaybePromise } from "./component.ts";

/** Applies `change` to a value, at once when it is there, otherwise when its promise resolves. */
export function mapMaybe<A, B>(value: MaybePromise<A>, change: (value: A) => B): MaybePromise<B> {
  return value instanceof Promise ? value.then(change) : change(value);
}
