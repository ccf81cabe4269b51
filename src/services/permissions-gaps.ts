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
    places.flatMap((placed) => {
      const { job, environment } = placed;
      const decision = decideWho({ catalogue, groups, actor: person, wanted: { action: "run", job, environment } });
      if (decision.kind === "allow") return [];
      return [{ person: person.name, job, environment, why: decision.reason, wayOut: decision.wayOut }];
    }),
  );

  const pairs = places.flatMap((placed) => people.map((person) => ({ placed, person })));
  const nobody: PersonActor = { kind: "person", key: "", name: "", slack: "" };
  const asked = pairs.length > 0 ? pairs : places.map((placed) => ({ placed, person: nobody }));
  const words = await askTargets(connections, asked);

  const targets = new Map<string, Gaps["targets"][number]>();
  const lacking: Gaps["people"][number][] = [];
  const unasked = new Set<string>(notKnown);
  for (const [index, { placed, person }] of asked.entries()) {
    const word = words[index];
    if (word === undefined) continue;
    const { job, environment, place } = placed;
    const { own, person: held } = word;
    const at = { job, environment };
    if (own.answer.kind === "no") {
      targets.set(`${place.target} ${job}`, {
        target: place.target,
        ...at,
        why: own.answer.evidence,
        wayOut: own.answer.wayOut ?? "",
      });
    }
    if (own.answer.kind === "not_known")
      unasked.add(`${place.target}: what Nightdesk may do there (${own.answer.why})`);
    if (person === nobody) continue;
    if (held.answer.kind === "no") {
      const why = `at ${place.target}: ${held.answer.evidence}`;
      lacking.push({ person: person.name, ...at, why, wayOut: held.answer.wayOut ?? "" });
    }
    if (held.answer.kind === "not_known") unasked.add(`${place.target}: what people hold there (${held.answer.why})`);
  }
  return { people: [...denied, ...lacking], targets: [...targets.values()], notKnown: [...unasked] };
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
