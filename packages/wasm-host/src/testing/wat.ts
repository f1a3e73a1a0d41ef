import wabtModule from "wabt";

type Wabt = Awaited<ReturnType<typeof wabtModule>>;

let loaded: Promise<Wabt> | undefined;

/** Features that Node.js 20 runs without flags. */
const features = {
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  bulk_memory: true,
  multi_value: true,
  reference_types: true,
};

/**
 * Makes a module of WebAssembly text.
 *
 * @throws Error with the place of the fault
 */
export async function wat(text: string): Promise<Uint8Array> {
  loaded ??= wabtModule();
  const wabt = await loaded;
  const module = wabt.parseWat("fixture.wat", text, features);
  try {
    return new Uint8Array(module.toBinary({ write_debug_names: true }).buffer);
  } finally {
    module.destroy();
  }
}
