import type { Component, MaybePromise } from "@layotto/sidecar-kit";

/** What a back end of the hello capability can do. */
export interface Greeter extends Component {
  /** Returns the greeting for a name; the name may be empty. */
  greet(name: string): MaybePromise<string>;
  /**
   * Replaces the metadata while it runs. A type that cannot do so leaves it out.
   *
   * @param metadata all of it: what is not given has its default again
   */
  reconfigure?(metadata: Readonly<Record<string, string>>): void;
}
