/** Why a guest did not do what it was asked. */
export type FaultKind =
  /** The module trapped, or returned what it must not. */
  | "trap"
  /** Its stack overflowed. */
  | "stack"
  /** It ran out of fuel. */
  | "fuel"
  /** It used more processor time than it may. */
  | "cpu"
  /** The call took longer than it may. */
  | "timeout"
  /** It called proc_exit. */
  | "exit"
  /** Start functions, proxy_on_vm_start or proxy_on_configure refused. */
  | "start"
  /** Too many calls wait, or too many streams are open. */
  | "overload"
  /** It has crashed too often and is given a rest. */
  | "back-off"
  /** Its thread was ended because of another activation of the same function. */
  | "lost"
  /** It is being uninstalled. */
  | "gone";

/** One failure of a guest, in words for logs and answers. */
export interface GuestFault {
  readonly kind: FaultKind;
  /** One line, e.g. `trap in proxy_on_request_body: unreachable`. */
  readonly message: string;
}
