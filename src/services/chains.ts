import { UserError } from "../base/errors.ts";
import { actorId } from "../config/actor.ts";
import { writeAudit } from "../guard/audit.ts";
import { refusal } from "../guard/authorise.ts";
import { decideWho } from "../guard/decide.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { frozenBy } from "../guard/freezes.ts";
import { knowGroups } from "../guard/grants.ts";
import { needPlaced, type Placed } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import { lockPlaces } from "../jobs/leases.ts";
import { requestWork } from "../store/outbox.ts";
import { type Chain, chainOfRequest, insertChain, runsOfChain } from "./chains.store.ts";
import { advanceChain } from "./chains-advance.ts";
import { dryChain, type WantedChain } from "./chains-dry.ts";
import { type Bound, openConfirmation, takeConfirmation } from "./confirmations.ts";
import type { Asking, ChainTyped, Question, Services } from "./contract.ts";
import { readParameters } from "./runs-parameters.ts";
import type { Requesting } from "./runs-request.ts";
import { incidentIdOf, needRun, viewRun } from "./runs-view.ts";

const FEWEST = 2;
const MOST = 10;
/** A process that died between the chain and its first run is made up for by then. */
const MAKE_UP_MS = 30_000;

type Verdict =
  | { readonly kind: "chain"; readonly chain: Chain }
  | { readonly kind: "ask"; readonly question: Question }
  | { readonly kind: "refused"; readonly error: UserError };

/** Jobs one after the other: asked for once, each decided anew by the guard at its turn. */
export function createChains(parts: Requesting): Services["chains"] {
  const { store, clock, catalogue } = parts;
  const redact = redactorOf(catalogue);
  const redacted = (text: string | undefined): string | null => (text === undefined ? null : redact(text));

  /** Asked in an incident's thread, it is the incident's; in a run's thread, that of the run's incident. */
  const incidentOf = async ({ incident, run }: Asking): Promise<number | null> => {
    const here = await incidentIdOf(store.db, incident);
    return here !== null || run === null ? here : (await needRun(store.db, run)).incidentId;
  };

  const decideAll = async (
    asking: Asking,
    placed: readonly Placed[],
    overrides: boolean,
  ): Promise<UserError | null> => {
    const groups = await knowGroups(catalogue, parts.groupMembers);
    const now = clock.now();
    const freezes = await knownFreezes(store.db, catalogue, now);
    for (const { job, environment, place } of placed) {
      const wanted = { action: "run", job, environment } as const;
      const who = decideWho({ catalogue, groups, actor: asking.actor, wanted });
      if (who.kind === "deny") return refusal(who);
      const from = place.fromChannel?.replace(/^#/, "");
      if (from !== undefined && from !== asking.channelName && from !== asking.channel) {
        return new UserError("denied", {
          code: "wrong_channel",
          message: `${job} in ${environment} may only be started from #${from}.`,
          wayOut: `Nothing was started. Ask for the chain in #${from}, where the others see it.`,
        });
      }
      const frozen = overrides ? frozenBy(freezes, { job, environment, now }) : null;
      const lifts = decideWho({ catalogue, groups, actor: asking.actor, wanted: { ...wanted, action: "freeze" } });
      if (frozen !== null && lifts.kind === "deny") {
        const reason = `${asking.actor.name} may not override ${frozen.freeze.name}, which holds ${job} in ${environment}`;
        return refusal({ ...lifts, check: "when", reason });
      }
    }
    return null;
  };

  const meant = async (asking: Asking, typed: ChainTyped): Promise<WantedChain> => {
    const { environment } = typed;
    const placed = typed.jobs.map((job) => needPlaced(catalogue, { job, environment }));
    needLength(placed);
    // What the second would need is said before the first is started.
    for (const { job, definition } of placed) readParameters({ name: job, definition }, {});
    const why = { because: redacted(typed.reason), override: redacted(typed.override) };
    return { placed, ...why, incidentId: await incidentOf(asking) };
  };

  const decide = async (asking: Asking, wanted: WantedChain): Promise<Verdict> => {
    const { placed, because, override, incidentId } = wanted;
    const [first] = placed;
    if (first === undefined) throw new Error("a chain without jobs");
    const denied = await decideAll(asking, placed, override !== null);
    const jobs = placed.map(({ job }) => job);
    const { environment } = first;
    const bound: Bound = { jobs: jobs.join("\n"), environment, override };
    const requestKey = keyOf(asking);
    return store.tx(async (tx): Promise<Verdict> => {
      const at = clock.now();
      const audit = {
        ...{ at, actor: asking.actor, action: "chain.request", surface: asking.surface, job: first.job, environment },
        ...{ incidentId, details: { jobs: jobs.join(", ") } },
      };
      const refuse = async (error: UserError): Promise<Verdict> => {
        await writeAudit(tx, { ...audit, outcome: "denied", reason: error.message });
        return { kind: "refused", error };
      };
      await lockPlaces(tx, placed);
      const twin = await chainOfRequest(tx, requestKey);
      if (twin !== null) return { kind: "chain", chain: twin };
      if (denied !== null) return refuse(denied);
      if (asking.confirmation !== undefined) {
        const { id, values } = asking.confirmation;
        const typed = values["confirm"] ?? null;
        const wrong = await takeConfirmation(tx, { id, kind: "chain", by: asking.actor, bound, typed, at });
        if (wrong !== null) return refuse(wrong);
      } else if (first.setting.protected) {
        const expected = `${environment} ${first.job}`;
        const asked = { kind: "chain", of: asking.actor, bound, expected, requestKey, at } as const;
        const id = await openConfirmation(tx, asked);
        await writeAudit(tx, { ...audit, outcome: "asked", reason: `${environment} is protected` });
        return { kind: "ask", question: questionOf(placed, { id, expected, because, override }) };
      }
      await writeAudit(tx, {
        ...audit,
        outcome: "allowed",
        reason: `every job of it may be run by ${asking.actor.name}`,
      });
      const chain = await insertChain(tx, {
        ...{ requestKey, environment, jobs, surface: asking.surface, askedAt: at, because, override, incidentId },
        ...{ channel: asking.channel, channelName: asking.channelName },
        ...{ requestedBy: actorId(asking.actor), requestedByKey: asking.actor.key },
        requestedByName: asking.actor.name,
      });
      await requestWork(tx, { kind: "chain", ref: chain.id, dueAt: at.add({ milliseconds: MAKE_UP_MS }) });
      return { kind: "chain", chain };
    });
  };

  return {
    dryStart: async (asking, typed) => dryChain(parts, asking, await meant(asking, typed)),

    start: async (asking, typed) => {
      const verdict = await decide(asking, await meant(asking, typed));
      if (verdict.kind === "refused") throw verdict.error;
      if (verdict.kind === "ask") return verdict;
      const { chain } = verdict;
      const advanced = await advanceChain(parts, chain.id);
      if (advanced.kind === "stopped" && advanced.error !== null) throw advanced.error;
      const [run] = await runsOfChain(store.db, chain.id);
      if (run === undefined) throw new Error(`chain ${chain.id} has no run`);
      return { kind: "done", value: await viewRun(parts, run) };
    },
  };
}

const keyOf = (asking: Asking): string =>
  asking.confirmation === undefined ? asking.requestKey : `confirmation:${asking.confirmation.id}`;

function needLength(placed: readonly Placed[]): void {
  const jobs = placed.map(({ job }) => job);
  const twice = jobs.find((job, index) => jobs.indexOf(job) !== index);
  const wrong = (message: string, wayOut: string) => new UserError("usage", { code: "chain_length", message, wayOut });
  if (twice !== undefined) throw wrong(`${twice} is named twice.`, "A chain runs each of its jobs once.");
  if (jobs.length < FEWEST) throw wrong("A chain has at least two jobs.", "One job is `/sync run JOB ENV`.");
  if (jobs.length > MOST) throw wrong(`A chain has at most ${MOST} jobs.`, "Ask for the rest when these are through.");
}

function questionOf(
  placed: readonly Placed[],
  about: { id: string; expected: string; because: string | null; override: string | null },
): Question {
  const [first] = placed;
  const environment = first?.environment ?? "";
  return {
    id: about.id,
    title: `${environment.toUpperCase()}: start ${placed.length} jobs?`,
    lines: [
      `*${environment.toUpperCase()}* is protected.`,
      "These are started one after the other, each when the one before has succeeded:",
      ...placed.map(({ job, definition, place }, index) => {
        const destructive = definition.destructive ? " :warning: It replaces what is there." : "";
        return `${index + 1}. *${job}* (${definition.title ?? job}) at ${place.target}.${destructive}`;
      }),
      "Each is checked again at its turn. The chain stops at the first that does not succeed, or when you abort one.",
      ...(about.override === null
        ? []
        : [`:warning: Each starts in spite of a freeze that holds it: ${about.override}`]),
      ...(about.because === null ? [] : [`Reason: ${about.because}`]),
    ],
    look: first?.setting.look ?? "red",
    submit: "Start them",
    fields: [{ key: "confirm", label: `To start them, type: ${about.expected}`, expected: about.expected }],
  };
}
