/** An alert: what it was about, and where it went. */
export interface Judged {
  readonly label: string;
  /** The incident that it joined; null when it joined none. */
  readonly incident: number | null;
  readonly title: string;
}

/** Of all pairs of alerts of one storm. */
export interface Score {
  /** In one incident, and rightly so. */
  readonly joined: number;
  /** In one incident, but of two causes. */
  readonly wronglyJoined: number;
  /** In two incidents, but of one cause. */
  readonly wronglySplit: number;
}

export const NOTHING: Score = { joined: 0, wronglyJoined: 0, wronglySplit: 0 };

export function scoreOf(alerts: readonly Judged[]): Score {
  const score = { joined: 0, wronglyJoined: 0, wronglySplit: 0 };
  for (const [n, one] of alerts.entries()) {
    for (const other of alerts.slice(n + 1)) {
      const same = one.incident !== null && one.incident === other.incident;
      if (same) score[one.label === other.label ? "joined" : "wronglyJoined"] += 1;
      else if (one.label === other.label) score.wronglySplit += 1;
    }
  }
  return score;
}

export function sumOf(scores: readonly Score[]): Score {
  return scores.reduce(
    (sum, one) => ({
      joined: sum.joined + one.joined,
      wronglyJoined: sum.wronglyJoined + one.wronglyJoined,
      wronglySplit: sum.wronglySplit + one.wronglySplit,
    }),
    NOTHING,
  );
}

/** Of the pairs that were joined, the share that belongs together. Nothing joined, nothing wrong. */
export function precisionOf({ joined, wronglyJoined }: Score): number {
  return joined + wronglyJoined === 0 ? 1 : joined / (joined + wronglyJoined);
}

/** Of the pairs that belong together, the share that was joined. */
export function recallOf({ joined, wronglySplit }: Score): number {
  return joined + wronglySplit === 0 ? 1 : joined / (joined + wronglySplit);
}

export interface Confusion {
  readonly what: "wrongly joined" | "wrongly split";
  readonly pairs: number;
  readonly titles: readonly [string, string];
}

/** What was confused, by title, most pairs first. */
export function confusionsOf(alerts: readonly Judged[], most: number): Confusion[] {
  const found = new Map<string, Confusion>();
  for (const [n, one] of alerts.entries()) {
    for (const other of alerts.slice(n + 1)) {
      const same = one.incident !== null && one.incident === other.incident;
      if (same === (one.label === other.label)) continue;
      const what = same ? "wrongly joined" : "wrongly split";
      const titles: [string, string] = one.title < other.title ? [one.title, other.title] : [other.title, one.title];
      const key = JSON.stringify([what, ...titles]);
      found.set(key, { what, titles, pairs: (found.get(key)?.pairs ?? 0) + 1 });
    }
  }
  return [...found.values()].sort((a, b) => b.pairs - a.pairs).slice(0, most);
}
