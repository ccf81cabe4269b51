import type { PersonActor } from "../../src/config/actor.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import type { RunView } from "../../src/services/contract.ts";
import { createFreezes } from "../../src/services/freezes.ts";
import { ASHA } from "../guard/fixture.ts";
import { asking, numbered, type World, world } from "../jobs/world.ts";

/** People: asha and ben operate, carla leads, dev may look and run, and approves nothing. */
const ROLES = {
  operator: { members: ["asha", "ben"], allow: [{ actions: ["view", "run", "abort"] }] },
  lead: { members: ["carla"], allow: [{ actions: ["*"] }] },
  runner: { members: ["dev"], allow: [{ actions: ["view", "run"] }] },
};

export type Guarded = Awaited<ReturnType<typeof guarded>>;

/** A world of two environments: in `prod` starts need `approvals`, in `nimdta` they do not. */
export async function guarded(more: {
  approvals?: { count: number; role: string; expires?: string };
  freezes?: readonly Record<string, unknown>[];
  catalogue?: Record<string, unknown>;
  job?: Record<string, unknown>;
}) {
  const here = await world({
    catalogue: { roles: ROLES, freezes: more.freezes ?? [], ...more.catalogue },
    job: {
      environments: {
        prod: {
          ...{ target: "sync-prod", name: "personJob" },
          ...(more.approvals === undefined ? {} : { approvals: more.approvals }),
        },
        nimdta: { target: "sync-nimdta", name: "personJob" },
      },
      ...more.job,
    },
  });
  const { store, clock, catalogue, connections } = here;
  const groupMembers = async () => [];
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers });
  const freezes = createFreezes({ store, clock, catalogue, connections, groupMembers, authorise });
  return { ...here, freezes };
}

/** Asks for it as `actor`, and hands on what became of it. */
export async function ask(
  here: Pick<World, "runs">,
  more: { actor?: PersonActor; environment?: string; override?: string; parameters?: Record<string, string> } = {},
): Promise<RunView> {
  const { actor = ASHA, environment = "prod", override, parameters = {} } = more;
  const wanted = { job: "person-sync", environment, parameters, ...(override === undefined ? {} : { override }) };
  const outcome = await here.runs.request(asking({ actor }), wanted);
  if (outcome.kind !== "done") throw new Error("it was asked instead");
  return outcome.value;
}

/** One step of the run's state machine, as often as it says that it is due now. */
export async function settleDown(here: World, number: number): Promise<void> {
  for (let step = 0; step < 10; step += 1) {
    const run = await numbered(here, number);
    const outcome = await here.advance(run.id);
    if (outcome.done || outcome.dueAt.epochMilliseconds > here.clock.now().epochMilliseconds) return;
    const after = await numbered(here, number);
    if (after.state === "preparing" || after.state === "running") return;
  }
}

export const state = async (here: Pick<World, "store">, number: number) => (await numbered(here, number)).state;

export async function audit(here: Pick<World, "store">, action?: string): Promise<string[]> {
  const rows = await here.store.db.selectFrom("audit").selectAll().orderBy("id").execute();
  return rows
    .filter((row) => action === undefined || row.action === action)
    .map((row) => `${row.actor_key} ${row.action} ${row.outcome}`);
}
