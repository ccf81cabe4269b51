/** Text of a target that is kept as evidence is cut to this: a stack trace tells nobody more. */
const EVIDENCE_CHARS = 300;
/** A line of a log may be longer: it is read as it is. */
const LINE_CHARS = 2_000;

/** A target's words, fit to be kept and shown. */
export interface Words {
  /** Short, on one line, without secrets. */
  quote(text: string): string;
  /** One line of a log, without secrets. */
  line(text: string): string;
}

/** `secrets` are our own, which the target may repeat; `redact` takes out what the catalogue calls private. */
export function createWords(secrets: readonly (string | undefined)[], redact: (text: string) => string): Words {
  const ours = secrets
    .filter((secret) => secret !== undefined && secret.length >= 6)
    .sort((a, b) => (b?.length ?? 0) - (a?.length ?? 0));
  const clean = (text: string): string =>
    redact(ours.reduce<string>((rest, secret) => rest.replaceAll(secret ?? "", "[redacted]"), text));
  const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);
  return {
    quote: (text) => cut(clean(text).replace(/\s+/g, " ").trim(), EVIDENCE_CHARS),
    line: (text) => cut(clean(text).trimEnd(), LINE_CHARS),
  };
}
