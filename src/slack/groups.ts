import type { Clock, Instant } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { SlackApi } from "./api.ts";

const FRESH_MS = 5 * 60_000;

/**
 * The Slack ids of a user group's members, asked at most every five minutes. While Slack cannot be asked, what was known
 * last; nobody when nothing was: who may act is denied by default.
 */
export function createGroupMembers(parts: {
  api: SlackApi;
  clock: Clock;
  log: Logger;
}): (slackGroup: string) => Promise<readonly string[]> {
  const known = new Map<string, { at: Instant; members: readonly string[] }>();
  return async (slackGroup) => {
    const kept = known.get(slackGroup);
    const now = parts.clock.machineNow();
    if (kept !== undefined && now.epochMilliseconds - kept.at.epochMilliseconds < FRESH_MS) return kept.members;
    const called = await parts.api.call("usergroups.users.list", { usergroup: slackGroup });
    if (called.kind !== "ok") {
      parts.log.warn({ slackGroup, answer: called }, "a user group's members could not be asked for");
      return kept?.members ?? [];
    }
    const users = called.data["users"];
    const members = Array.isArray(users) ? users.filter((user): user is string => typeof user === "string") : [];
    known.set(slackGroup, { at: now, members });
    return members;
  };
}
