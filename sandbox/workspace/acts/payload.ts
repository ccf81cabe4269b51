import type { Acted, Json, PersonShown } from "../contract.ts";
import type { Answered } from "../outbound/post.ts";
import { type Channel, FOREIGN_TEAM, type State } from "../state.ts";

/** What the person reads when a button or shortcut got no answer. */
export const FAILED_ACTION = "This didn't work: the app did not answer in time. Try again.";

/** Slack's old verification token, which is in every payload and proves nothing. */
export const VERIFICATION_TOKEN = "sandbox-verification-token";

/** The keys that every interactive payload carries. */
export function identity(state: State, user: PersonShown): Json {
  return {
    user: {
      id: user.id,
      username: user.name,
      name: user.name,
      team_id: user.foreign ? FOREIGN_TEAM : state.team.id,
    },
    api_app_id: state.app.id,
    token: VERIFICATION_TOKEN,
    team: { id: state.team.id, domain: state.team.domain },
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** What Slack's client makes of the app's answer. */
export function acknowledged(answer: Answered): Acted {
  const known = { ackedMs: answer.ackedMs, ...(answer.status !== null && { status: answer.status }) };
  if (answer.failure === null) return { ok: true, ...known };
  return { ok: false, error: answer.failure === "http_timeout" ? "operation_timeout" : "dispatch_failed", ...known };
}

/** An act that never reached the app. */
export function refused(error: string): Acted {
  return { ok: false, error };
}

/** A channel's name as payloads give it: not the name of what is private. */
export function nameIn(channel: Channel): string {
  if (channel.im !== null) return "directmessage";
  return channel.private ? "privategroup" : channel.name;
}
