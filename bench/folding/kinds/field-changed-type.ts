import type { Random } from "../random.ts";
import type { Kind } from "../storm.ts";
import { camel, minutes, moments, noise, pascal } from "./talk.ts";

/** Four consumers trip over one field, each in its own language; a nightly job follows. */
export const fieldChangedType: Kind = {
  kind: "field-changed-type",
  why: "every error names the field that the owner of the contract changed: undoing that change mends all of them",
  tell: (world, random) => {
    const owner = world.service("api");
    const consumers = Array.from({ length: random.int(3, 5) }, () => world.service(undefined, [owner]));
    const field = [world.thing(), random.pick(["kind", "status", "grade", "band"])] as const;
    const contract = pascal(world.thing(), "record");
    world.contract(contract, { owner, consumers });
    const label = `${owner} changed the type of ${camel(...field)}`;
    if (random.chance(0.7))
      world.deployed({ at: -minutes(random.int(5, 25)), label, service: owner, version: `6.${random.int(1, 40)}` });
    for (const [n, service] of consumers.entries()) {
      const begins = minutes(n === 0 ? 0 : random.int(1, 40));
      const says = random.pick(tongues(contract, field, random));
      for (const at of moments(random, { from: begins, to: begins + minutes(50), count: random.int(2, 7) })) {
        world.sentry({ at, label, service, type: says.type, value: says.value() });
      }
    }
    const [reader] = consumers;
    if (reader === undefined) return;
    const job = world.job("load", { service: reader });
    const at = minutes(random.int(60, 150));
    world.jobSays({
      at,
      label,
      job,
      rid: random.uuid(),
      status: "failed",
      error: `${contract}: ${camel(...field)} is not one of the known values`,
    });
    noise(world, random, { from: 0, to: minutes(90), count: random.int(1, 3) });
  },
};

function tongues(contract: string, [thing, word]: readonly [string, string], random: Random) {
  const field = camel(thing, word);
  const id = () => random.int(100_000, 999_999);
  return [
    {
      type: "InvalidFormatException",
      value: () =>
        `Cannot deserialize value of type ${pascal(thing, word)} from String "${random.pick(["Yes", "No", "Unknown"])}": not one of the values accepted for Enum class (through reference chain: ${contract}["${field}"])`,
    },
    {
      type: "ValidationError",
      value: () => `${contract} ${id()}: ${field}: expected one of the enumeration, got string`,
    },
    { type: "TypeError", value: () => `Cannot read properties of undefined (reading 'code') at ${contract}.${field}` },
    {
      type: "DataException",
      value: () => `value too long for type character varying(3): column ${thing}_${word} of ${contract}`,
    },
    {
      type: "MappingException",
      value: () => `no mapping for ${field}="${random.pick(["Y", "N"])}" in ${contract} ${id()}`,
    },
  ];
}
