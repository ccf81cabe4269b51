import type { Acted, Acts, Ephemeral, Json, Message, PersonShown, PressedOn, View } from "../contract.ts";
import { slackSays } from "../ephemerals.ts";
import { isJson, object, parsed, text } from "../json.ts";
import { shape } from "../messages.ts";
import type { Answered } from "../outbound/post.ts";
import { respond } from "../outbound/respond.ts";
import { type Channel, findChannel, person, type State } from "../state.ts";
import type { ResponseContext } from "../tickets.ts";
import type { Twin } from "../twin.ts";
import { carriedState, elementsOf, labelOf } from "../views.ts";
import { fill, microTs } from "./inputs.ts";
import { mentions } from "./words.ts";

const refused = (error: string): Acted => ({ ok: false, error });

/** Commands, buttons and shortcuts: what people start, and the app must acknowledge in three seconds. */
export function createInteractions(twin: Twin) {
  const { state, tickets } = twin;

  async function slash(act: Acts["slash"]): Promise<Acted> {
    const user = person(state, act.user);
    const channel = findChannel(state, act.channel);
    if (channel === undefined) return refused("channel_not_found");
    const [typed = "", ...rest] = act.text.trim().split(" ");
    const command = state.manifest.features?.slash_commands?.find((one) => one.command === typed);
    if (command === undefined) {
      slackSays(state, { user: user.id, channel: channel.id }, `${typed} is not a valid command.`);
      return refused("no_such_command");
    }
    const said = rest.join(" ").trim();
    const context: ResponseContext = { user: user.id, channel: channel.id };
    const answer = await twin.dispatch.send("slash_commands", {
      token: "sandbox-verification-token",
      team_id: state.team.id,
      team_domain: state.team.domain,
      channel_id: channel.id,
      channel_name: channel.im === null ? (channel.private ? "privategroup" : channel.name) : "directmessage",
      user_id: user.id,
      user_name: user.name,
      command: command.command,
      text: command.should_escape === true ? mentions(state, said, true) : said,
      api_app_id: state.app.id,
      is_enterprise_install: "false",
      response_url: tickets.responseUrl(context),
      trigger_id: tickets.trigger(user.id),
    });
    const acted = acknowledged(answer);
    if (acted.error !== undefined) {
      const words = `${command.command} failed with the error "${acted.error}"`;
      slackSays(state, { user: user.id, channel: channel.id }, words);
    } else if (answer.body.trim() !== "") {
      const body = parsed(answer.body);
      if (isJson(body) || typeof body !== "object") respond(twin, context, isJson(body) ? body : { text: answer.body });
    }
    return acted;
  }

  async function press(act: Acts["press"]): Promise<Acted> {
    const user = person(state, act.user);
    const target = pressedOn(state, user, act.on);
    if ("error" in target) return refused(target.error);
    const found = findElement(target.blocks, act);
    if (found === null) return refused("no_such_button");
    const { block, element } = found;
    const action: Json = {
      type: element["type"],
      action_id: element["action_id"],
      block_id: block.block_id,
      action_ts: microTs(),
    };
    if (element["type"] === "button") {
      for (const key of ["text", "value", "style", "url"]) if (element[key] !== undefined) action[key] = element[key];
    } else {
      const filled = fill(state, element, act.value ?? "");
      if ("error" in filled) return refused(text(filled["error"]));
      Object.assign(action, filled);
      const block_id = text(block.block_id);
      const held = target.values[block_id] ?? {};
      target.values[block_id] = held;
      if (element["type"] !== "overflow") held[text(element["action_id"])] = filled;
      // An input tells the app only when it was asked to.
      if (block.type === "input" && block["dispatch_action"] !== true) return { ok: true };
    }
    const answer = await twin.dispatch.send("interactive", {
      type: "block_actions",
      ...identity(user),
      trigger_id: tickets.trigger(user.id),
      ...target.payload(),
      actions: [action],
    });
    const acted = acknowledged(answer);
    if (acted.error !== undefined) slackSays(state, { user: user.id, channel: target.channel }, FAILED_ACTION);
    return acted;
  }

  /** The part of a `block_actions` payload that says where it was, and the blocks that can be pressed there. */
  function pressedOn(from: State, user: PersonShown, on: PressedOn): Target | { error: string } {
    if ("modal" in on) {
      const view = from.modals.get(user.id)?.find(({ id }) => id === on.modal);
      const home = from.homes.get(user.id);
      const shown = view ?? (home?.id === on.modal ? home : undefined);
      return shown === undefined ? { error: "no_modal" } : viewTarget(shown);
    }
    if ("ephemeral" in on) {
      const ephemeral = from.ephemerals.find(({ id }) => id === on.ephemeral);
      if (ephemeral === undefined || ephemeral.user !== user.id) return { error: "message_not_found" };
      return messageTarget(user, ephemeral, { ephemeral: on.ephemeral });
    }
    const channel = findChannel(from, on.channel);
    if (channel === undefined) return { error: "channel_not_found" };
    const message = channel.messages.get(on.ts);
    if (message === undefined) return { error: "message_not_found" };
    if (!channel.members.includes(user.id)) return { error: "not_in_channel" };
    return messageTarget(user, message, { ts: on.ts });
  }

  function viewTarget(view: View): Target {
    return {
      blocks: view.blocks,
      channel: "",
      values: view.state.values,
      payload: () => ({ container: { type: "view", view_id: view.id }, view: structuredClone(view) }),
    };
  }

  function messageTarget(
    user: PersonShown,
    shown: Message | Ephemeral,
    original: { ts: string } | { ephemeral: string },
  ): Target {
    const channel = state.channels.get(shown.channel);
    const values = carriedState(shown.blocks ?? []);
    const threadTs = shown.thread_ts;
    const isEphemeral = "ephemeral" in original;
    return {
      blocks: [...(shown.blocks ?? []), ...(shown.attachments ?? []).flatMap((one) => [...blocksIn(one)])],
      channel: shown.channel,
      values,
      payload: () => ({
        container: {
          type: "message",
          message_ts: shown.ts,
          channel_id: shown.channel,
          is_ephemeral: isEphemeral,
          ...(threadTs !== undefined && { thread_ts: threadTs }),
        },
        channel: { id: shown.channel, name: channel === undefined ? "" : nameIn(channel) },
        ...("type" in shown && { message: shape(twin, shown, { metadata: true }) }),
        state: { values },
        response_url: tickets.responseUrl({
          user: user.id,
          channel: shown.channel,
          original,
          ...(threadTs !== undefined && { threadTs }),
        }),
      }),
    };
  }

  async function shortcut(act: Acts["shortcut"]): Promise<Acted> {
    const user = person(state, act.user);
    const all = state.manifest.features?.shortcuts ?? [];
    const found = all.find(({ name, callback_id }) => name === act.name || callback_id === act.name);
    if (found === undefined) return refused("no_such_shortcut");
    const common = { callback_id: found.callback_id, trigger_id: tickets.trigger(user.id), action_ts: microTs() };
    if (found.type === "global") {
      return acknowledged(await twin.dispatch.send("interactive", { type: "shortcut", ...identity(user), ...common }));
    }
    const channel = act.message === undefined ? undefined : findChannel(state, act.message.channel);
    const message = channel?.messages.get(act.message?.ts ?? "");
    if (channel === undefined || message === undefined) return refused("message_not_found");
    const threadTs = message.thread_ts;
    const answer = await twin.dispatch.send("interactive", {
      type: "message_action",
      ...identity(user),
      ...common,
      channel: { id: channel.id, name: nameIn(channel) },
      message_ts: message.ts,
      message: shape(twin, message),
      response_url: tickets.responseUrl({
        user: user.id,
        channel: channel.id,
        ...(threadTs !== undefined && { threadTs }),
      }),
    });
    const acted = acknowledged(answer);
    if (acted.error !== undefined) slackSays(state, { user: user.id, channel: channel.id }, FAILED_ACTION);
    return acted;
  }

  /** The keys that every interactive payload carries. */
  function identity(user: PersonShown): Json {
    return {
      user: {
        id: user.id,
        username: user.name,
        name: user.name,
        team_id: user.foreign ? "T0ELSEWHERE" : state.team.id,
      },
      api_app_id: state.app.id,
      token: "sandbox-verification-token",
      team: { id: state.team.id, domain: state.team.domain },
      enterprise: null,
      is_enterprise_install: false,
    };
  }

  return { slash, press, shortcut, identity };
}

interface Target {
  blocks: Json[];
  /** Channel id; "" in a view. */
  channel: string;
  values: Record<string, Record<string, Json>>;
  payload(): Json;
}

const FAILED_ACTION = "This didn't work: the app did not answer in time. Try again.";

/** What Slack's client makes of the app's answer. */
export function acknowledged(answer: Answered): Acted {
  const known = { ackedMs: answer.ackedMs, ...(answer.status !== null && { status: answer.status }) };
  if (answer.failure === null) return { ok: true, ...known };
  return { ok: false, error: answer.failure === "http_timeout" ? "operation_timeout" : "dispatch_failed", ...known };
}

function findElement(blocks: Json[], act: Acts["press"]): ReturnType<typeof elementsOf>[number] | null {
  const named = elementsOf(blocks).filter(({ block, element }) => {
    const label = labelOf(element) || text(object(block["label"])["text"]);
    return element["action_id"] === act.button || label === act.button || block.block_id === act.button;
  });
  const buttons = named.filter(({ element }) => element["type"] === "button");
  if (act.value === undefined || buttons.length === 0) return named[0] ?? null;
  return buttons.find(({ element }) => element["value"] === act.value) ?? null;
}

function blocksIn(attachment: Json): Json[] {
  return Array.isArray(attachment["blocks"]) ? attachment["blocks"].filter(isJson) : [];
}

function nameIn(channel: Channel): string {
  if (channel.im !== null) return "directmessage";
  return channel.private ? "privategroup" : channel.name;
}
