import { type Fingerprint, fingerprintOf, sentenceOf, type TroubleKind } from "./fingerprint.ts";
import type { Kin } from "./kin.ts";

/** The part of a signal that can tell what it belongs to. Names are the catalogue's own. */
export interface Teller {
  readonly source: string;
  /** Its environment, or all that it may be (`nimdta|prod`): see `placeOf`. */
  readonly place: string;
  readonly service: string | null;
  readonly job: string | null;
  readonly rid: string | null;
  readonly cause: string | null;
  readonly title: string;
  readonly error: string | null;
}

/** What a teller says, understood once however often it is compared. */
export interface Said {
  readonly text: string;
  readonly print: Fingerprint;
  /** The error's words without all values; null where they are too few to be anybody's own. */
  readonly sentence: string | null;
  /** It names a metric and a threshold, not an error. */
  readonly alarm: boolean;
  /** It says that something is wrong, not what. */
  readonly vague: boolean;
  readonly services: ReadonlySet<string>;
  readonly contracts: ReadonlyMap<string, string>;
  readonly jobs: ReadonlySet<string>;
}

export function saidBy(teller: Teller, kin: Kin): Said {
  const before = known.get(teller);
  if (before !== undefined && before.kin === kin) return before.said;
  const text = textOf(teller);
  const own = [teller.service, teller.job, teller.place, teller.source].filter((name): name is string => name !== null);
  const print = fingerprintOf(text, own);
  const alarm = isAlarm(teller);
  const said: Said = {
    text,
    print,
    sentence: teller.error === null ? null : sentenceOf(teller.error),
    alarm,
    vague: isVague(print, alarm),
    services: kin.servicesNamed(text),
    contracts: kin.contractsNamed(text),
    jobs: kin.jobsNamed(text),
  };
  known.set(teller, { kin, said });
  return said;
}

const known = new WeakMap<Teller, { readonly kin: Kin; readonly said: Said }>();

/** Kinds of trouble that a service has when another one that it needs is in trouble. */
export const CAUGHT: readonly TroubleKind[] = ["connect", "symptom", "late", "queue"];
/** Kinds that a service has of its own: they are nobody's symptom. */
export const OWN: readonly TroubleKind[] = ["memory", "disk", "cpu", "cert", "data", "bug"];

export const has = ({ kinds }: Fingerprint, any: readonly TroubleKind[]): boolean =>
  any.some((kind) => kinds.has(kind));

const MONITOR = "monitor";

/** What a signal says of the trouble. That a job failed is in every title of its kind. */
function textOf({ source, job, error, title, cause }: Teller): string {
  const said = error === null || error.trim() === "" ? null : error;
  if (source === MONITOR) return title;
  if (job !== null && said !== null && !/\bdid not\b|missed|overdue/i.test(title)) return said;
  const named = cause === null || cause === job || title.includes(cause) ? "" : ` ${cause}`;
  return said === null || title.includes(said) ? `${title}${named}` : `${title}${named} ${said}`;
}

/** An alarm names a metric and a threshold; what it is called is the same for all services that have it. */
const METRIC =
  /\brate\b|\bhigh|\blow\b|latency|utili[sz]ation|\bcount\b|depth|\blag\b|percent|%|threshold|alarm|above|below|usage|\bp9\d|\bslo\b|burn|crash ?loop|\bdown\b|unhealthy|backlog|did not|missed|overdue/i;

function isAlarm({ error, title, cause }: Teller): boolean {
  if (/(?:Exception|Error)\b/.test(`${title} ${cause ?? ""}`)) return false;
  return METRIC.test(spaced(title)) || (error !== null && METRIC.test(spaced(cause ?? "")));
}

const spaced = (text: string): string => text.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[-_]/g, " ");

/** Says that something is wrong, not what: an error rate, a missed deadline, an exit code, a failure without a word. */
function isVague(print: Fingerprint, alarm: boolean): boolean {
  if ([...print.kinds].some((kind) => OWN.includes(kind) || kind === "auth" || kind === "schema")) return false;
  if (has(print, ["late", "symptom", "queue"]) || alarm) return true;
  return print.kinds.size === 0 && print.names.size === 0 && print.hosts.size === 0;
}
