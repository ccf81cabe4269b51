/** What a follower is set to do. Durations in milliseconds. */
export interface FollowerBehaviour {
  /** How long the log keeps a change. */
  retention: number;
  /** How often the follower reads. */
  every: number;
  /** Changes an hour, while the collection is not idle. */
  rate: number;
  idle: boolean;
  /** It moves its place also when nothing has changed. */
  heartbeat: boolean;
  /** It runs, says that it succeeded, and reads nothing. */
  stuck: boolean;
}

export type Follower = ReturnType<typeof openFollower>;

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * A change stream and the one who reads it. Between two looks nothing is stepped through: while there are changes and the place
 * is in the log, the follower stands at its last run; once its place is older than the log it reads nothing any more.
 */
export function openFollower(given: FollowerBehaviour & { tokenAge: number }, now: () => number) {
  let behaviour: FollowerBehaviour = given;
  const begun = now();
  let token = begun - given.tokenAge;
  let minted = 1;
  let lookedAt = begun;
  let lostAt: number | null = null;
  let applied = 0;
  let resets = 0;
  let resynced = 0;
  /** When the collection was busy: closed spans, and since when it is now. */
  const busy: Span[] = [];
  let busySince: number | null = given.idle ? null : token;
  /** What was skipped by resets and not yet copied. */
  let gaps: Span[] = [];

  const spans = (to: number): Span[] => (busySince === null ? busy : [...busy, { from: busySince, to }]);
  const changesIn = (span: Span): number =>
    spans(Math.max(now(), span.to)).reduce((sum, one) => {
      const ms = Math.min(one.to, span.to) - Math.max(one.from, span.from);
      return ms <= 0 ? sum : sum + Math.floor((ms / 3_600_000) * behaviour.rate);
    }, 0);

  /** Lets the follower have read what it would have read by now. */
  function look(): void {
    const at = now();
    const reads = !behaviour.stuck && lostAt === null && (!behaviour.idle || behaviour.heartbeat);
    if (lostAt === null && (reads ? lookedAt : at) - token >= behaviour.retention) lostAt = token + behaviour.retention;
    if (reads && lostAt === null) {
      const run = at - ((at - begun) % behaviour.every);
      if (run > token) moveTo(run);
    }
    lookedAt = at;
  }

  function moveTo(place: number): void {
    applied += changesIn({ from: token, to: place });
    token = place;
    minted++;
  }

  function change(changed: Partial<FollowerBehaviour> & { tokenAge?: number; lose?: "token" }): void {
    look();
    const { tokenAge, lose, ...rest } = changed;
    const at = now();
    if (rest.idle === true && busySince !== null) {
      busy.push({ from: busySince, to: at });
      busySince = null;
    }
    if (rest.idle === false) busySince ??= at;
    behaviour = { ...behaviour, ...rest };
    if (tokenAge !== undefined) token = at - tokenAge;
    // A minute older than the oldest change that the log still has.
    if (lose === "token") token = Math.min(token, at - behaviour.retention - 60_000);
    if (at - token >= behaviour.retention) lostAt = Math.min(at, token + behaviour.retention);
    else if (tokenAge !== undefined) lostAt = null;
  }

  /** A new place. What lies between is skipped until it is copied. */
  function reset(to: number): Span {
    look();
    const gap = { from: token, to };
    gaps.push(gap);
    token = to;
    minted++;
    lostAt = null;
    resets++;
    return gap;
  }

  function resync(span: Span): number {
    const before = missing();
    gaps = gaps.flatMap((gap) => [
      ...(span.from > gap.from ? [{ from: gap.from, to: Math.min(gap.to, span.from) }] : []),
      ...(span.to < gap.to ? [{ from: Math.max(gap.from, span.to), to: gap.to }] : []),
    ]);
    const copied = before - missing();
    resynced += copied;
    return copied;
  }

  const missing = (): number => gaps.reduce((sum, gap) => sum + changesIn(gap), 0);

  return {
    look,
    change,
    reset,
    resync,
    changesIn,
    place: () => {
      look();
      return { at: token, token: `token-${minted}` };
    },
    lost: () => {
      look();
      return lostAt !== null;
    },
    retention: () => behaviour.retention,
    counts: () => {
      look();
      const failures = lostAt === null ? 0 : Math.max(1, Math.floor((now() - lostAt) / behaviour.every));
      return {
        ...{ tokenAge: Math.round((now() - token) / 1_000), applied, resets, resynced, failures },
        lost: lostAt !== null,
        /** Changes that the log had and the copy has not. */
        missing: missing() + (lostAt === null ? 0 : changesIn({ from: token, to: now() })),
      };
    },
  };
}
