import type { Logger } from "@layotto/sidecar-kit";
import type { BodyContext } from "../config/read-body.ts";
import type { Installer } from "./installer.ts";
import type { OrderBook } from "./order-book.ts";
import type { OrderRecord } from "./order-file.ts";
import { readOrder } from "./read-order.ts";

/** What {@link KeptOrders} is made with. */
export interface KeptOrdersOptions {
  readonly book: OrderBook;
  readonly installer: Pick<Installer, "ordered" | "orderGone">;
  readonly context: BodyContext;
  readonly logger: Logger;
}

/** Installs functions that were ordered before the process started, or of another process beside it. */
export class KeptOrders {
  private readonly options: KeptOrdersOptions;
  private first: Promise<void>[] | undefined = [];

  constructor(options: KeptOrdersOptions) {
    this.options = options;
  }

  /** Begins to follow the orders. Resolves when those that are there are known, with a promise that they are installed. */
  async start(): Promise<{ installed: Promise<unknown> }> {
    const { book, installer, logger } = this.options;
    await book.follow({
      onOrder: (name, record) => this.install(name, record),
      onGone: (name) => void installer.orderGone(name),
      onFault: ({ message }) => logger.warn({ reason: message }, "kept orders"),
    });
    const { first = [] } = this;
    this.first = undefined;
    return { installed: Promise.all(first) };
  }

  stop(): void {
    this.options.book.stop();
  }

  private install(name: string, record: OrderRecord): void {
    const { installer, context, logger } = this.options;
    try {
      // It goes by its file, whatever is written in it: by that it will be gone, too.
      const body = { ...record.body, name };
      const installed = installer.ordered(readOrder({ ...record, body }, context).settings);
      this.first?.push(installed);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ function: name, reason }, "kept order cannot be carried out");
    }
  }
}
