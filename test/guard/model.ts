/**
 * What may become of requests, as simply as it can be said: no database, no catalogue, no state machine. Instants are
 * milliseconds from the beginning.
 */
export const MINUTE = 60_000;
export const EXPIRES = 30 * MINUTE;
const OVERRIDE = 30 * MINUTE;

export const JOBS = ["one", "two"] as const;
export type Job = (typeof JOBS)[number];

export interface Person {
  readonly run: boolean;
  readonly abort: boolean;
  readonly freeze: boolean;
  readonly approver: boolean;
}

export type Waiting = "awaiting_approval" | "deferred" | "queued";

export interface ModelRun {
  readonly number: number;
  readonly job: Job;
  readonly by: number;
  /** `begun`: it has taken its place, and only its target says how it ends. */
  state: Waiting | "begun" | "rejected" | "expired" | "withdrawn" | "over";
  readonly said: Set<number>;
  expiresAt: number;
  liftedUntil: number;
}

export class Model {
  now = 0;
  readonly runs: ModelRun[] = [];
  /** Open freezes over everything. */
  readonly freezes: { from: number; to: number; refuse: boolean; ended: boolean }[] = [];
  readonly people: readonly Person[];
  readonly needed: number;

  private readonly base: number;

  /** `needed` approvals; runs are numbered after `base`. */
  constructor(people: readonly Person[], needed: number, base: number) {
    this.base = base;
    this.people = people;
    this.needed = needed;
  }

  person(index: number): Person {
    const person = this.people[index];
    if (person === undefined) throw new Error(`there is no person ${index}`);
    return person;
  }

  holding() {
    return this.freezes.filter(({ from, to, ended }) => !ended && from <= this.now && this.now < to);
  }

  frozen(run?: ModelRun): boolean {
    return this.holding().length > 0 && !(run !== undefined && this.now < run.liftedUntil);
  }

  active(): ModelRun[] {
    return this.runs.filter(({ state }) => ["awaiting_approval", "deferred", "queued", "begun"].includes(state));
  }

  /** The state that a new run has, or null: refused. The two jobs must not run beside each other. */
  request(by: number, job: Job, override: boolean): ModelRun["state"] | null {
    const { run, freeze } = this.person(by);
    if (!run) return null;
    const lifts = override && this.frozen();
    if (lifts && !freeze) return null;
    if (!lifts && this.holding().some(({ refuse }) => refuse)) return null;
    if (this.active().length > 0) return null;
    if (this.needed > this.people.filter(({ approver }, index) => approver && index !== by).length) return null;
    const held = !lifts && this.frozen();
    const state = held ? "deferred" : this.needed > 0 ? "awaiting_approval" : "queued";
    this.runs.push({
      ...{ number: this.base + this.runs.length + 1, job, by, state, said: new Set() },
      expiresAt: this.now + EXPIRES,
      liftedUntil: lifts ? this.now + OVERRIDE : 0,
    });
    return state;
  }

  /** Whether the yes is taken. */
  approve(by: number, run: ModelRun): boolean {
    // Said before: it is the same yes.
    if (run.said.has(by)) return true;
    if (!this.mayDecide(by, run)) return false;
    run.said.add(by);
    if (run.said.size >= this.needed) run.state = this.frozen(run) ? "deferred" : "queued";
    return true;
  }

  reject(by: number, run: ModelRun): boolean {
    if (!this.mayDecide(by, run)) return false;
    run.state = "rejected";
    return true;
  }

  private mayDecide(by: number, run: ModelRun): boolean {
    const open = run.state === "awaiting_approval" && this.now < run.expiresAt;
    return open && by !== run.by && this.person(by).approver;
  }

  withdraw(by: number, run: ModelRun): boolean {
    if (by !== run.by && !this.person(by).abort) return false;
    if (run.state === "withdrawn") return true;
    if (!["awaiting_approval", "deferred", "queued"].includes(run.state)) return false;
    run.state = "withdrawn";
    return true;
  }

  /** Only a missing grant refuses it. */
  abort(by: number, run: ModelRun): boolean {
    if (!this.person(by).abort) return false;
    if (["awaiting_approval", "deferred", "queued"].includes(run.state)) run.state = "withdrawn";
    return true;
  }

  override(by: number, run: ModelRun): boolean {
    if (!this.person(by).freeze || run.state !== "deferred") return false;
    run.liftedUntil = this.now + OVERRIDE;
    this.leaveFreeze(run);
    return true;
  }

  /** One look at a run that waits. */
  advance(run: ModelRun): void {
    if (run.state === "deferred" && !this.frozen(run)) this.leaveFreeze(run);
    else if (run.state === "awaiting_approval" && this.now >= run.expiresAt) run.state = "expired";
    else if (run.state === "queued" && !this.frozen(run)) run.state = "begun";
  }

  private leaveFreeze(run: ModelRun): void {
    run.state = run.said.size >= this.needed ? "queued" : "awaiting_approval";
    run.expiresAt = this.now + EXPIRES;
  }
}
