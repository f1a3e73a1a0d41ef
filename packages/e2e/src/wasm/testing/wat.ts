import wabtModule from "wabt";

type Wabt = Awaited<ReturnType<typeof wabtModule>>;

let loaded: Promise<Wabt> | undefined;

const features = { mutable_globals: true, bulk_memory: true };

/**
 * Makes a module of WebAssembly text.
 *
 * @throws Error with the place of the fault
 */
export async function wat(text: string): Promise<Buffer> {
  loaded ??= wabtModule();
  const module = (await loaded).parseWat("fixture.wat", text, features);
  try {
    return Buffer.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
