import { distance } from "fastest-levenshtein";

/** The candidate that `wrong` was most likely meant to be, or null when none is near. Case does not count. */
export function nearest(wrong: string, candidates: Iterable<string>): string | null {
  const typed = wrong.toLowerCase();
  let best: { candidate: string; away: number } | null = null;
  for (const candidate of candidates) {
    const away = distance(typed, candidate.toLowerCase());
    if (best === null || away < best.away) best = { candidate, away };
  }
  // Two swapped letters count as two.
  const farthest = typed.length < 3 ? 1 : Math.max(2, Math.floor(typed.length / 3));
  return best !== null && best.away <= farthest ? best.candidate : null;
}

/** `did you mean "prod"?`, else the names there are, else "" when there are none. */
export function hintFor(wrong: string, candidates: Iterable<string>): string {
  const known = [...candidates];
  const near = nearest(wrong, known);
  if (near !== null) return `did you mean "${near}"?`;
  if (known.length === 0) return "";
  const shown = known.slice(0, MOST_SHOWN).join(", ");
  return known.length > MOST_SHOWN ? `known: ${shown}, …` : `known: ${shown}`;
}

const MOST_SHOWN = 12;
