import fc from "fast-check";
import { expect, test } from "vitest";
import { gateCard } from "../../../src/slack/blocks/gate.ts";
import { gate3 } from "../../helpers/gate.ts";
import { instant, maybe, place, words } from "./cards.ts";
import { calls, checkMessage } from "./checker.ts";

const gate = fc.record({
  ...{
    number: fc.nat(),
    service: words,
    environment: words,
    version: words,
    because: words,
    code: fc.constant(gate3.code),
  },
  ...{ author: maybe(words), authorKey: maybe(words), authorName: maybe(words), role: maybe(words), url: maybe(words) },
  state: fc.constantFrom("held" as const, "approved" as const, "refused" as const),
  ...{ askedAt: instant, expiresAt: instant, decidedAt: maybe(instant), decidedByName: maybe(words) },
  findings: fc.array(fc.record({ wanted: words, met: fc.constantFrom(true, false, null), why: words }), {
    maxLength: 20,
  }),
  ...{ may: fc.array(words, { maxLength: 5 }), supersededBy: fc.constant(null) },
});

test("any gate is a message that Slack takes and calls nobody", () => {
  fc.assert(
    fc.property(gate, place, maybe(words), (one, where, displaced) => {
      const message = gateCard({ gate: one, place: where, mention: null, displaced });
      expect(checkMessage(message)).toEqual([]);
      expect(calls(message)).toEqual([]);
    }),
  );
});

test("an address that would be markup is no link, and only a gate that is held calls whoever is to look", () => {
  const where = { name: "prod", look: "red" as const, protected: true };
  const card = (over: object) =>
    gateCard({ gate: { ...gate3, ...over }, place: where, mention: "<@U012>", displaced: null });
  const hostile = card({ url: "https://ci.example/a>*<!channel>|x" });
  expect(calls({ ...hostile, text: "" })).toEqual(["<@U012>"]);
  expect(calls(card({ state: "refused" }))).toEqual([]);
});
