import type { WholeAnswer, WholeHandler, WholeRequest } from "@layotto/http1";
import type { Logger } from "@layotto/sidecar-kit";
import { WasmError } from "../errors.ts";
import { done, jsonAnswer, nothingHere, refusalAnswer } from "./admin-answers.ts";
import { readJsonBody } from "./admin-body.ts";
import { Guard } from "./guard.ts";
import { readRollbackBody, readWeightsBody } from "./read-orders.ts";

/** Largest body of an order, octets: the largest usual module in base64. */
export const MAX_ORDER_BYTES = 24 * 1024 * 1024;

/** Who carries out orders. */
export interface AdminOrders {
  /** @throws WasmError */
  install(body: Record<string, unknown>): Promise<void>;
  update(body: Record<string, unknown>): Promise<void>;
  uninstall(body: Record<string, unknown>): Promise<void>;
  rollback(order: { name: string; version?: number }): Promise<void>;
  weigh(order: { name: string; weights: readonly number[] }): Promise<void>;
  list(): unknown;
  stats(): unknown;
}

/** What {@link AdminServer} is made with. */
export interface AdminServerOptions {
  readonly orders: AdminOrders;
  /** What callers must send. Undefined: nothing. */
  readonly token: string | undefined;
  /** It listens for callers of this machine only. */
  readonly isLocal: boolean;
  readonly logger: Logger;
}

/** The order API: Layotto's paths, bodies and answers, and some of our own. */
export class AdminServer {
  readonly handler: WholeHandler = (request) => void this.serve(request);
  private readonly orders: AdminOrders;
  private readonly guard: Guard;
  private readonly logger: Logger;

  constructor({ orders, token, isLocal, logger }: AdminServerOptions) {
    this.orders = orders;
    this.guard = new Guard(token, isLocal);
    this.logger = logger;
  }

  private async serve(request: WholeRequest): Promise<void> {
    let answer: WholeAnswer;
    try {
      this.guard.check(request);
      answer = await this.answer(request);
    } catch (error) {
      this.tell(request, error);
      answer = refusalAnswer(error);
    }
    request.respond(answer);
  }

  private async answer({ path, body }: WholeRequest): Promise<WholeAnswer> {
    const { orders } = this;
    const queryAt = path.indexOf("?");
    switch (queryAt < 0 ? path : path.slice(0, queryAt)) {
      case "/wasm/install":
        await orders.install(readJsonBody(body));
        return done;
      case "/wasm/update":
        await orders.update(readJsonBody(body));
        return done;
      case "/wasm/uninstall":
        await orders.uninstall(readJsonBody(body));
        return done;
      case "/wasm/rollback":
        await orders.rollback(readRollbackBody(readJsonBody(body)));
        return done;
      case "/wasm/weights":
        await orders.weigh(readWeightsBody(readJsonBody(body)));
        return done;
      case "/wasm/list":
        return jsonAnswer(orders.list());
      case "/wasm/stats":
        return jsonAnswer(orders.stats());
      default:
        return nothingHere;
    }
  }

  private tell({ path }: WholeRequest, error: unknown): void {
    if (!(error instanceof WasmError))
      return this.logger.error({ err: error, path }, "order failed");
    const { reason, message } = error;
    this.logger.warn({ path: path.slice(0, 100), reason, text: message }, "order refused");
  }
}
