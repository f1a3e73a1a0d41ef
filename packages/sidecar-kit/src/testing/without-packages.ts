/** An option for Node, e.g. in NODE_OPTIONS, with which importing any of these packages fails. */
export function withoutPackages(...names: string[]): string {
  const hook = `export async function resolve(name, context, next) {
    if (${JSON.stringify(names)}.includes(name)) throw new Error("imported " + name);
    return next(name, context);
  }`;
  const register = `import { register } from "node:module"; register(${JSON.stringify(moduleUrl(hook))});`;
  return `--import=${moduleUrl(register)}`;
}

function moduleUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
