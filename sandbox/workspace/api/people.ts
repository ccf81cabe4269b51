import type { Json, PersonShown } from "../contract.ts";
import { FOREIGN_TEAM, type State } from "../state.ts";
import { ApiError, type Call, type Method, page, TIER } from "./call.ts";

export const peopleMethods: Record<string, Method> = {
  "users.info": { scopes: ["users:read"], perMinute: TIER[4], run: info },
  "users.list": { scopes: ["users:read"], perMinute: TIER[2], run: list },
  "users.lookupByEmail": { scopes: ["users:read.email"], perMinute: TIER[3], run: lookupByEmail },
  "usergroups.list": { scopes: ["usergroups:read"], perMinute: TIER[2], run: groups },
  "usergroups.users.list": { scopes: ["usergroups:read"], perMinute: TIER[2], run: groupUsers },
  "team.info": { scopes: ["team:read"], perMinute: TIER[3], run: team },
  "bots.info": { scopes: ["users:read"], perMinute: TIER[3], run: bot },
};

function info(call: Call): Json {
  const id = call.args.need("user");
  const { state } = call.twin;
  if (id === state.app.botUserId) return { user: botUser(state) };
  const person = [...state.people.values()].find((candidate) => candidate.id === id);
  if (person === undefined) throw new ApiError("user_not_found");
  return { user: userShape(state, person) };
}

function list(call: Call): Json {
  const { state } = call.twin;
  const users = [botUser(state), ...[...state.people.values()].map((person) => userShape(state, person))];
  const { page: members, next } = page(call, users, { normal: users.length, max: 1000 });
  return { members, cache_ts: Math.floor(Date.now() / 1000), response_metadata: { next_cursor: next } };
}

function lookupByEmail(call: Call): Json {
  const { state } = call.twin;
  const email = call.args.need("email").toLowerCase();
  const person = [...state.people.values()].find((candidate) => candidate.email.toLowerCase() === email);
  if (person === undefined || person.deleted || person.foreign) throw new ApiError("users_not_found");
  return { user: userShape(state, person) };
}

function groups(call: Call): Json {
  const { state } = call.twin;
  const withUsers = call.args.flag("include_users");
  return {
    usergroups: state.groups.map(({ id, handle, users }) => ({
      id,
      team_id: state.team.id,
      is_usergroup: true,
      name: handle,
      handle,
      description: "",
      is_external: false,
      date_delete: 0,
      user_count: users.length,
      ...(withUsers && { users }),
    })),
  };
}

function groupUsers(call: Call): Json {
  const id = call.args.need("usergroup");
  const group = call.twin.state.groups.find((candidate) => candidate.id === id);
  if (group === undefined) throw new ApiError("no_such_subteam");
  return { users: group.users };
}

function team(call: Call): Json {
  const { team: own, url } = call.twin.state;
  return { team: { ...own, url: `${url}/`, email_domain: "example.org", icon: {} } };
}

function bot(call: Call): Json {
  const { app, bots } = call.twin.state;
  const id = call.args.text("bot") ?? app.botId;
  const updated = Math.floor(Date.now() / 1000);
  if (id === app.botId) {
    return { bot: { id, deleted: false, name: app.name, updated, app_id: app.id, user_id: app.botUserId, icons: {} } };
  }
  const name = bots.get(id);
  if (name === undefined) throw new ApiError("bot_not_found");
  return { bot: { id, deleted: false, name, updated, app_id: "A0THIRDPARTY", icons: {} } };
}

function userShape(state: State, person: PersonShown): Json {
  const profile: Json = {
    real_name: person.realName,
    real_name_normalized: person.realName,
    display_name: person.name,
    display_name_normalized: person.name,
    first_name: person.realName.split(" ")[0],
    team: state.team.id,
  };
  // An address is shown only to who may read addresses, and never a stranger's.
  if (state.scopes.has("users:read.email") && !person.foreign && !person.bot) profile["email"] = person.email;
  return {
    id: person.id,
    team_id: person.foreign ? FOREIGN_TEAM : state.team.id,
    name: person.name,
    deleted: person.deleted,
    real_name: person.realName,
    tz: person.timezone,
    tz_label: person.timezone,
    tz_offset: offsetSeconds(person.timezone),
    profile,
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: person.guest,
    is_ultra_restricted: person.guest,
    is_bot: person.bot,
    is_app_user: false,
    is_stranger: person.foreign,
    updated: 1_700_000_000,
    is_email_confirmed: true,
  };
}

function botUser(state: State): Json {
  const { app } = state;
  return {
    id: app.botUserId,
    team_id: state.team.id,
    name: app.name,
    deleted: false,
    real_name: app.name,
    tz: "Europe/London",
    profile: {
      real_name: app.name,
      display_name: app.name,
      bot_id: app.botId,
      api_app_id: app.id,
      team: state.team.id,
    },
    is_restricted: false,
    is_ultra_restricted: false,
    is_bot: true,
    is_app_user: false,
    updated: 1_700_000_000,
  };
}

function offsetSeconds(zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(
    new Date(),
  );
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(name);
  if (match === null) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60);
}
