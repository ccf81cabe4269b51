import type { Clock } from "../base/clock.ts";
import { NotNow } from "../base/errors.ts";
import type { DirectoryUser, LookUpUser } from "../command/people.ts";
import type { Db } from "../store/store.ts";
import { recordOf, type SlackApi, stringOf } from "./api.ts";
import type { WhoAmI } from "./identity.ts";

/** A member's name or guest status may change; a person who leaves must not command for long. */
const FRESH_MS = 10 * 60_000;
/** Someone waits for this. */
const FRESH_ENOUGH_WITHOUT_SLACK_MS = 24 * 60 * 60_000;

export interface Directory {
  /**
   * Who an id is, asked of Slack at most every ten minutes. Null: Slack knows nobody of that id. Throws when Slack
   * cannot be asked and what was kept is older than a day (or nothing was).
   */
  readonly lookUp: LookUpUser;
  /** What people read for an id; a stranger's or an unknown id's is "someone". Asks Slack only for who was never seen. */
  nameOf(db: Db, slackId: string): Promise<KnownAs>;
}

export interface KnownAs {
  readonly name: string;
  readonly handle: string;
  readonly email: string | null;
}

const SOMEONE: KnownAs = { name: "someone", handle: "someone", email: null };

export function createDirectory(parts: { db: Db; api: SlackApi; whoAmI: WhoAmI; clock: Clock }): Directory {
  const { db, api, whoAmI, clock } = parts;
  async function ask(slackId: string): Promise<DirectoryUser | null | "no answer"> {
    const called = await api.call("users.info", { user: slackId });
    if (called.kind === "refused" && NOBODY.has(called.error)) return null;
    const user = called.kind === "ok" ? recordOf(called.data, "user") : undefined;
    return user === undefined ? "no answer" : userOf(slackId, user, (await whoAmI())?.teamId ?? null);
  }

  async function lookUp(slackId: string, freshMs: number, on: Db): Promise<DirectoryUser | null> {
    const kept = await readUser(on, slackId);
    const ageMs =
      kept === null
        ? Number.POSITIVE_INFINITY
        : clock.machineNow().epochMilliseconds - kept.fetchedAt.epochMilliseconds;
    if (kept !== null && ageMs < freshMs) return kept.user;
    const asked = await ask(slackId);
    if (asked === "no answer") {
      if (kept !== null && ageMs < FRESH_ENOUGH_WITHOUT_SLACK_MS) return kept.user;
      throw new NotNow(`Slack could not be asked who ${slackId} is`);
    }
    if (asked !== null) await keepUser(on, asked, clock);
    return asked;
  }

  return {
    lookUp: (slackId) => lookUp(slackId, FRESH_MS, db),
    nameOf: async (on, slackId) => {
      const user = await lookUp(slackId, Number.POSITIVE_INFINITY, on);
      return user === null ? SOMEONE : user;
    },
  };
}

const NOBODY = new Set(["user_not_found", "user_not_visible", "users_not_found"]);

function userOf(id: string, user: Readonly<Record<string, unknown>>, ownTeam: string | null): DirectoryUser {
  const profile = recordOf(user, "profile") ?? {};
  // In an organisation of several workspaces a person belongs to each that is listed.
  const listed = recordOf(user, "enterprise_user")?.["teams"];
  const teams = [stringOf(user, "team_id") ?? ownTeam, ...(Array.isArray(listed) ? listed : [])];
  const handle = filled(stringOf(user, "name")) ?? id;
  return {
    id,
    handle,
    name:
      filled(stringOf(user, "real_name")) ??
      filled(stringOf(profile, "real_name")) ??
      filled(stringOf(profile, "display_name")) ??
      handle,
    email: filled(stringOf(profile, "email")) ?? null,
    isBot: user["is_bot"] === true || id === "USLACKBOT",
    isGuest: user["is_restricted"] === true || user["is_ultra_restricted"] === true,
    isForeign: user["is_stranger"] === true || (ownTeam !== null && !teams.includes(ownTeam)),
    isDeleted: user["deleted"] === true,
  };
}

async function readUser(db: Db, id: string) {
  const row = await db.selectFrom("slack_users").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) return null;
  const user: DirectoryUser = {
    id,
    handle: row.handle,
    name: row.name,
    email: row.email,
    isBot: row.is_bot,
    isGuest: row.is_guest,
    isForeign: row.is_foreign,
    isDeleted: row.is_deleted,
  };
  return { user, fetchedAt: row.fetched_at };
}

async function keepUser(db: Db, user: DirectoryUser, clock: Clock): Promise<void> {
  const values = {
    handle: user.handle,
    name: user.name,
    email: user.email,
    is_bot: user.isBot,
    is_guest: user.isGuest,
    is_foreign: user.isForeign,
    is_deleted: user.isDeleted,
    fetched_at: clock.machineNow(),
  };
  await db
    .insertInto("slack_users")
    .values({ id: user.id, ...values })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(values))
    .execute();
}

const filled = (text: string | undefined): string | undefined =>
  text === undefined || text.trim() === "" ? undefined : text;
