import type { FaultKind } from "../model/fault.ts";

/** What a child process is told. */
export type ChildOrder =
  /** Once, first. */
  | {
      readonly t: "load";
      /** Name of the program: its first argument. */
      readonly name: string;
      readonly bytes: Uint8Array;
      /** A program with the same imports that does nothing. */
      readonly trial: Uint8Array;
    }
  /** One at a time. */
  | {
      readonly t: "run";
      readonly call: number;
      readonly stdin: Uint8Array;
      readonly environment: Readonly<Record<string, string>>;
      /** Largest output, octets. */
      readonly outputBytes: number;
    };

/** What a child process says. */
export type ChildReport =
  /** The program is compiled, and its imports are there. */
  | { readonly t: "loaded" }
  | { readonly t: "refused"; readonly message: string }
  /** Lines that the program wrote to its standard error. */
  | { readonly t: "lines"; readonly lines: readonly string[] }
  | {
      readonly t: "ended";
      readonly call: number;
      readonly exitCode: number;
      readonly stdout: Uint8Array;
      /** The last line of its standard error; "": there is none. */
      readonly lastLine: string;
      readonly us: number;
    }
  /** The program did not end by itself, or the SDK failed: the process is of no further use. */
  | {
      readonly t: "broken";
      readonly call: number;
      readonly kind: FaultKind;
      readonly message: string;
      readonly us: number;
    };
