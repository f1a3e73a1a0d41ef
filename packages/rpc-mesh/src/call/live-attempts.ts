import type { Attempt } from "./attempt.ts";

/** The attempts of a call that are under way: nearly always one, several only while it is hedged. */
export class LiveAttempts {
  /** How many were begun. */
  count = 0;
  /** The first of those under way, or the last one that was. */
  current: Attempt | undefined;
  private hedged: Attempt[] | undefined;

  add(attempt: Attempt): void {
    if (this.current === undefined || this.current.over) this.current = attempt;
    else (this.hedged ??= []).push(attempt);
  }

  /** An attempt is no longer under way. */
  leave(attempt: Attempt): void {
    if (attempt.over) return;
    attempt.over = true;
    attempt.timer?.cancel();
    attempt.host.active--;
  }

  /** The same, and it is forgotten. */
  drop(attempt: Attempt): void {
    this.leave(attempt);
    if (this.hedged === undefined) return;
    this.hedged = this.hedged.filter((each) => each !== attempt);
    if (this.current === attempt) this.current = this.hedged.shift() ?? attempt;
  }

  /** All that are under way. */
  all(): Attempt[] {
    const all = this.current === undefined ? [] : [this.current];
    if (this.hedged !== undefined) all.push(...this.hedged);
    return all.filter((attempt) => !attempt.over);
  }

  get any(): boolean {
    if (this.current !== undefined && !this.current.over) return true;
    return this.hedged?.some((attempt) => !attempt.over) ?? false;
  }

  /** Whether another attempt than one that is known may still succeed. */
  get several(): boolean {
    return this.hedged !== undefined && this.all().length > 1;
  }
}
