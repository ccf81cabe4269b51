import type { Catalogue } from "../config/catalogue.ts";

/**
 * Takes out what must not be stored: e-mail addresses, shapes of secrets, and the catalogue's own patterns. Every
 * expression here reads its text once (no nested repetition): the text comes from strangers.
 */
export type Redact = (text: string) => string;

/** The redaction of one catalogue. Redacting twice is redacting once. */
export function redactorOf(catalogue: Pick<Catalogue, "redact">): Redact {
  return (text) => {
    let kept = text;
    for (const { shape, instead } of SHAPES) kept = kept.replace(shape, instead);
    for (const pattern of catalogue.redact) kept = pattern.regexp.matcher(kept).replaceAll("[redacted]");
    return kept;
  };
}

const SECRET = "[secret]";

const SHAPES: readonly { shape: RegExp; instead: string }[] = [
  {
    shape: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
    instead: SECRET,
  },
  // user:password@ of any connection string; the name of the user tells enough to stay.
  { shape: /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,100}):[^\s/@]{1,200}@/gi, instead: `$1:${SECRET}@` },
  { shape: /\bhttps:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/-]+/g, instead: SECRET },
  { shape: /\bxox[a-z]-[\w-]{8,}/g, instead: SECRET },
  { shape: /\bxapp-[\w-]{8,}/g, instead: SECRET },
  { shape: /\bgh[pousr]_\w{20,}/g, instead: SECRET },
  { shape: /\bgithub_pat_\w{20,}/g, instead: SECRET },
  { shape: /\bglpat-[\w-]{16,}/g, instead: SECRET },
  { shape: /\bsk_(?:live|test)_\w{10,}/g, instead: SECRET },
  { shape: /\bsntrys_[\w=/+.-]{20,}/g, instead: SECRET },
  { shape: /\bAIza[\w-]{30,}/g, instead: SECRET },
  { shape: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, instead: SECRET },
  { shape: /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?(?:\.[\w-]*)?(?:\.[\w-]*)?/g, instead: SECRET },
  { shape: /\b(bearer|basic|token)\s+[\w+/=._~-]{12,}/gi, instead: `$1 ${SECRET}` },
  { shape: /<mailto:[^>|\s]{1,320}(?:\|[^>]{0,320})?>/gi, instead: "[e-mail]" },
  { shape: /[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b/gi, instead: "[e-mail]" },
  // password=…, "apiKey": "…", AWS_SECRET_ACCESS_KEY: … After the addresses: what they leave may still be such a value.
  {
    shape:
      /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|credential|authorization|signature)[\w-]{0,20}["']?\s{0,5}[=:]\s{0,5})(?:"[^"\n]{1,500}"|'[^'\n]{1,500}'|(?!\[(?:secret|e-mail|redacted)\])[^\s,;&"'<>)}\]]{3,500})/gi,
    instead: `$1${SECRET}`,
  },
];
