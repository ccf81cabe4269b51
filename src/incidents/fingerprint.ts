import { COMMON_NAMES, COMMON_WORDS } from "./common-words.ts";

/**
 * What an error text says once everything that differs from one occurrence to the next is taken out: numbers, ids, times,
 * quoted values, package names. Words that every error may hold weigh next to nothing; names (a column, a shape, a host)
 * weigh most: two texts are "the same error" by what is particular to both, never by "connection" and "failed".
 */
export interface Fingerprint {
  /** Token (lower case, squashed) -> weight. */
  readonly tokens: ReadonlyMap<string, number>;
  /** Names of columns, shapes, tables, users: what can tell one trouble from another. */
  readonly names: ReadonlySet<string>;
  /** Those of them that name a thing that many may use (a queue, a table, a provider), not a piece of code or a metric. */
  readonly resources: ReadonlySet<string>;
  /** Hosts that are spoken of, without port. */
  readonly hosts: ReadonlySet<string>;
  /** What sort of trouble it is, as far as its words tell. Empty: nothing is said. */
  readonly kinds: ReadonlySet<TroubleKind>;
}

export type TroubleKind = keyof typeof KINDS;

/** Sorts of trouble, each by the words that give it away. */
const KINDS = {
  connect:
    /connection (?:to \S+ )?(?:was )?(?:refused|reset|closed|timed)|connection is not available|cannot connect|could not connect|failed to connect|econn|etimedout|enotfound|ehostunreach|unknown ?host|no route to host|unreachable|time[d]?[- ]?out|timeout|unavailable|bad gateway|gateway|\b50[234]\b|broken pipe|socket|circuit ?breaker|no healthy upstream|upstream/i,
  auth: /\b40[13]\b|unauthori[sz]ed|forbidden|access ?denied|permission denied|authentication|invalid[_ ]token|token (?:has )?expired|expired (?:token|credential)|credentials?|not authori[sz]ed|signature/i,
  schema:
    /deseriali[sz]|seriali[sz]ation|unknown (?:column|field|property|enum)|unrecognized|no such column|column .* does not exist|mapping ?exception|invalid ?format|schema|enum\b|cannot parse|json ?parse|jsonparse|unexpected (?:token|value|type)|type mismatch|missing (?:property|field|column)|not one of the values/i,
  memory: /out ?of ?memory|\boom(?:killed)?\b|heap|memory/i,
  disk: /\bdisk\b|no space left|inode|filesystem|storage/i,
  cpu: /\bcpu\b|load average/i,
  cert: /certificate|x509|ssl ?handshake|tls ?handshake/i,
  queue: /queue|backlog|dead[- ]?letter|\bdlq\b|consumer lag|unacked/i,
  data: /duplicate (?:key|entry)|constraint|integrity|deadlock|lock wait|foreign key|not[- ]null/i,
  bug: /null ?pointer|is null|of null|of undefined|undefined is not|index ?out ?of|class ?cast|typeerror|keyerror|attributeerror|no ?such ?element|assertion|illegal ?(?:argument|state)|divi(?:de|sion) by zero/i,
  late: /did not (?:start|finish|complete|end|check)|has not (?:started|finished|completed)|missed|overdue|\blate\b|no check-?in|deadline|ran too long|runs too long|has not run|took too long|still running|not started|not finished|without (?:an )?end/i,
  symptom:
    /error ?rate|5xx|latency|\bp9\d|unhealthy|health ?check|availability|alarm|exit(?:ed)?(?: with)?(?: code)?|non-?zero|essential container|task (?:stopped|failed)|fail(?:ed|ure)s? (?:rate|count)|errors? (?:count|above|over)|crash ?loop|restart|target ?down|throughput|\bslo\b|burn/i,
} as const;

const NAME = 3;
const PROPER = 2;
const EXCEPTION = 1.5;
const WORD = 0.6;
const COMMON = 0.1;
const MOST_CHARACTERS = 900;
const MOST_KEPT = 4_000;

/** The fingerprint of a text. `own` are names that the text is known to be about: they tell nothing new. */
export function fingerprintOf(text: string, own: readonly string[] = []): Fingerprint {
  const key = `${own.join("\u0001")}\u0000${text}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = make(text, own);
  // The same few texts come again and again in a storm; others must not fill the memory.
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(key, made);
  return made;
}

const kept = new Map<string, Fingerprint>();

/** How much two texts share that is particular to both, and which part of the shorter one that is. */
export function sameness(a: Fingerprint, b: Fingerprint): { shared: number; part: number; names: readonly string[] } {
  let shared = 0;
  const names: string[] = [];
  for (const [token, weight] of a.tokens) {
    if (!b.tokens.has(token)) continue;
    shared += weight;
    if (a.names.has(token) && b.names.has(token)) names.push(token);
  }
  const smaller = Math.min(weightOf(a), weightOf(b));
  return { shared, part: smaller === 0 ? 0 : shared / smaller, names };
}

const weightOf = ({ tokens }: Fingerprint): number => [...tokens.values()].reduce((sum, weight) => sum + weight, 0);

/** `kafka-2.internal` -> `kafka-#.internal`; an address is its own. */
export const clusterOf = (host: string): string => (isAddress(host) ? host : host.replace(/\d+/g, "#"));

export const isAddress = (host: string): boolean => /^[\d.]+$/.test(host);

/** One word in one form, however it is written: `PermitToWork`, `permit_to_work` and `permitToWork` are one. */
export const squashed = (name: string): string => name.replace(/[^A-Za-z0-9]/g, "").toLowerCase();

function make(whole: string, own: readonly string[]): Fingerprint {
  const text = telling(whole);
  const mine = new Set(own.map(squashed));
  const tokens = new Map<string, number>();
  const names = new Set<string>();
  const resources = new Set<string>();
  const hosts = new Set<string>();
  const add = (word: string, weight: number, isResource: boolean) => {
    const token = squashed(word.replace(AFTERTHOUGHT, ""));
    if (token.length < 3 || mine.has(token)) return;
    tokens.set(token, Math.max(weight, tokens.get(token) ?? 0));
    if (weight >= PROPER) names.add(token);
    if (weight >= PROPER && isResource) resources.add(token);
  };
  const addHost = (name: string) => {
    if (mine.has(squashed(name))) return " ";
    hosts.add(name);
    // Which machine of a cluster it was differs from one occurrence to the next.
    tokens.set(clusterOf(name), NAME);
    return " ";
  };
  const withoutHosts = text
    .replace(HOST, (host) => (isPackage(host) ? host : addHost(host.replace(/:\d+$/, "").toLowerCase())))
    .replace(MACHINE, (name) => addHost(name.toLowerCase()));
  const plain = withoutHosts.replace(NAMED, (_, quoted: string | undefined, bare: string | undefined) => {
    const name = quoted ?? bare ?? "";
    add(lastPart(name), COMMON_WORDS.has(name.toLowerCase()) ? COMMON : NAME, true);
    return " ";
  });
  const values = withoutValues(plain);
  for (const { 0: word, index } of values.matchAll(/[A-Za-z][\w.$-]*/g)) {
    const last = lastPart(word);
    const weight = weightOfWord(last, isInside(values, index));
    add(last, weight, weight === PROPER || /[-_]/.test(last));
  }
  const kinds = (Object.keys(KINDS) as TroubleKind[]).filter((kind) => KINDS[kind].test(text));
  return { tokens, names, resources, hosts, kinds: new Set(kinds) };
}

/** The first line, and the lines that say what caused it: a stack trace is somebody else's code. */
function telling(whole: string): string {
  const lines = whole.split("\n").map((line) => line.trim());
  const causes = lines.slice(1).filter((line) => /^(?:caused by|reason|detail|message)\b/i.test(line));
  const first = lines.find((line) => line !== "") ?? "";
  const next = lines.slice(1, 4).filter((line) => !/^(?:at |\.\.\.|File ")/.test(line) && !causes.includes(line));
  return [first, ...next, ...causes].join(" ").slice(0, MOST_CHARACTERS);
}

/** So many words in a row are no chance: a library's three words may stand for any trouble. */
const LEAST_WORDS = 4;

/**
 * The words of an error in their order, with `#` for what differs from one occurrence to the next; null when they are few.
 * `could not lock claim:53b977 within 5000 ms` -> `could not lock claim:# within # ms`
 */
export function sentenceOf(error: string): string | null {
  const values = withoutValues(
    telling(error).replace(HOST, (host) => (isPackage(host) ? host : " ")),
    "#",
  );
  const sentence = values
    .replace(/[\w-]*\d[\w-]*|\b[a-f]{4,}\b/gi, "#")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
  return (sentence.match(/[a-z]{3,}/g) ?? []).length < LEAST_WORDS ? null : sentence;
}

/** `tcs.prod.internal:8080`, `10.0.3.7:5432`; not `java.lang.String`, not `Report.java:17`. */
const HOST =
  /\b(?:\d{1,3}(?:\.\d{1,3}){3}|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*){1,6}|[a-z0-9]+(?:-[a-z0-9]+)+(?=:\d{2,5}\b))(?::\d{2,5})?\b/g;

const TOP_LEVEL =
  /\.(?:com|org|net|io|uk|eu|gov|co|us|de|fr|ai|app|cloud|info|edu|internal|intranet|local|lan|corp|cluster|svc|dev|aws|example|test|invalid)$/;

function isPackage(host: string): boolean {
  if (/^\d{1,3}(?:\.\d{1,3}){3}/.test(host)) return false;
  if (/:\d{2,5}$/.test(host) && !/\.(?:java|kt|py|ts|js|go|rb|scala)\b/.test(host)) return false;
  return (
    /^(?:com|org|net|io|uk|java|javax|jakarta|de|fr|sun|jdk|scala|kotlin|node|this|self)\./.test(host) ||
    /\.(?:java|kt|py|ts|js|go|rb|scala|sql|json|xml|csv|sh|yml|yaml|length|name|id)$/.test(host) ||
    // A dotted name of two words is a column or a field far more often than a host.
    !(/(?:\.[a-z0-9-]+){2,}$/.test(host) || TOP_LEVEL.test(host))
  );
}

/** A machine by its number: `eks-node-7`, `ip-10-0-3-7`, `i-0a1b2c3d4e5f`. */
const MACHINE =
  /\b(?:(?:[a-z0-9]+-)*(?:node|worker|host|ip|vm|db|instance|server|broker|shard|replica|runner|agent|machine|master)-?\d{1,4}(?:-\d{1,3})*|i-[0-9a-f]{8,17})\b/gi;

/** What is named by its role: `user "etl"`, `column 'pm.lead'`, `queue orders-dlq`. */
const NAMED =
  /\b(?:user|role|table|relation|view|column|field|property|type|class|enum|shape|schema|queue|topic|exchange|database|bucket|index|host|secret|credentials?|account|key|collection|stream|file|contract|procedure|function|volume|provider)\s*(?:name\s*|for\s+)?[:=]?\s*(?:["'`“‘[]([A-Za-z][\w.$-]{1,80})["'`”’\]]|([A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)+)(?![\w(]))/gi;

/** The same thing's second self. */
const AFTERTHOUGHT = /(?:[-_.](?:dlq|dead[-_.]?letters?|queue|q|retry|errors?|fifo|topic|exchange))+$/i;

/** Not the first word of a sentence: there everything has a capital. */
const isInside = (text: string, index: number): boolean =>
  /[^.:!?\n\s]\s+$/.test(text.slice(Math.max(0, index - 3), index));

function withoutValues(text: string, value = " "): string {
  return text
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, value)
    .replace(/\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?/g, value)
    .replace(/\b(?:0x)?(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, value)
    .replace(/["'`“‘]([^"'`“”‘’]{0,120})["'`”’]/g, (_, quoted: string) => (isName(quoted) ? ` ${quoted} ` : value))
    .replace(/\b\d[\d.,:]*\w{0,3}\b/g, value);
}

/** Quoted words are values unless they are written as programs write names. */
const isName = (value: string): boolean =>
  /^[A-Za-z][\w.$-]{3,80}$/.test(value) && (/[a-z][A-Z]/.test(value) || /[_.]/.test(value)) && !/\d{3,}/.test(value);

const lastPart = (word: string): string => {
  const parts = word.replace(/[.$-]+$/, "").split(/[.$]/);
  return parts.at(-1) ?? word;
};

function weightOfWord(word: string, inside: boolean): number {
  const lower = word.toLowerCase();
  if (COMMON_WORDS.has(lower) || COMMON_NAMES.has(squashed(word))) return COMMON;
  if (/(?:Exception|Error|Fault|Failure)$/.test(word)) return EXCEPTION;
  if (/[a-z][A-Z]/.test(word) || /[a-z0-9]_[a-z0-9]/i.test(word)) return NAME;
  if (/^[a-z]+(?:-[a-z0-9]+)+$/i.test(word))
    return lower.split("-").every((part) => COMMON_WORDS.has(part)) ? COMMON : NAME;
  // What a whole estate shares; each service has a database of its own more often than a broker.
  if (/^(?:rabbit ?mq|kafka|activemq|elasticsearch|opensearch|keycloak|cognito|vault|consul|zookeeper)$/.test(lower))
    return PROPER;
  // Names of providers and products: `Notify returned 503`, `SFTP of HMRC`.
  if (inside && word.length >= 4 && /^[A-Z][a-z]+$/.test(word)) return PROPER;
  if (/^[A-Z]{4,}$/.test(word)) return PROPER;
  return /^[A-Z]{2,}$/.test(word) ? COMMON : WORD;
}
