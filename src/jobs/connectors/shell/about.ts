import { type ConnectorContext, ConnectorError, type Handle, type Intent } from "../contract.ts";
import { filled, valuesOf } from "../vendor/template.ts";
import { createWords, type Words } from "../vendor/words.ts";
import { groupLives, type Here, processLives, whereWeAre } from "./processes.ts";
import { readStates, stateFolder } from "./records.ts";
import type { ShellSettings } from "./settings.ts";
import type { State } from "./state.ts";

/** One target, on this machine. */
export interface About {
  readonly settings: ShellSettings;
  readonly target: string;
  readonly allowed: boolean;
  readonly redact: (text: string) => string;
  readonly words: Words;
  readonly base: string;
  readonly here: Here;
}

export function aboutOf(settings: ShellSettings, context: ConnectorContext): About {
  const { target, redact } = context;
  return {
    settings,
    target,
    redact,
    allowed: context.mayRunCommands === true,
    words: createWords(Object.values(settings.env), redact),
    base: stateFolder(settings.stateDir, target),
    here: whereWeAre(),
  };
}

export const elsewhere = ({ settings, here }: About): string | null =>
  settings.host === here.host ? null : `it runs on ${settings.host} only, and this is ${here.host}`;

export const NOT_ALLOWED = "this machine may not run commands of the catalogue";

/** The program and its arguments. Throws when a parameter could be taken for an option. */
export function argumentsOf(about: About, intent: Intent): string[] {
  const values = valuesOf(intent);
  for (const template of about.settings.command) {
    const word = filled(template, values) ?? "";
    if (template.startsWith("${") && word.startsWith("-")) {
      throw new ConnectorError("invalid", `${about.target} is not given "${word}": it would be taken for an option`);
    }
    if (word.includes("\0")) throw new ConnectorError("invalid", `${about.target} takes no zero byte`);
  }
  return wordsOf(about, intent);
}

/** The same, unjudged, for showing. An argument whose parameter is not given is left out. */
export function wordsOf({ settings }: About, intent: Intent): string[] {
  const values = valuesOf(intent);
  return settings.command.flatMap((template) => filled(template, values) ?? []);
}

/** Where a person finds it: `kill -TERM -PGID` there. Null while it is not known what was started. */
export function handleOf({ target }: About, state: State): Handle | null {
  if (state.phase === "claimed") return null;
  const { host, boot, key, leader } = state;
  return { scope: target, externalId: `${host}:${leader?.pid ?? "none"}`, opaque: { host, boot, key } };
}

/** What of this job still runs here, whoever's it is. */
export function under(about: About, name: string): State[] {
  return readStates(about.base).filter((state) => state.name === name && lives(about, state));
}

export function lives({ here }: About, state: State): boolean {
  if (state.phase === "ended" || state.host !== here.host || state.boot !== here.boot) return false;
  return state.leader === undefined ? processLives(state.runner) : groupLives(state.leader);
}
