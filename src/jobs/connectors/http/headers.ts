import type { Intent } from "../contract.ts";

type Headers = Readonly<Record<string, string>>;

const PERSON = /\$\{requestedBy\.(key|name|email)\}/g;

/**
 * Headers that name the person (`${requestedBy.key}`, `.name`, `.email`) belong to the calls that act on a person's word,
 * a start and an abort; all others to every call.
 */
export function splitHeaders(headers: Headers): { ofAll: Headers; ofActs: Headers } {
  const entries = Object.entries(headers);
  const named = ([, value]: [string, string]) => value.search(PERSON) !== -1;
  return {
    ofAll: Object.fromEntries(entries.filter((entry) => !named(entry))),
    ofActs: Object.fromEntries(entries.filter(named)),
  };
}

/** With the person filled in, percent-encoded where a header can carry no such letter. What is not known is left empty. */
export function filledHeaders(headers: Headers, { requestedBy }: Pick<Intent, "requestedBy">): Headers {
  const said = { key: requestedBy.key, name: requestedBy.name, email: requestedBy.email ?? "" };
  const personal = (which: string): string => (which === "key" ? said.key : which === "name" ? said.name : said.email);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replace(PERSON, (_, which: string) => inHeader(personal(which))).trim(),
    ]),
  );
}

const inHeader = (text: string): string => text.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent);
