import { z } from "zod";
import type { EstateKind, EstateWorld, Target } from "./contract.ts";
import { duration } from "./duration.ts";
import { type Answered, type Asked, listen } from "./server.ts";
import { openStagedSync } from "./staged-sync-engine.ts";
import { answerContract, type Desk, problem } from "./staged-sync-http.ts";
import { openItems } from "./staged-sync-items.ts";
import { token } from "./token.ts";

/** YAML's bare yes and no may arrive as true and false. */
const yesNo = <T extends string>(more: readonly T[]) =>
  z.preprocess((given) => (given === true ? "yes" : given === false ? "no" : given), z.enum(["yes", "no", ...more]));
const name = z.string().min(1);
const names = z.array(name);
const oneOrMore = z.union([name, names]).transform((given) => [given].flat());
const text = z.union([name, z.number().transform(String)]);

const STAGE_NAMES = ["clear", "doctors", "connections", "discrepancies"];

function stageNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => STAGE_NAMES[index] ?? `stage ${index + 1}`);
}

const running = {
  /** How many stages, or their names in order. */
  stages: z.union([z.int().min(1).max(50).transform(stageNames), names.min(1)]),
  /** How many the whole list has. */
  items: z.int().min(0),
  /** Items a second, over all stages. */
  rate: z.number().positive(),
  /** Half-way through that stage it fails; `times`: so many attempts only. */
  fail: z
    .strictObject({
      stage: z.int().min(1),
      error: name,
      code: name.default("stage_failed"),
      times: z.int().min(1).nullable().default(null),
      retryable: z.boolean().default(false),
      version: text.nullable().default(null),
    })
    .nullable(),
  /** How often it tries a failing stage by itself, and how long it waits in between. */
  retries: z
    .strictObject({ of: z.int().min(1), after: duration })
    .transform(({ of, after }) => ({ of, afterMs: after })),
  /** slow: stops after `abortSeconds`; ignores: accepts and goes on; lies: says at once that it stopped and goes on. */
  abortable: yesNo(["slow", "ignores", "lies"]),
  abortSeconds: z.number().min(0),
  snapshot: yesNo(["fails"]),
  restore: yesNo(["fails"]),
  restoreSeconds: z.number().positive(),
  /** Oldest first; the last one is deployed. */
  versions: z.array(text).min(1),
  /** Lines that every execution writes into its log at its start. */
  log: names,
};

const entities = {
  ids: z.array(text),
  orphans: z.array(text),
  lost: z.array(text),
  itemErrors: z.record(z.string(), name),
  superseded: z.array(text),
};

const around = {
  /** What it says it is; default: its environment. */
  identity: name,
  /** The jobs that there are; default: whatever is asked for. */
  jobs: oneOrMore,
  /** What readers see while it runs. */
  readers: name,
  pausable: z.boolean(),
  resumable: z.boolean(),
  /** Ids a call. */
  batch: z.int().min(1),
  compare: z.boolean(),
  /** It works without telling: no log, and a progress that stays at the start. */
  silent: z.boolean(),
  /** true: the process is gone, and its work; network: calls are cut, the work goes on; memory: it knows nothing of what it ran. */
  vanish: z.union([z.boolean(), z.enum(["network", "memory"])]),
  /** Everybody is refused. */
  denied: z.boolean(),
  /** The next calls are answered so. `retryAfter` in seconds. */
  busy: z.strictObject({
    status: z.union([z.literal(429), z.literal(503), z.literal(500)]).default(429),
    retryAfter: z.int().min(0).optional(),
    times: z.int().min(1),
  }),
  /** The next so many POSTs are carried out and their answers are lost. */
  dropAnswers: z.int().min(0),
};

const whole = z.object({ ...running, ...entities, ...around });
const all = whole.partial();
const options = z.strictObject({
  environment: name.default("prod"),
  token,
  /** How old a snapshot is that was there before. */
  snapshotAge: duration.optional(),
  ...all.shape,
});
const changes = z.strictObject({
  ...all.shape,
  /** Starts by its own schedule. */
  start: oneOrMore.optional(),
});

/**
 * A long sync that speaks Nightdesk's job contract. A full sync empties the list and fills it again stage by stage; a
 * snapshot keeps what the list has, a restore brings that back. Every job of a target has a list of its own.
 */
export const stagedSync: EstateKind = {
  name: "staged-sync",
  options,
  changes,
  start: async (given, world) => {
    const { token, environment, snapshotAge, ...rest } = options.parse(given);
    const snapshotAt = snapshotAge === undefined ? null : world.now() - snapshotAge;
    const settings = { ...DEFAULTS, identity: environment, ...present(rest) };
    const target = openTarget(settings, { world, token, snapshotAt });
    const server = await listen(target.answer);
    const set = async (change: Partial<Everything>) => {
      target.set(change);
      if (change.vanish === true) await server.goAway();
      else if (change.vanish !== undefined) await server.comeBack();
    };
    await set({ vanish: settings.vanish });
    return {
      kind: "staged-sync",
      url: server.url,
      token,
      nextDueAt: target.engine.nextDueAt,
      tick: target.engine.tick,
      change: async (change) => {
        await target.engine.tick();
        const { start, ...changed } = changes.parse(change);
        await set(present(changed));
        for (const job of start ?? []) target.engine.startBySchedule(job);
        await target.engine.tick();
      },
      counts: target.counts,
      close: async () => {
        target.engine.close();
        await server.close();
      },
    } satisfies Target;
  },
};

type Everything = z.output<typeof whole>;
type Settings = Omit<Everything, "ids" | "jobs"> & { ids: string[] | null; jobs: string[] | null };

const DEFAULTS: Omit<Settings, "identity"> = {
  stages: STAGE_NAMES,
  items: 5_000,
  rate: 10,
  fail: null,
  retries: { of: 1, afterMs: 0 },
  abortable: "yes",
  abortSeconds: 30,
  snapshot: "yes",
  restore: "yes",
  restoreSeconds: 60,
  versions: ["10", "11"],
  log: [],
  ids: null,
  orphans: [],
  lost: [],
  itemErrors: {},
  superseded: [],
  jobs: null,
  readers: "the list is empty at first and grows until the last stage",
  pausable: true,
  resumable: true,
  batch: 100,
  compare: true,
  silent: false,
  vanish: false,
  denied: false,
  busy: { status: 429, times: 0 },
  dropAnswers: 0,
};

function openTarget(given: Settings, around: { world: EstateWorld; token: string; snapshotAt: number | null }) {
  const { world, token, snapshotAt } = around;
  let settings = given;
  let busyLeft = given.busy.times;
  let dropsLeft = given.dropAnswers;
  let requestedBy: string | null = null;
  const counts = { calls: 0, refused: 0, startCalls: 0 };
  const engine = openStagedSync(given, world, snapshotAt);
  const items = openItems(given, () => settings.items);
  const desk: Desk = {
    engine,
    items,
    about: () => ({ ...settings, service: world.name }),
    requestedBy: (person) => {
      requestedBy = person;
    },
    answers: new Map(),
  };

  function refusal(asked: Asked): Answered | null {
    if (asked.headers.authorization !== `Bearer ${token}`) return problem(401, "unauthorized", "who are you?");
    if (settings.denied) return problem(403, "forbidden", "this token may not do that");
    if (busyLeft <= 0) return null;
    busyLeft--;
    const { status, retryAfter } = settings.busy;
    const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    return { ...problem(status, "busy", "come back later"), headers };
  }

  return {
    engine,
    set: (change: Partial<Everything>) => {
      settings = { ...settings, ...change };
      if (change.busy !== undefined) busyLeft = change.busy.times;
      if (change.dropAnswers !== undefined) dropsLeft = change.dropAnswers;
      if (change.vanish === true) engine.lose();
      if (change.vanish === "memory") engine.forget();
      engine.change(change);
      items.change(change);
    },
    answer: async (asked: Asked): Promise<Answered> => {
      if (settings.vanish === "network") return { status: 0, cut: true };
      await engine.tick();
      counts.calls++;
      if (asked.method === "POST" && asked.path.endsWith("/executions")) counts.startCalls++;
      const answered = refusal(asked) ?? answerContract(asked, desk);
      if (answered.status >= 400) counts.refused++;
      if (asked.method !== "POST" || answered.status >= 400 || dropsLeft <= 0) return answered;
      dropsLeft--;
      return { status: 0, cut: true };
    },
    counts: () => ({ ...counts, ...items.counts(), ...engine.counts(), requestedBy }),
  };
}

function present(given: { [K in keyof Everything]?: Everything[K] | undefined }): Partial<Everything> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
