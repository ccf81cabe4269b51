import { createContext, useContext } from "react";
import type { Acted, PressedOn } from "../../workspace/contract.ts";
import { actionIdOf, blockIdOf, type Control, type ControlValue, type ControlValues } from "./blocks/model.ts";
import type { Frame, Message, Shortcut, View } from "./model.ts";
import { twin } from "./twin.ts";

export interface Place {
  channel: string;
  threadTs: string | null;
}

/** What one person can do in the workspace. Every act fails with a sentence for that person. */
export type Client = ReturnType<typeof clientFor>;

/** Acts as `user` (an id). */
export function clientFor(user: string, appName: string) {
  const done = async (act: Promise<Acted>): Promise<void> => {
    const acted = await act;
    if (!acted.ok) throw new Error(sentenceFor(acted, appName));
  };
  const at = ({ channel, ts }: Message) => ({ channel, ts });
  const within = ({ channel, threadTs }: Place) => ({ channel, ...(threadTs === null ? {} : { threadTs }) });

  return {
    say: (place: Place, text: string) => done(twin.act("say", { user, ...within(place), text })),
    /** False: there is no such command. Whatever goes wrong is said in the channel, by the workspace itself. */
    async command(channel: string, text: string): Promise<boolean> {
      return (await twin.act("slash", { user, channel, text })).error !== "no_such_command";
    },
    edit: (message: Message, text: string) => done(twin.act("edit", { user, ...at(message), text })),
    remove: (message: Message) => done(twin.act("delete", { user, ...at(message) })),
    react: (message: Message, emoji: string, on: boolean) =>
      done(twin.act("react", { user, ...at(message), emoji, remove: !on })),
    pin: (message: Message, on: boolean) => done(twin.act("pin", { user, ...at(message), remove: !on })),
    async upload(place: Place, file: File, comment: string): Promise<void> {
      const said = comment === "" ? {} : { comment };
      await done(twin.act("upload", { user, ...within(place), name: file.name, text: await file.text(), ...said }));
    },
    async press(on: PressedOn, control: Control, value: ControlValue): Promise<void> {
      const button = control.action_id ?? control.text?.text ?? "";
      const acted = await twin.act("press", { user, on, button, ...asTyped(value) });
      if (!acted.ok && !("channel" in on && saidInChannel(acted))) throw new Error(sentenceFor(acted, appName));
    },
    shortcut: (shortcut: Shortcut, message: Message | null) =>
      done(
        twin.act("shortcut", {
          user,
          name: shortcut.callbackId,
          ...(message === null ? {} : { message: at(message) }),
        }),
      ),
    /** Empty when the app took it; else block_id -> what is wrong with it. */
    async submit(view: View, values: ControlValues): Promise<Record<string, string>> {
      const submitted = await twin.submit({ user, values: typedValues(view, values) });
      if (submitted.errors !== undefined && Object.keys(submitted.errors).length > 0) return submitted.errors;
      if (!submitted.ok) throw new Error(sentenceFor(submitted, appName));
      return {};
    },
    dismiss: () => done(twin.act("closeModal", { user })),
  };
}

/** An app that does not answer is told of by the workspace, beside the message; once is enough. */
function saidInChannel({ error }: Acted): boolean {
  return error === "operation_timeout" || error === "dispatch_failed";
}

export function pressedOn(message: Message): PressedOn {
  return message.ephemeral === null ? { channel: message.channel, ts: message.ts } : { ephemeral: message.ephemeral };
}

function typedValues(view: View, values: ControlValues): Record<string, string> {
  const typed: Record<string, string> = {};
  view.blocks.forEach((block, index) => {
    if (block.type !== "input" || block.element === undefined) return;
    const blockId = blockIdOf(block, index);
    const value = values[blockId]?.[actionIdOf(block.element)];
    typed[blockId] = value === undefined ? "" : (asTyped(value).value ?? "");
  });
  return typed;
}

/** A control's value as the workspace takes it: as a person would have typed it. */
function asTyped(value: ControlValue): { value?: string } {
  const several = value.selected_options?.map((option) => option.value) ?? value.selected_users;
  if (several !== undefined) return { value: several.join(",") };
  if (typeof value.selected_date_time === "number") {
    return { value: new Date(value.selected_date_time * 1000).toISOString() };
  }
  const one =
    value.selected_option?.value ??
    value.selected_user ??
    value.selected_channel ??
    value.selected_conversation ??
    value.selected_date ??
    value.selected_time ??
    value.value;
  return one === null || one === undefined ? {} : { value: one };
}

function sentenceFor(acted: Acted, appName: string): string {
  switch (acted.error) {
    case "operation_timeout":
      return `${appName} did not answer in time. Try again.`;
    case "dispatch_failed":
      return `${appName} could not be reached${acted.status === undefined ? "" : ` (it answered ${acted.status})`}. Is it running?`;
    case "no_such_button":
      return "That button is no longer there.";
    case "no_modal":
      return "That window is no longer open.";
    case "message_not_found":
      return "That message is no longer there.";
    case "not_yours":
      return "Only its author can change a message.";
    case "not_in_channel":
      return "You are not in this channel.";
    case "is_archived":
      return "This channel is archived.";
    default:
      return `That did not work: ${acted.error ?? "no reason was given"}.`;
  }
}

export interface Desk {
  frame: Frame;
  /** Id of the person who is reading. */
  viewer: string;
  client: Client;
  /** Runs an act; a failure is shown to the reader, and gives false. */
  attempt(act: () => Promise<void>): Promise<boolean>;
  openThread(message: Message): void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error("This part of the page stands outside of the desk.");
  return desk;
}
