import type { Instant } from "../../src/base/clock.ts";
import { defineCommand } from "../../src/command/command.ts";
import { count, list } from "../../src/command/format.ts";
import type { Words } from "../../src/command/grammar.ts";
import { comingMoment } from "../../src/command/moments.ts";
import { environmentNamed, jobNamed, usage } from "../../src/command/names.ts";
import { freezeData, freezeLine, freezesAnswer } from "../../src/command/say-freezes.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import { cron, duration, zone } from "../../src/config/scalars.ts";
import type { FreezeView, WantedFreeze } from "../../src/services/contract.ts";

type Made = { readonly made: FreezeView } | { readonly all: readonly FreezeView[] };

export const freeze = defineCommand<WantedFreeze | null, Made>({
  family: "sync",
  name: "freeze",
  summary: "Hold starts back for a time",
  usage:
    'freeze JOBS ENVS [for=2h | from=TIME to=TIME | cron="0 0 * * *" for=5h] [--allow] [--refuse] [--zone=ZONE] REASON',
  examples: [
    "sync freeze * prod for=2h TCS is being released",
    'sync freeze person-*,post-sync prod cron="0 0 * * *" for=5h a start before 05:00 runs every job',
    "sync freeze * prod from=2026-12-24T17:00 to=2026-12-27T08:00 --refuse Christmas",
  ],
  hint: "Starts wait for its end, with `--refuse` they are refused; with `--allow` only the time given is free. It touches no abort and nothing that runs. Without a time it holds until `unfreeze`; without words it lists what there is.",
  needs: "freeze",
  takes: { options: ["for", "from", "to", "cron", "zone"], flags: ["allow", "refuse"], prose: true },
  parse: (words, { catalogue, now }) => (words.words.length === 0 ? null : wantedFreeze(words, { catalogue, now })),
  call: async (services, asking, wanted) =>
    wanted === null
      ? { all: await services.freezes.list(asking) }
      : { made: await services.freezes.add(asking, wanted) },
  say: (result, _, { now }) => {
    if ("all" in result) return freezesAnswer(result.all, now);
    const { made } = result;
    const goingOn = made.goingOn.map((run) => `run ${run}`);
    return {
      tone: "done",
      text: freezeLine(made, now),
      sections: [
        {
          lines: [
            ...(goingOn.length === 0 ? [] : [`${count(goingOn.length, "run")} had begun and go on: ${list(goingOn)}.`]),
            `\`/sync unfreeze ${made.name} REASON\` ends it.`,
          ],
        },
      ],
      data: { freeze: freezeData(made) },
    };
  },
});

function wantedFreeze(words: Words, at: { catalogue: Catalogue; now: Instant }): WantedFreeze {
  const { options, flags } = words;
  const [jobs, environments] = words.words;
  const because = words.prose(2);
  if (jobs === undefined || environments === undefined) {
    throw usage("What is to be held back, and where?", "Write `sync freeze JOBS ENVS for=2h REASON`; `*` matches all.");
  }
  if (because === "") throw usage("Why is it held back?", "Write the reason last: whoever is held back reads it.");
  const named = (text: string, name: (one: string) => string) =>
    text.split(",").map((one) => (/[*?]/.test(one) ? one : name(one)));
  const { catalogue } = at;
  return {
    jobs: named(jobs, (one) => jobNamed(catalogue, one)),
    environments: named(environments, (one) => environmentNamed(catalogue, one)),
    mode: flags.has("allow") ? "allow" : "deny",
    held: flags.has("refuse") ? "refuse" : "defer",
    because,
    ...windowOf(options, at),
  };
}

function windowOf(
  options: ReadonlyMap<string, string>,
  { catalogue, now }: { catalogue: Catalogue; now: Instant },
): Pick<WantedFreeze, "cron" | "forMs" | "zone" | "from" | "until"> {
  const read = <T>(
    schema: {
      safeParse(
        text: string,
      ): { success: true; data: T } | { success: false; error: { issues: readonly { message: string }[] } };
    },
    text: string,
  ): T => {
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    throw usage(`${parsed.error.issues[0]?.message ?? "That is not understood"}.`);
  };
  const given = options.get("zone");
  const place = given === undefined ? catalogue.zone : read(zone, given);
  const moment = (name: "from" | "to", after: Instant) => {
    const text = options.get(name);
    return text === undefined ? null : comingMoment(text, after, place);
  };
  const expression = options.get("cron");
  const lasts = options.get("for");
  const forMs = lasts === undefined ? null : read(duration, lasts);
  const from = moment("from", now);
  const to = moment("to", from ?? now);
  if (expression !== undefined) {
    if (forMs === null) throw usage("How long does each of these windows last?", "Add for=5h.");
    return { cron: read(cron, expression), forMs, zone: place, from, until: to };
  }
  if (forMs !== null && to !== null) throw usage("Both `for` and `to` are given.", "One of them says when it ends.");
  const until = forMs === null ? to : (from ?? now).add({ milliseconds: forMs });
  if (until !== null && until.epochMilliseconds <= (from ?? now).epochMilliseconds) {
    throw usage("It would end before it begins.", "Give a `to` that is later than `from`.");
  }
  return { cron: null, forMs: null, zone: place, from, until };
}
