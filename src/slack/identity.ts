import { type SlackApi, stringOf } from "./api.ts";

/** Who Nightdesk is in this workspace. */
export interface Identity {
  readonly teamId: string;
  readonly botUserId: string;
  readonly botId: string | null;
  /** Of the workspace, with a slash at its end: links to its messages begin so. */
  readonly url?: string;
}

/** Asked of Slack once; null while Slack gives no answer, then asked again. */
export type WhoAmI = () => Promise<Identity | null>;

export function createWhoAmI(api: SlackApi): WhoAmI {
  let known: Promise<Identity | null> | null = null;
  const ask = async (): Promise<Identity | null> => {
    const called = await api.call("auth.test", {});
    if (called.kind !== "ok") return null;
    const teamId = stringOf(called.data, "team_id");
    const botUserId = stringOf(called.data, "user_id");
    if (teamId === undefined || botUserId === undefined) return null;
    const url = stringOf(called.data, "url");
    return { teamId, botUserId, botId: stringOf(called.data, "bot_id") ?? null, ...(url === undefined ? {} : { url }) };
  };
  return async () => {
    known ??= ask();
    const identity = await known;
    if (identity === null) known = null;
    return identity;
  };
}
