import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { DirectAction, ForwardAction, RedirectAction } from "../model/route.ts";
import { rewritePath } from "../routing/router.ts";
import { AdmittedCall } from "./admitted-call.ts";
import { Attempt } from "./attempt.ts";
import type { CallReport } from "./call-log.ts";
import { Reason, type MeshFailure } from "./failure.ts";
import { noHostText, noRouteText } from "./failure-texts.ts";
import { LiveAttempts } from "./live-attempts.ts";
import { settle } from "./settle.ts";
import { meshFailure } from "./statuses.ts";
import { Grade, type Verdict } from "./verdict.ts";

export type { CallOptions } from "./call-options.ts";

/** Longest wait that a host may ask for where nothing limits the call, ms. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Hosts whose breakers refuse are passed over, so many at most. */
const MAX_LOOKS = 3;

/**
 * One call under governance, whatever its protocol: faults, limits, routing, the choice of hosts, timeouts, retries,
 * hedging, and the accounts of all that. A protocol extends it: the engine says when to send, to give up and to fail, and
 * is told what came of it. Nothing here is asynchronous but timers, so a call costs no promise.
 *
 * States: new → waiting (fault delay, throttling, back-off) ⇄ sent → answered → over.
 */
export abstract class GovernedCall extends AdmittedCall {
  readonly #live = new LiveAttempts();
  #winner: Attempt | undefined;
  #grade: Grade = Grade.SUCCESS;
  /** Time to the head of the answer, ms. */
  #headMs = 0;
  #complete = false;
  #mirrorsSent = false;
  #lastFailure: MeshFailure | undefined;

  /** Everything sent so far is kept: another attempt can send it. */
  protected abstract get replayable(): boolean;
  /** By its verb it may run twice. */
  protected abstract get idempotent(): boolean;
  /** Sends the call to `attempt.host`. To be followed by one of {@link answered} and {@link broken}, unless it is aborted. */
  protected abstract send(attempt: Attempt): void;
  /** Gives an attempt up without a word: nothing of it may be reported any more. */
  protected abstract abort(attempt: Attempt): void;
  /** The final answer is the mesh's own. At most once, and never after {@link answered} has returned true. */
  protected abstract fail(failure: MeshFailure): void;
  /** Sends a copy to a host and drops its answer. */
  protected mirror?(cluster: Cluster, host: Host): void;
  /** The call is over, however it ended; called once. */
  protected ended?(): void;

  /** Protocols without redirects and bodies of their own answer that there is no route. */
  protected direct(_action: DirectAction | RedirectAction): void {
    this.fail(meshFailure(Reason.NO_ROUTE, noRouteText(this.options)));
  }

  /** The total time is over while the answer is being delivered: it cannot be finished. Its attempt is aborted already. */
  protected cutOff(_failure: MeshFailure): void {
    // For protocols whose answers come whole there is nothing to cut.
  }

  /** Whether the total timeout covers the answer to its end, or only until its head. */
  protected get timesWholeAnswer(): boolean {
    return true;
  }

  /** Whether the protocol can have several attempts under way. */
  protected get mayHedge(): boolean {
    return true;
  }

  /** What is left of the call's time, ms; Infinity: nothing limits it. */
  protected get timeLeftMs(): number {
    return this.timing.endsAt - this.mesh.clock.monotonic();
  }

  /** The whole request is at hand. Mirrors are sent now. */
  requestComplete(): void {
    this.#complete = true;
    if (this.cluster !== undefined && !this.over) this.#sendMirrors();
  }

  /** The caller went away: attempts are given up. */
  cancelled(): void {
    if (this.over) return;
    this.books.cancelled();
    // A caller that leaves because its time is over says that the hosts took too long.
    if (this.timing.isLate) this.#settleAll(Reason.TIMEOUT);
    this.#abortAll();
    this.#end();
  }

  /** Reported by the protocol: the request itself is why the call cannot go on. A delivery under way is to be cut off. */
  protected refused(failure: MeshFailure): void {
    if (this.over) return;
    const winner = this.#winner;
    this.#abortAll();
    if (winner === undefined) return this.finish(failure);
    this.books.failed(failure.reason, this.#live.count);
    this.#end();
  }

  /** Reported by the protocol: an answer begins. True: deliver it. False: it is dropped, another attempt follows. */
  protected answered(attempt: Attempt, verdict: Verdict): boolean {
    if (attempt.over || this.over) return false;
    attempt.timer?.cancel();
    attempt.headMs = this.mesh.clock.monotonic() - attempt.startedAt;
    // What begins well counts only when it has ended well.
    if (verdict.grade > Grade.CLIENT_ERROR) this.#settle(attempt, verdict.grade);
    if (verdict.grade !== Grade.SUCCESS && this.#mayRetryAnswer(attempt, verdict)) {
      this.#settle(attempt, verdict.grade);
      this.#retry(attempt, verdict.retryAfterMs);
      return false;
    }
    if (verdict.grade >= Grade.SERVER_ERROR && this.#live.several) {
      this.#live.drop(attempt);
      return false;
    }
    this.#winner = attempt;
    this.#grade = verdict.grade;
    this.books.status = verdict.code;
    this.#abortOthers(attempt);
    this.#headMs = this.timing.elapsedMs;
    if (!this.timesWholeAnswer) this.timing.stopTotal();
    return true;
  }

  /** Reported by the protocol: there is no answer, or not the whole of it. */
  protected broken(attempt: Attempt, reason: Reason, detail: string): void {
    if (attempt === this.#winner) return this.#deliveryBroke(attempt, reason);
    if (attempt.over || this.over) return;
    this.#settle(attempt, reason);
    const failure = meshFailure(reason, detail);
    this.#lastFailure = failure;
    if (this.#mayRetryFailure(reason)) return this.#retry(attempt, undefined);
    this.#live.drop(attempt);
    if (!this.#live.any) this.finish(failure);
  }

  /**
   * Reported by the protocol: the answer has been delivered whole.
   *
   * @param grade what the end of the answer says, where its head did not tell all (gRPC)
   * @param status likewise
   */
  protected completed(
    attempt: Attempt,
    grade: Grade = this.#grade,
    status = this.books.status,
  ): void {
    if (attempt !== this.#winner || this.over) return;
    this.books.status = status;
    this.#settle(attempt, grade);
    this.#live.leave(attempt);
    this.books.answered(grade, this.#headMs, this.timing.startedAt + this.#headMs);
    this.#end();
  }

  protected override dispatch(first: Host | undefined): void {
    this.#sendMirrors();
    this.#startAttempt(first);
  }

  protected override finishDirect(action: DirectAction | RedirectAction): void {
    this.books.status = action.status;
    if (this.books.route !== undefined) this.books.route.counters.direct++;
    this.#end();
    this.direct(action);
  }

  protected override finish(failure: MeshFailure): void {
    if (this.over) return;
    this.books.failed(failure.reason, this.#live.count);
    this.#end();
    this.fail(failure);
  }

  protected override timedOut(ms: number): void {
    if (this.over) return;
    const winner = this.#winner;
    const host = winner?.host ?? this.#live.current?.host;
    const from = host === undefined ? "" : `from ${host.address} `;
    const failure = meshFailure(Reason.TIMEOUT, `no answer ${from}within ${Math.ceil(ms)} ms`);
    this.#settleAll(Reason.TIMEOUT);
    this.#abortAll();
    if (winner === undefined) return this.finish(failure);
    this.books.failed(Reason.TIMEOUT, this.#live.count);
    this.cutOff(failure);
    this.#end();
  }

  /** Chooses a host and sends to it. @param first chosen already */
  #startAttempt(first?: Host): void {
    const { cluster, books, route } = this;
    const state = books.cluster;
    if (cluster === undefined || state === undefined) return;
    const host = first ?? this.#pickHost(cluster);
    if (host === undefined) {
      if (this.#live.any) return;
      return this.finish(this.#lastFailure ?? meshFailure(Reason.NO_HOST, noHostText(cluster)));
    }
    const attempt = new Attempt(cluster, host, ++this.#live.count, this.mesh.clock.monotonic());
    const { request } = this.options;
    attempt.path = route === undefined ? request.path : rewritePath(route, request.path);
    attempt.authority = this.#authorityFor(host);
    host.active++;
    host.totals.requests++;
    state.counters.attempts++;
    this.#live.add(attempt);
    const action = this.#action;
    if (action !== undefined) this.#watch(attempt, action);
    this.send(attempt);
  }

  get #action(): ForwardAction | undefined {
    const action = this.route?.action;
    return action?.type === "forward" ? action : undefined;
  }

  #pickHost(cluster: Cluster): Host | undefined {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const host = cluster.pick(this);
      if (host === undefined || cluster.config.breaker === undefined) return host;
      if (this.books.cluster?.breakerOf(host)?.tryPass()) return host;
      this.tried = [...this.tried, host];
    }
    return undefined;
  }

  #authorityFor(host: Host): string {
    const action = this.#action;
    if (action?.autoHostRewrite) return host.hostname;
    return action?.hostRewrite ?? this.options.request.authority;
  }

  /** Timers of one attempt: its own end, and the moment for a second one. */
  #watch(attempt: Attempt, { perTryTimeoutMs: ms, hedge }: ForwardAction): void {
    if (ms > 0) {
      attempt.timer = this.mesh.clock.after(ms, () => {
        if (attempt.over) return;
        this.abort(attempt);
        const text = `no answer from ${attempt.host.address} within ${ms} ms`;
        this.broken(attempt, Reason.PER_TRY_TIMEOUT, text);
      });
    }
    if (hedge === undefined || this.#live.count >= hedge.maxAttempts) return;
    if (this.mayHedge && this.#mayRunTwice) {
      this.timing.pause(hedge.delayMs, () => this.#hedge());
    }
  }

  #hedge(): void {
    const state = this.books.cluster;
    if (this.over || this.#winner !== undefined || !this.replayable) return;
    if (state === undefined || !state.budget.tryRetry()) return;
    state.counters.hedges++;
    this.tried = [...this.tried, ...this.#live.all().map(({ host }) => host)];
    this.#startAttempt();
  }

  get #mayRunTwice(): boolean {
    return this.idempotent || this.#action?.idempotent === true;
  }

  #mayRetryAnswer({ cluster }: Attempt, verdict: Verdict): boolean {
    const rules = this.books.route?.retry;
    if (rules === undefined || !this.#canWait(verdict.retryAfterMs)) return false;
    const protocol = cluster.config.protocol ?? this.options.protocol;
    return rules.allowsVerdict(verdict, protocol, this.#mayRunTwice) && this.#takeRetry();
  }

  /** Whether a host's wish to wait can be granted: not if it forbids the retry, or if the call is over before. */
  #canWait(ms: number | undefined): boolean {
    if (ms === undefined) return true;
    if (ms < 0) return false;
    const { endsAt, startedAt } = this.timing;
    const end = Math.min(endsAt, startedAt + MAX_RETRY_AFTER_MS);
    return this.mesh.clock.monotonic() + ms < end;
  }

  #mayRetryFailure(reason: Reason): boolean {
    const rules = this.books.route?.retry;
    if (rules === undefined) return this.#mayResend(reason);
    return rules.allowsFailure(reason, this.#mayRunTwice) && this.#takeRetry();
  }

  /** Without a policy, what a host provably did not act on is sent once more, as gRPC does it (gRFC A6). */
  #mayResend(reason: Reason): boolean {
    if (reason !== Reason.REFUSED || this.#live.count > 1 || !this.replayable) return false;
    return !this.#live.several && this.books.cluster?.budget.tryRetry() === true;
  }

  /** Whether there may be one more attempt; takes it out of the budget. */
  #takeRetry(): boolean {
    const retry = this.#action?.retry;
    const state = this.books.cluster;
    if (retry === undefined || state === undefined) return false;
    if (this.#live.count > retry.retries || !this.replayable || this.#live.several) return false;
    const { maxRetries } = state.config.limits;
    if ((maxRetries > 0 && state.retrying >= maxRetries) || !state.budget.tryRetry()) {
      state.counters.retriesDenied++;
      return false;
    }
    return true;
  }

  /** One more attempt after the back-off. */
  #retry(failed: Attempt, afterMs: number | undefined): void {
    this.#live.drop(failed);
    this.books.retried();
    failed.host.totals.retries++;
    if (this.#action?.retry?.avoidTriedHosts !== false) this.tried = [...this.tried, failed.host];
    const rules = this.books.route?.retry;
    const ms = afterMs ?? rules?.backoffMs(this.#live.count, this.mesh.random) ?? 0;
    this.timing.pause(ms, () => {
      if (!this.over) this.#startAttempt();
    });
  }

  #settle(attempt: Attempt, how: Grade | Reason): void {
    settle(attempt, how, this.books.cluster, this.mesh.clock.monotonic());
  }

  #settleAll(how: Reason): void {
    for (const attempt of this.#live.all()) this.#settle(attempt, how);
  }

  #deliveryBroke(attempt: Attempt, reason: Reason): void {
    if (this.over) return;
    this.#settle(attempt, reason);
    this.#live.leave(attempt);
    this.books.failed(reason, this.#live.count);
    this.#end();
  }

  #abortOthers(winner: Attempt): void {
    if (this.#live.several) {
      for (const attempt of this.#live.all()) if (attempt !== winner) this.#giveUp(attempt);
    }
    this.timing.stopPause();
  }

  #abortAll(): void {
    for (const attempt of this.#live.all()) this.#giveUp(attempt);
  }

  #giveUp(attempt: Attempt): void {
    this.#live.leave(attempt);
    if (!attempt.settled) attempt.host.breaker?.cancel();
    this.abort(attempt);
  }

  #sendMirrors(): void {
    const mirrors = this.#action?.mirrors;
    if (mirrors === undefined || mirrors.length === 0) return;
    if (!this.#complete || this.#mirrorsSent || this.mirror === undefined) return;
    this.#mirrorsSent = true;
    for (const { cluster: name, percent, amplification } of mirrors) {
      if (this.mesh.random() * 100 >= percent) continue;
      const cluster = this.mesh.clusters.get(name);
      for (let copy = 0; cluster !== undefined && copy < amplification; copy++) {
        const host = cluster.pick(this);
        if (host === undefined) break;
        this.mesh.stateOf(cluster).counters.mirrored++;
        this.mirror(cluster, host);
      }
    }
  }

  #end(): void {
    if (this.over) return;
    this.over = true;
    this.timing.stopTotal();
    this.timing.stopPause();
    const wasSent = this.#live.count > 0;
    const isTelling = this.#winner !== undefined || this.books.flag === Reason.TIMEOUT;
    this.books.close(this.options, wasSent && isTelling);
    if (this.options.log !== undefined) this.options.log.ended(this.#report());
    this.ended?.();
  }

  #report(): CallReport {
    const attempt = this.#winner ?? this.#live.current;
    return {
      request: this.options.request,
      route: this.route,
      cluster: this.cluster,
      host: attempt?.host,
      status: this.books.status,
      flag: this.books.flag,
      ms: this.timing.elapsedMs,
      attempts: this.#live.count,
    };
  }
}
