import { UserError } from "../base/errors.ts";
import type { Authorise } from "../guard/authorise.ts";
import { needPlaced, type Placed } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Handle } from "../jobs/connectors/contract.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { Asking, RunOptions } from "./contract.ts";
import { mendedBy } from "./runs-mended.store.ts";
import { asTyped, readParameters } from "./runs-parameters.ts";
import type { Requesting } from "./runs-request.ts";
import { incidentIdOf, needRun } from "./runs-view.ts";
import type { WantedRun } from "./runs-wanted.ts";
import { resolveVersion } from "./versions.ts";

type Parts = Requesting & { readonly authorise: Authorise };

/** What was typed, resolved and validated: a job's run. Throws `UserError`s with the nearest right name. */
export async function wantedRun(
  parts: Parts,
  asking: Asking,
  typed: {
    readonly job: string;
    readonly environment: string;
    readonly parameters: Readonly<Record<string, string>>;
  } & RunOptions,
): Promise<WantedRun> {
  const placed = needPlaced(parts.catalogue, typed);
  const parameters = readParameters({ name: placed.job, definition: placed.definition }, typed.parameters);
  const incidentId = await incidentOf(parts, asking, null);
  return { placed, parameters, parent: null, incidentId, ...(await optionsOf(parts, asking, { placed, ...typed })) };
}

/** The same again for a run that was. `from: failed` continues its execution where it ended. */
export async function wantedRerun(
  parts: Parts,
  asking: Asking,
  again: { readonly number: number } & RunOptions,
): Promise<WantedRun> {
  const parent = await needRun(parts.store.db, again.number);
  if (parent.kind !== "run") throw notAJob(parent);
  const placed = needPlaced(parts.catalogue, parent);
  const parameters = readParameters({ name: placed.job, definition: placed.definition }, asTyped(parent.parameters));
  const resumeOf = again.from === "failed" ? await endedWhere(parts, placed, parent) : null;
  const incidentId = await incidentOf(parts, asking, parent);
  const options = await optionsOf(parts, asking, { placed, ...again });
  return { placed, parameters, parent, incidentId, ...options, ...(resumeOf === null ? {} : { resumeOf }) };
}

/** Asked in an incident's thread, it is the incident's; in a run's thread, that of the run's incident. */
async function incidentOf({ store }: Parts, asking: Asking, parent: Run | null): Promise<number | null> {
  const here = await incidentIdOf(store.db, asking.incident);
  if (here !== null) return here;
  if (parent !== null) return parent.incidentId;
  return asking.run === null ? null : (await needRun(store.db, asking.run)).incidentId;
}

async function optionsOf(parts: Parts, asking: Asking, typed: { readonly placed: Placed } & RunOptions) {
  const redact = redactorOf(parts.catalogue);
  const { placed, reason, override } = typed;
  return {
    reason: reason === undefined ? null : redact(reason),
    ...(override === undefined ? {} : { override: redact(override) }),
    ...(typed.version === undefined
      ? {}
      : { version: await versionOf(parts, asking, { placed, wanted: typed.version }) }),
    ...(typed.pin === true ? await pinOf(parts, asking, typed) : {}),
  };
}

/** The target is asked only for those who may run it there; the guard refuses the others. */
async function versionOf(parts: Parts, asking: Asking, of: { placed: Placed; wanted: string }): Promise<string> {
  const { job, environment } = of.placed;
  const may = await parts.authorise.may(asking.actor, { action: "run", job, environment });
  if (may.kind === "deny") return of.wanted;
  const { key, name } = asking.actor;
  return (await resolveVersion(parts, { ...of, requestKey: asking.requestKey, by: { key, name } })).version;
}

/** The run's version becomes its schedule's when it has started: one act, and two grants. */
async function pinOf(
  parts: Parts,
  asking: Asking,
  typed: { readonly placed: Placed } & RunOptions,
): Promise<Pick<WantedRun, "pinAfterStart" | "afterBirth">> {
  const { job, environment, place } = typed.placed;
  const allowed = await parts.authorise.need(asking, { action: "pin", audit: "pin.set", job, environment });
  if (parts.connections.of(place.target)?.capabilities.pins !== true) {
    throw new UserError("unsupported", {
      code: "no_pins",
      message: `${place.target} has no schedule of its own that Nightdesk could hold at a version.`,
      wayOut: "Nothing was started. Leave `--pin` out.",
    });
  }
  if (typed.version === undefined) {
    throw new UserError("usage", {
      code: "pin_without_version",
      message: "--pin holds the schedule at the version of this run, and none is named.",
      wayOut: "Nothing was started. Add `--version=previous`, or the version; or pin it alone with `/sync pin`.",
    });
  }
  return { pinAfterStart: true, afterBirth: (tx, run) => allowed.record(tx, { runId: run.id }) };
}

function notAJob({ number, kind }: Run): UserError {
  const what = { run: "run", restore: "restore", fanout: "fan-out", compare: "comparison" }[kind];
  const wayOut =
    kind === "fanout"
      ? `\`/sync resync --run=${number} --only=failed\` hands over what failed.`
      : kind === "restore"
        ? "`/sync restore run N` restores again, N being the run that it brings back."
        : "`/sync orphans JOB ENV` compares again.";
  return new UserError("unsupported", {
    code: "not_a_job",
    message: `Run ${number} is a ${what}, not the run of a job.`,
    wayOut: `Nothing was started. ${wayOut}`,
  });
}

async function endedWhere({ store, connections }: Parts, placed: Placed, parent: Run): Promise<Handle> {
  const no = (message: string, wayOut: string) =>
    new UserError("unsupported", { code: "cannot_continue", message, wayOut: `Nothing was started. ${wayOut}` });
  const whole = `\`/sync rerun run ${parent.number}\` runs it from its beginning.`;
  if (parent.state !== "failed" && parent.state !== "aborted") {
    throw no(`Run ${parent.number} did not fail: there is nothing to continue.`, whole);
  }
  if (placed.place.target !== parent.target) {
    throw no(
      `Run ${parent.number} ended at ${parent.target}, and ${placed.job} is at ${placed.place.target} now.`,
      whole,
    );
  }
  if (connections.of(placed.place.target)?.capabilities.resumeFailed !== true) {
    throw no(`${placed.place.target} cannot continue a run from where it ended.`, whole);
  }
  const by = (await mendedBy(store.db, [parent.id])).get(parent.id)?.restored ?? null;
  if (parent.restored || by !== null) {
    throw no(
      `What run ${parent.number} had done was taken back with its snapshot${by === null ? "" : ` by run ${by}`}: there is nothing to continue.`,
      whole,
    );
  }
  if (parent.handle === null) throw no(`Nobody knows where run ${parent.number} ended at its target.`, whole);
  return parent.handle;
}
