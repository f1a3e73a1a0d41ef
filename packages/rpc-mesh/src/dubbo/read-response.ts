import { HessianError } from "../hessian/hessian-error.ts";
import { HessianReader } from "../hessian/hessian-reader.ts";
import { HESSIAN2, ResponseType } from "./constants.ts";
import type { DubboFrame } from "./dubbo-frame.ts";

/** An exception that a service threw. */
export interface ThrownException {
  /** Java class, e.g. `com.test.NoSuchUser`; empty when it cannot be read. */
  readonly className: string;
  /** Its message; empty when there is none. */
  readonly message: string;
}

/** Returns the exception in an answer with status OK; undefined: there is none, or the body is not Hessian. */
export function readException(frame: DubboFrame): ThrownException | undefined {
  if (frame.serialization !== HESSIAN2) return undefined;
  const reader = new HessianReader(frame.buffer, frame.bodyAt, frame.end);
  try {
    const type = reader.int();
    const isException =
      type === ResponseType.EXCEPTION || type === ResponseType.EXCEPTION_WITH_ATTACHMENTS;
    return isException ? readThrown(reader) : undefined;
  } catch (error) {
    if (error instanceof HessianError) return undefined;
    throw error;
  }
}

/** Returns the text of an answer with another status than OK. */
export function readErrorText(frame: DubboFrame): string {
  if (frame.serialization !== HESSIAN2) return "";
  try {
    return new HessianReader(frame.buffer, frame.bodyAt, frame.end).textOrNull() ?? "";
  } catch (error) {
    if (error instanceof HessianError) return "";
    throw error;
  }
}

/** `java.lang.Throwable` keeps its message in the field `detailMessage`. */
function readThrown(reader: HessianReader): ThrownException {
  let className = "";
  try {
    const definition = reader.beginObject();
    if (definition === undefined) return { className, message: reader.scalar() ?? "" };
    className = definition.name;
    for (const field of definition.fields) {
      if (field === "detailMessage") return { className, message: reader.scalar() ?? "" };
      reader.skip();
    }
  } catch (error) {
    if (!(error instanceof HessianError)) throw error;
  }
  return { className, message: "" };
}
