import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { FreezeView } from "../services/contract.ts";
import type { Answer } from "./answer.ts";
import type { Data } from "./data.ts";
import { dateTime, escaped, list, near } from "./format.ts";

/** `*freeze-1* holds person-* in prod until 05:00: restart at night. Starts wait. By Asha Rao` */
export function freezeLine(freeze: FreezeView, now: Instant): string {
  const what = `${escaped(list(freeze.jobs))} in ${escaped(list(freeze.environments))}`;
  const meanwhile = freeze.held === "defer" ? "Starts wait for its end" : "Starts are refused";
  const by = freeze.byName === null ? "in the catalogue" : `by ${escaped(freeze.byName)}`;
  return `${freeze.holds ? ":no_entry:" : ":small_blue_diamond:"} *${escaped(freeze.name)}* ${stateWords(freeze, now)} ${what}: ${escaped(freeze.because)}. ${meanwhile}; ${by}${windowWords(freeze)}`;
}

function stateWords({ holds, until }: FreezeView, now: Instant): string {
  if (!holds) return "does not hold now";
  return until === null ? "holds, until somebody ends it," : `holds until ${near(until, now)}`;
}

function windowWords({ mode, cron, from, to }: FreezeView): string {
  const side = mode === "deny" ? "inside" : "outside";
  if (cron !== null)
    return `, ${side} of ${lasting(cron.forMs)} from each \`${escaped(cron.expression)}\` (${escaped(cron.zone)})`;
  const begin = from === null ? "" : ` from ${dateTime(from)}`;
  const end = to === null ? "" : ` to ${dateTime(to)}`;
  return begin === "" && end === "" ? "" : `, ${side} of the time${begin}${end}`;
}

export function freezesAnswer(freezes: readonly FreezeView[], now: Instant): Answer {
  const lines = [...freezes].sort((a, b) => Number(b.holds) - Number(a.holds)).map((freeze) => freezeLine(freeze, now));
  const holding = freezes.filter(({ holds }) => holds).length;
  return {
    tone: "info",
    text:
      freezes.length === 0
        ? "There is no freeze. `/sync freeze JOBS ENVS for=2h REASON` makes one."
        : `${holding === 0 ? "No freeze holds anything now" : `${holding} of ${freezes.length} hold now`}:`,
    sections: [{ lines }],
    data: { freezes: freezes.map(freezeData) },
  };
}

export function freezeData({ cron, ...freeze }: FreezeView): Data {
  return {
    ...freeze,
    cron: cron === null ? null : { expression: cron.expression, forMs: cron.forMs, zone: cron.zone },
    from: freeze.from?.toString() ?? null,
    to: freeze.to?.toString() ?? null,
    until: freeze.until?.toString() ?? null,
  };
}
