import { answering, guest } from "./guest-text.ts";

const marker = "version-0000";

/** Makes modules that answer their number, each another file of the same size. */
export async function numberedModules(bytes: number): Promise<(number: number) => Buffer> {
  const module = padded(await guest({ onRequestBody: answering(marker) }), bytes);
  const at = module.indexOf(marker);
  return (number) => {
    const own = Buffer.from(module);
    own.write(versionText(number), at);
    return own;
  };
}

/** What the module of a number answers. */
export function versionText(number: number): string {
  return `version-${String(number).padStart(4, "0")}`;
}

/** A module with a custom section that makes it so large. */
function padded(module: Buffer, bytes: number): Buffer {
  const name = Buffer.from("\x07padding", "latin1");
  const content = Buffer.concat([name, Buffer.alloc(Math.max(0, bytes - module.length), 0x5a)]);
  return Buffer.concat([module, Buffer.from([0]), leb(content.length), content]);
}

function leb(value: number): Buffer {
  const octets: number[] = [];
  let rest = value;
  do {
    octets.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(octets);
}
