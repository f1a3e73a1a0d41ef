import { backoffMs, deferred, type Clock, type Deferred, type Timer } from "@layotto/sidecar-kit";
import type { BrokerSubscription, Delivery, PubSub, Receiver } from "../component.ts";
import { pubsubErrors } from "../errors.ts";
import type { Sink } from "./sink.ts";
import { Work, type WorkContext } from "./work.ts";

/** What a {@link Subscription} is made of. */
export interface SubscriptionOptions extends WorkContext {
  readonly group: string;
  readonly clock: Clock;
  /** @throws RpcError while the component is not open */
  component(): PubSub;
  /** Called when what {@link Subscription.info} says of the state has changed, or the subscription is unused. */
  changed(): void;
}

/** What is shown of a subscription. */
export interface SubscriptionInfo {
  readonly pubsub: string;
  readonly topic: string;
  readonly group: string;
  /** `"open"`, or why not. */
  readonly state: string;
  readonly sinks: readonly string[];
  readonly unsettled: number;
  /** Time since the oldest unsettled message was taken from the broker; undefined when there is none. */
  readonly oldestMs: number | undefined;
  /** As of a moment ago; undefined where the broker cannot tell. */
  readonly lag: number | undefined;
}

/** Without anybody to take messages, they are left to others of the group after this time. */
const LINGER_MS = 5000;

/**
 * A topic of a component, for all who take its messages here: the app, and streams that it has opened. The subscription
 * with the broker is there while somebody is ready to take messages, and a little longer.
 */
export class Subscription implements Receiver {
  readonly #options: SubscriptionOptions;
  readonly #work: Work;
  #broker: BrokerSubscription | undefined;
  #paused = false;
  #closing = false;
  #working: Promise<void> | undefined;
  #again = false;
  #draining = false;
  /** Whether the end of a drain waits for nobody any more. */
  #overdue = false;
  #stopWaiting = (): void => {};
  #failures = 0;
  #trouble = "";
  #retry: Timer | undefined;
  #linger: Timer | undefined;
  #opening: Deferred<void> | undefined;
  #lag: number | undefined;
  /** Whom the lag is being asked of: one that does not answer is not asked again. */
  #measured: BrokerSubscription | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#work = new Work(options);
  }

  /**
   * Adds somebody who takes messages.
   *
   * @returns when messages can come; rejects when the first attempt to subscribe fails. It goes on trying nevertheless.
   */
  attach(sink: Sink): Promise<void> {
    this.#work.addSink(sink);
    if (this.#broker !== undefined && this.#working === undefined) {
      this.changed();
      return Promise.resolve();
    }
    this.#opening ??= deferred<void>();
    const { promise } = this.#opening;
    promise.catch(() => {}); // not everybody waits for it
    this.changed();
    return promise;
  }

  /** The sink takes nothing more. */
  detach(sink: Sink): void {
    this.#work.removeSink(sink);
    this.changed();
  }

  /** Whether it may be forgotten. */
  get isUnused(): boolean {
    return this.#work.sinkCount === 0 && this.#broker === undefined && this.#working === undefined;
  }

  /** A sink has become ready or is so no more, or the component may be reached again. */
  changed(): void {
    if (this.#work.anyReady) {
      this.#linger?.cancel();
      this.#linger = undefined;
      this.#setPaused(false);
      this.#work.pump();
    } else {
      this.#setPaused(true);
      this.#startLinger();
    }
    this.#reconcile();
  }

  /** Tries to subscribe now instead of after the pause. */
  hurry(): void {
    if (this.#retry === undefined) return;
    this.#retry.cancel();
    this.#retry = undefined;
    this.#reconcile();
  }

  deliver(delivery: Delivery): void {
    this.#work.take(delivery);
  }

  revoke(delivery: Delivery): void {
    this.#work.revoke(delivery);
  }

  /**
   * Hands out nothing more, at once; resolves when what was handed out is settled, or given back after `graceMs`, and
   * the broker knows.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#setPaused(true);
    this.#work.stop();
    this.#retry?.cancel();
    this.#linger?.cancel();
    const timer = this.#options.clock.after(graceMs, () => {
      this.#overdue = true;
      this.#stopWaiting();
    });
    this.#reconcile();
    while (this.#working !== undefined) await this.#working;
    timer.cancel();
    this.#opening?.reject(pubsubErrors.STREAM_ENDING());
    this.#opening = undefined;
  }

  info(): SubscriptionInfo {
    const { pubsub, topic, group, clock } = this.#options;
    const { oldestMs, unsettled, sinks } = this.#work;
    return {
      pubsub,
      topic,
      group,
      state: this.#state(),
      sinks: [...sinks].map((sink) => (sink.ready ? sink.kind : `${sink.kind} (away)`)),
      unsettled,
      oldestMs: oldestMs === undefined ? undefined : Math.max(0, clock.now() - oldestMs),
      lag: this.#lag,
    };
  }

  /** Asks the broker for the lag; {@link info} shows it from then on. Never rejects. */
  async measureLag(): Promise<void> {
    const broker = this.#broker;
    if (broker?.lag === undefined || this.#measured === broker) return;
    this.#measured = broker;
    let lag: number | undefined;
    try {
      lag = await broker.lag();
    } catch {
      // Not known then.
    }
    if (this.#measured === broker) this.#measured = undefined;
    if (this.#broker === broker) this.#lag = lag;
  }

  #state(): string {
    if (this.#draining) return "draining";
    if (this.#broker !== undefined) return this.#paused ? "paused" : "open";
    if (this.#trouble !== "") return this.#trouble;
    return this.#work.anyReady ? "opening" : "waiting for the app";
  }

  /** Whether there should be a subscription with the broker. */
  get #wanted(): boolean {
    if (this.#draining || this.#work.sinkCount === 0) return false;
    return this.#work.anyReady || (this.#broker !== undefined && this.#linger !== undefined);
  }

  #startLinger(): void {
    if (this.#linger !== undefined || this.#draining || this.#broker === undefined) return;
    this.#linger = this.#options.clock.after(LINGER_MS, () => {
      this.#linger = undefined;
      this.#reconcile();
    });
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused || (this.#draining && !paused)) return;
    this.#paused = paused;
    if (this.#closing) return;
    if (paused) this.#broker?.pause();
    else this.#broker?.resume();
    if (this.#broker !== undefined) this.#options.changed();
  }

  /** Makes what is there what is wanted, one step after another. */
  #reconcile(): void {
    if (this.#working !== undefined) {
      this.#again = true;
      return;
    }
    if (this.#wanted === (this.#broker !== undefined)) return;
    this.#working = this.#run().finally(() => {
      this.#working = undefined;
      if (this.#again) {
        this.#again = false;
        this.#reconcile();
      }
      if (this.#working === undefined && this.#broker !== undefined) this.#ready();
      this.#options.changed();
    });
  }

  async #run(): Promise<void> {
    if (this.#broker !== undefined) await this.#close(this.#broker);
    else if (this.#retry === undefined) await this.#open();
  }

  async #open(): Promise<void> {
    const { pubsub, topic, group } = this.#options;
    const sinks = [...this.#work.sinks];
    const prefetch = Math.max(...sinks.map((sink) => sink.options.prefetch));
    const metadata = Object.assign({}, ...sinks.map((sink) => sink.metadata)) as Record<
      string,
      string
    >;
    this.#work.restart();
    try {
      const component = this.#options.component();
      const fault = component.topicFault(topic);
      if (fault !== undefined) throw pubsubErrors.TOPIC_INVALID(topic, pubsub, fault);
      this.#broker = await component.subscribe({ topic, group, prefetch, metadata }, this);
      this.#opened();
    } catch (error) {
      this.#openFailed(error);
    }
  }

  #opened(): void {
    if (this.#failures > 0)
      this.#options.warn({ failures: this.#failures }, "subscribed after all");
    this.#failures = 0;
    this.#trouble = "";
    if (this.#paused) this.#broker?.pause();
    this.#ready();
  }

  /** Tells those who wait that messages can come. */
  #ready(): void {
    this.#opening?.resolve();
    this.#opening = undefined;
  }

  #openFailed(error: unknown): void {
    this.#failures++;
    this.#trouble = error instanceof Error ? error.message : String(error);
    if (this.#failures === 1)
      this.#options.warn({ reason: this.#trouble }, "cannot subscribe, trying again");
    this.#opening?.reject(error);
    this.#opening = undefined;
    if (this.#draining) return;
    this.#retry = this.#options.clock.after(backoffMs(this.#failures), () => {
      this.#retry = undefined;
      this.#reconcile();
    });
  }

  async #close(broker: BrokerSubscription): Promise<void> {
    this.#setPaused(true);
    this.#closing = true;
    this.#work.stop();
    await this.#idle();
    try {
      await broker.close();
    } catch (error) {
      this.#options.warn({ err: error }, "cannot end a subscription in good order");
    }
    this.#closing = false;
    this.#broker = undefined;
    this.#lag = undefined;
    this.#paused = !this.#work.anyReady;
  }

  /** Resolves when no sink has a message, or the time of a drain is over. */
  async #idle(): Promise<void> {
    const { promise, resolve } = deferred<void>();
    this.#stopWaiting = resolve;
    if (this.#overdue) resolve();
    void this.#work.idle().then(resolve);
    await promise;
  }
}
