import { WasmStatus } from "../model/host-calls.ts";
import { refusal } from "./refusal.ts";

/** A token (RFC 9110 §5.6.2), or a pseudo header; in lower case already. */
const namePattern = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/u;
const forbiddenInValue = /[\0\r\n]/u;

/**
 * Makes the name of a header lower case.
 *
 * @throws Refusal BAD_ARGUMENT: no name of a header
 */
export function headerName(text: string): string {
  const name = text.toLowerCase();
  if (!namePattern.test(name)) throw refusal(WasmStatus.BAD_ARGUMENT);
  return name;
}

/** @throws Refusal BAD_ARGUMENT: a line end or NUL, which would become a header of its own somewhere */
export function headerText(value: string): string {
  if (forbiddenInValue.test(value)) throw refusal(WasmStatus.BAD_ARGUMENT);
  return value;
}
