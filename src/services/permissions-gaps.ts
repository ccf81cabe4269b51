import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { decideWho } from "../guard/decide.ts";
import { knowGroups } from "../guard/grants.ts";
import { allPlaced } from "../guard/names.ts";
import type { Services } from "./contract.ts";
import type { PermissionsParts } from "./permissions.ts";
import { personOfKey, personOfSlack } from "./permissions-people.ts";
import { askTargets } from "./permissions-targets.ts";

type Gaps = Awaited<ReturnType<Services["permissions"]["gaps"]>>;

/**
 * Everyone on the rota against every job of the catalogue (whoever is on call tonight may have to run any of them), and
 * every target against Nightdesk's own token. What could not be asked is listed, never taken for a yes.
 */
export async function findGaps(parts: PermissionsParts, rota: string): Promise<Gaps> {
  const { catalogue, connections } = parts;
  const groups = await knowGroups(catalogue, parts.groupMembers);
  const places = allPlaced(catalogue);
  const { people, notKnown } = await onRota(parts, rota);

  const denied = people.flatMap((person) =>
    places.flatMap(({ job, environment }) => {
      const decision = decideWho({ catalogue, groups, actor: person, wanted: { action: "run", job, environment } });
      if (decision.kind === "allow") return [];
      return [{ who: person.name, job, environment, why: "", wayOut: decision.wayOut }];
    }),
  );

  const pairs = places.flatMap((placed) => people.map((person) => ({ placed, person })));
  const nobody: PersonActor = { kind: "person", key: "", name: "", slack: "" };
  const asked = pairs.length > 0 ? pairs : places.map((placed) => ({ placed, person: nobody }));
  const words = await askTargets(connections, asked);

  const refusing: Gap[] = [];
  const lacking: Gap[] = [];
  const unasked = new Set<string>(notKnown);
  for (const [index, { placed, person }] of asked.entries()) {
    const word = words[index];
    if (word === undefined) continue;
    const { job, environment, place } = placed;
    const at = { job, environment };
    const own = word.own.answer;
    if (own.kind === "no") refusing.push({ who: place.target, ...at, why: own.evidence, wayOut: own.wayOut ?? "" });
    if (own.kind === "not_known") unasked.add(`${place.target}: what Nightdesk may do there (${own.why})`);
    if (person === nobody) continue;
    const held = word.person.answer;
    if (held.kind === "no") {
      const why = `at ${place.target}: ${held.evidence}`;
      lacking.push({ who: person.name, ...at, why, wayOut: held.wayOut ?? "" });
    }
    if (held.kind === "not_known") unasked.add(`${place.target}: what people hold there (${held.why})`);
  }
  const named = merged(denied).map((gap) => ({
    ...gap,
    why: `${gap.who} may not run ${gap.job} in ${gap.environment}`,
  }));
  return {
    people: [...named, ...merged(lacking)].map(({ who, ...gap }) => ({ person: who, ...gap })),
    targets: merged(refusing).map(({ who, ...gap }) => ({ target: who, ...gap })),
    notKnown: [...unasked],
  };
}

interface Gap {
  readonly who: string;
  readonly job: string;
  readonly environment: string;
  readonly why: string;
  readonly wayOut: string;
}

/** One missing grant is one line, however many jobs it stands in the way of. */
function merged(gaps: readonly Gap[]): Gap[] {
  const same = Map.groupBy(gaps, (gap) => JSON.stringify([gap.who, gap.environment, gap.why, gap.wayOut]));
  return [...same.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [{ ...first, job: [...new Set(group.map((gap) => gap.job))].join(", ") }];
  });
}

async function onRota(parts: PermissionsParts, rota: string): Promise<{ people: PersonActor[]; notKnown: string[] }> {
  const { catalogue, store } = parts;
  const group = catalogue.groups[rota];
  if (group === undefined) return { people: [], notKnown: [`the group ${rota} is not in the catalogue`] };
  if (!("slackGroup" in group))
    return { people: group.members.map((member) => personOf(catalogue, member)), notKnown: [] };
  const ids = await parts.groupMembers(group.slackGroup).catch(() => null);
  if (ids === null) return { people: [], notKnown: [`Slack did not say who is in ${rota}`] };
  const rows = await store.db
    .selectFrom("slack_users")
    .selectAll()
    .where("id", "in", [...ids, ""])
    .execute();
  const people = ids.map((slack) => {
    const row = rows.find((one) => one.id === slack);
    const user = { slack, key: row?.handle ?? slack, name: row?.name ?? slack };
    return personOfSlack(catalogue, { ...user, ...(row?.email == null ? {} : { email: row.email }) });
  });
  return { people, notKnown: [] };
}

/** A member of the catalogue's group: a key of `people`, else a Slack id or an e-mail address as it stands. */
function personOf(catalogue: Catalogue, member: string): PersonActor {
  const known = personOfKey(catalogue, member);
  if (known !== null) return known;
  const byEmail = member.includes("@");
  return {
    kind: "person",
    key: member,
    name: member,
    slack: byEmail ? "" : member,
    ...(byEmail ? { email: member } : {}),
  };
}
