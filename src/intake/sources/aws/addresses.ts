/** Amazon's own hosts for SNS, one a region. */
const HOST = /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/;
/** Whom Amazon issues signing certificates to: older regions share one, others have their own. */
export const SIGNERS = /^sns(-signing)?([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/;

/**
 * Whether an address that a message names may be fetched: https, an SNS host of Amazon, no port, no user, and written
 * exactly as it is understood (what a parser would mend is no address of Amazon's). With `signingHost`, only what is there.
 */
function mayBeFetched(text: string, signingHost: string | undefined): URL | null {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return null;
  // Printable ASCII without a backslash: nothing that one parser reads as a host and another does not.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text) || !text.startsWith(`${url.origin}/`)) return null;
  if (signingHost !== undefined) return url.origin === URL.parse(signingHost)?.origin ? url : null;
  return url.protocol === "https:" && url.port === "" && HOST.test(url.hostname) ? url : null;
}

export function isCertificateUrl(text: string, signingHost: string | undefined): boolean {
  const url = mayBeFetched(text, signingHost);
  return url !== null && url.search === "" && /^\/[\w./-]+\.pem$/.test(url.pathname) && !text.includes("..");
}

/** Of this topic's subscription, and of no other: a message must not make us agree to something else. */
export function isSubscribeUrl(text: string, topic: string, signingHost: string | undefined): boolean {
  const url = mayBeFetched(text, signingHost);
  if (url === null) return false;
  if (signingHost !== undefined) return true;
  if (url.searchParams.get("Action") !== "ConfirmSubscription") return false;
  return url.searchParams.getAll("TopicArn").every((named) => named === topic);
}
