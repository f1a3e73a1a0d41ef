/** The guest called proc_exit. */
export class GuestExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.name = "GuestExit";
    this.code = code;
  }
}

/** The guest called abort, or asked for something that ends it. */
export class GuestAbort extends Error {
  constructor(message: string) {
    super(message);
    this.name = "GuestAbort";
  }
}

/** Why a guest ends that asks the main thread where it cannot be suspended. */
export const notNow =
  "an allocator or a module's start function called a host function that has to wait";
