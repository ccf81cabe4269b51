import type { Random } from "../random.ts";
import type { Kind } from "../storm.ts";
import type { World } from "../world.ts";
import { minutes, moments } from "./talk.ts";

/** Two incidents at once, with the errors that everybody has. */
export const overlappingGenerics: Kind = {
  kind: "overlapping-generics",
  why: "two services that know nothing of each other fail at the same time with an error of the same class: two causes",
  tell: (world, random) => {
    const family = random.pick(FAMILIES);
    incident(world, random, { family, at: 0 });
    incident(world, random, { family, at: random.int(0, minutes(15)) });
    if (random.chance(0.4)) incident(world, random, { family: random.pick(FAMILIES), at: random.int(0, minutes(30)) });
  },
};

type Family = (callee: string, random: Random) => { readonly type: string; readonly value: string };

const FAMILIES: readonly Family[] = [
  (callee, random) => ({
    type: "NullPointerException",
    value: `Cannot invoke "String.length()" because the return value of "${callee.split("-")[0]}.get${random.pick(["Name", "Code", "Owner"])}()" is null`,
  }),
  (callee) => ({ type: "SocketTimeoutException", value: `Read timed out: ${callee}.internal:8080` }),
  (callee, random) => ({
    type: "ConnectException",
    value: `Connection refused: ${callee}.internal/10.1.${random.int(0, 250)}.${random.int(2, 250)}:8080`,
  }),
  (callee, random) => ({
    type: "TimeoutError",
    value: `request ${random.uuid()} to http://${callee}.internal/v1 timed out after 10000 ms`,
  }),
];

/** One service fails and sometimes one that depends on it, both by the same called service. */
function incident(world: World, random: Random, of: { family: Family; at: number }): void {
  const callee = world.service("api");
  const services = [world.service("worker", [callee])];
  if (random.chance(0.5)) services.push(world.service("web", [callee]));
  const label = `${callee} misbehaves`;
  for (const service of services) {
    for (const at of moments(random, { from: of.at, to: of.at + minutes(25), count: random.int(3, 7) })) {
      world.sentry({ at, label, service, ...of.family(callee, random) });
    }
  }
}
