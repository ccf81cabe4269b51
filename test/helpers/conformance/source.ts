import { describe, expect, test } from "vitest";
import { type Clock, manualClock } from "../../../src/base/clock.ts";
import { foldingOf } from "../../../src/incidents/folding.ts";
import { conditionOf } from "../../../src/incidents/signal.ts";
import type { ProveClaim } from "../../../src/intake/certificates.ts";
import { normalise } from "../../../src/intake/normalise.ts";
import type { BoundSource, SourcePlugin } from "../../../src/intake/plugin.ts";
import type { Delivery, HookRequest, Parsed, Verdict } from "../../../src/intake/sources/contract.ts";
import { estate } from "../hear.ts";
import { describeDoor } from "./source-door.ts";

/** Deliveries of one kind of sender, each a request as it would arrive. `at`: machine time of the signature. */
export interface SourceSamples {
  /** The entry under `sources:`; its secret, where it has one, is `secret`. */
  readonly entry: { readonly kind: string; readonly secret?: string } & Readonly<Record<string, unknown>>;
  /** Something begins to fire, `n` tells deliveries apart. */
  firing(at: Clock, n: number): HookRequest;
  /** The same thing is over (or the job has ended). */
  resolved(at: Clock, n: number): HookRequest;
  /** The same delivery as `firing(at, n)` with another secret. */
  wrong(at: Clock, n: number): HookRequest;
  /** Authenticated, and not understandable. */
  junk(at: Clock): HookRequest;
  /** Whether the signature holds only for a while: five minutes on both sides, unless told. */
  readonly timed: boolean | { readonly olderS: number; readonly aheadS: number };
  /** `firing(at, 1)` without what proves it, where leaving out its headers and its path does not do that. */
  readonly bare?: (at: Clock) => HookRequest;
  /** For sources whose proof is a certificate's. */
  readonly prove?: ProveClaim;
  /** The sender tells again and again what still fires: `firing(at, 1)` an hour later is no new alert. */
  readonly repeats?: boolean;
  /** The end of something and its beginning, with the sender's own times; they arrive in this order. */
  readonly overtaken?: (at: Clock) => readonly [ended: HookRequest, fired: HookRequest];
}

/** What every source has to keep; `samples` make the requests. */
export function describeSource(plugin: SourcePlugin, samples: SourceSamples): void {
  const source = plugin.bind("the-source", samples.entry);
  const clock = manualClock("2021-03-16T14:42:00Z");
  const now = () => clock.machineNow();
  const verify = async (request: HookRequest, at = now()): Promise<Verdict> => {
    const verification = source.verify(request, at);
    return "claim" in verification && samples.prove !== undefined ? samples.prove(verification.claim) : verification;
  };
  const secret = samples.entry.secret ?? "no secret at all";

  describe(`source ${plugin.kind}`, () => {
    test("accepts what was sent, and refuses a setting that it does not know", async () => {
      expect(await verify(samples.firing(clock, 1))).toMatchObject({ ok: true });
      expect(await verify(samples.resolved(clock, 1))).toMatchObject({ ok: true });
      expect(() => plugin.bind("x", { ...samples.entry, sceret: "y" })).toThrow();
    });

    test("refuses a wrong secret, a changed body and a request without anything", async () => {
      const sent = samples.firing(clock, 1);
      expect((await verify(samples.wrong(clock, 1))).ok).toBe(false);
      if (Object.keys(sent.headers).some((name) => name.includes("signature"))) {
        const changed = { ...sent, body: Buffer.concat([sent.body, Buffer.from(" ")]) };
        expect((await verify(changed)).ok).toBe(false);
      }
      const bare = samples.bare?.(clock) ?? { ...sent, headers: {} };
      expect((await verify({ ...bare, path: "" })).ok).toBe(false);
      expect((await verify({ ...bare, path: "/" })).ok).toBe(false);
      for (const header of Object.keys(sent.headers).filter((name) => name.includes("signature"))) {
        for (const value of ["", "v0=", "é", "0".repeat(64)]) {
          expect((await verify({ ...sent, headers: { ...sent.headers, [header]: value } })).ok).toBe(false);
        }
      }
    });

    test("says nothing of its secret in a refusal, and keeps none of it", async () => {
      expect(JSON.stringify(await verify(samples.wrong(clock, 1)))).not.toContain(secret);
      expect(JSON.stringify(await verify(samples.firing(clock, 1)))).not.toContain(secret);
    });

    test("says what of it is not signed, and takes that only with its secret", () => {
      const unsigned = plugin.unsigned(samples.entry);
      const signs =
        samples.prove !== undefined ||
        Object.keys(samples.firing(clock, 1).headers).some((name) => name.includes("signature"));
      if (!signs) expect(unsigned).toMatch(/\S/);
      expect(plugin.unsigned({ kind: "another" })).toBeNull();
    });

    if (samples.timed !== false) {
      const { olderS, aheadS } = samples.timed === true ? { olderS: 300, aheadS: 300 } : samples.timed;
      test("refuses a signature that is too old or ahead of its time", async () => {
        const sent = samples.firing(clock, 1);
        const at = now();
        expect((await verify(sent, at.add({ seconds: olderS - 1 }))).ok).toBe(true);
        expect((await verify(sent, at.add({ seconds: olderS + 2 }))).ok).toBe(false);
        expect((await verify(sent, at.subtract({ seconds: aheadS - 1 }))).ok).toBe(true);
        expect((await verify(sent, at.subtract({ seconds: aheadS + 2 }))).ok).toBe(false);
      });
    }

    test("knows a delivery that comes again, and tells different ones apart", () => {
      const keys = [1, 1, 2].map((n) => source.deliveryKey(samples.firing(clock, n)).key);
      expect(keys[0]).toBe(keys[1]);
      expect(keys[0]).not.toBe(keys[2]);
      expect(source.deliveryKey(samples.resolved(clock, 1)).key).not.toBe(keys[0]);
    });

    test("junk is not well-formed; what is well-formed never makes it throw", () => {
      expect(source.wellFormed(samples.junk(clock)).ok).toBe(false);
      expect(source.wellFormed(samples.firing(clock, 1))).toMatchObject({ ok: true });
      for (const body of ["", "{}", "[]", "null", '{"data":null}', '{"data":{"event":[1]}}', "\u0000", '{"job":7}']) {
        for (const resource of [
          null,
          "issue",
          "event_alert",
          "metric_alert",
          "error",
          "ping",
          "message",
          "__proto__",
        ]) {
          const parsed = source.parse(
            { ...deliveryOf(source, samples.firing(clock, 1), clock), resource, body },
            estate(),
          );
          expect(["signals", "ignored", "refused"]).toContain(parsed.kind);
        }
      }
    });

    test("firing and its end share a folding key and a condition, whatever their order", () => {
      const [fired, ended] = [samples.firing(clock, 1), samples.resolved(clock, 1)].map((request) => {
        const delivery = deliveryOf(source, request, clock);
        const [signal] = signalsOf(source.parse(delivery, estate()));
        if (signal === undefined) throw new Error("no signal");
        return normalise(signal, { delivery, ordinal: 0, source: source.name }, estate());
      });
      if (fired === undefined || ended === undefined) throw new Error("no signals");
      expect(["firing", "failed"]).toContain(fired.kind);
      expect(["resolved", "finished"]).toContain(ended.kind);
      expect(ended.condition).toBe(fired.condition);
      expect(fired.condition).not.toBe(conditionOf({ source: "", service: null, job: null, cause: null }));
      const folding = foldingOf(ended, estate());
      expect(foldingOf(fired, estate()).rest).toBe(folding.rest);
      expect(folding.keys).toContain(foldingOf(fired, estate()).key);
    });

    test("reads the same delivery the same way twice", () => {
      const delivery = deliveryOf(source, samples.firing(clock, 1), clock);
      expect(source.parse(delivery, estate())).toEqual(source.parse(delivery, estate()));
    });

    describeDoor(plugin, samples);
  });
}

/** A verified request as it would be read from the inbox. */
export function deliveryOf(source: BoundSource, request: HookRequest, clock: Clock): Delivery {
  const verification = source.verify(request, clock.machineNow());
  // What only a certificate can settle is settled elsewhere: here it is about what the delivery says.
  const verdict = "claim" in verification ? verification.claim : verification;
  if ("ok" in verdict && !verdict.ok) throw new Error(`not verified: ${verdict.reason}`);
  return {
    id: 1,
    source: source.name,
    resource: source.resource(request),
    request: { method: request.method, path: verdict.path ?? "", query: request.query },
    body: request.body.toString("utf8"),
    receivedAt: clock.now(),
  };
}

export const signalsOf = (parsed: Parsed) => (parsed.kind === "signals" ? parsed.signals : []);
