import { UserError } from "../base/errors.ts";
import { decideGate, type Gate, listGates, lockGate } from "../changes/gates.store.ts";
import { type GateFinding, unmet } from "../changes/gates.ts";
import { writeAudit } from "../guard/audit.ts";
import { type Act, type Authorise, refusal } from "../guard/authorise.ts";
import { decideGateWord, isAuthor, whoMayOpen } from "../guard/gate.ts";
import { knowGroups } from "../guard/grants.ts";
import { before } from "../guard/windows.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Tx } from "../store/store.ts";
import type { Asking, Outcome, Question } from "./contract.ts";
import type { GateServices, GateView } from "./gates-contract.ts";
import { findingsOf, type GateParts, needGate, viewGate } from "./gates-view.ts";

const MOST_LISTED = 50;

type Decided = { readonly gate: Gate } | { readonly ask: Question };

/** People's word on what pipelines ask. Every word is audited, also a refused one. */
export function createGates(parts: GateParts & { readonly authorise: Authorise }): GateServices {
  const { store, clock, catalogue, authorise } = parts;
  const redact = redactorOf(catalogue);

  const decide = async (
    asking: Asking,
    { number, word }: { number: number; word: "approve" | "reject" },
    say: (tx: Tx, gate: Gate) => Promise<Decided>,
  ): Promise<Outcome<GateView>> => {
    const asked = await needGate(store.db, number);
    const { environment, service, version } = asked;
    const groups = await knowGroups(catalogue, parts.groupMembers);
    const askWhom = whoMayOpen(catalogue, groups, asked);
    const details = { gate: number, service, version };
    const act: Act = { action: "gate", audit: "gate.decide", environment, details, askWhom };
    const allowed = await authorise.need(asking, act);
    const denial = decideGateWord({ word, catalogue, groups, actor: asking.actor, gate: asked });
    const refuse = async (error: UserError): Promise<never> => {
      const audit = { ...act, action: act.audit, at: clock.now(), actor: asking.actor, surface: asking.surface };
      await store.tx((tx) => writeAudit(tx, { ...audit, outcome: "denied", reason: error.message }));
      throw error;
    };
    if (denial !== null) return refuse(refusal(denial));
    const decided = await store
      .tx(async (tx) => {
        const gate = await lockGate(tx, asked.id);
        const done = await say(tx, stillHeld(gate, clock.now()));
        if ("gate" in done) await allowed.record(tx, { details: { ...details, state: done.gate.state } });
        return done;
      })
      .catch((error: unknown) => {
        if (error instanceof UserError) return refuse(error);
        throw error;
      });
    if ("ask" in decided) return { kind: "ask", question: decided.ask };
    return { kind: "done", value: await viewGate(parts, decided.gate) };
  };

  return {
    list: async (_, { all }) => {
      const gates = await listGates(store.db, { all, limit: MOST_LISTED });
      return Promise.all(gates.map((gate) => viewGate(parts, gate)));
    },
    get: async (_, number) => viewGate(parts, await needGate(store.db, number)),

    approve: (asking, number, why) =>
      decide(asking, { number, word: "approve" }, async (tx, gate) => {
        const missing = unmet(await findingsOf(tx, gate, catalogue));
        const reason = redact(why.trim());
        if (missing.length > 0 && reason === "") {
          return { ask: whyAllTheSame(gate, { missing, look: lookOf(gate) }) };
        }
        const words = reason === "" ? "" : `: ${reason}`;
        const spite = missing.length === 0 ? "" : ` in spite of ${missing.map(({ wanted }) => wanted).join(" and ")}`;
        const because = `${asking.actor.name} approved it${spite}${words}`;
        const word = { state: "approved", code: "approved", because, by: asking.actor, at: clock.now() } as const;
        return { gate: await decideGate(tx, gate, word) };
      }),

    reject: (asking, number, why) =>
      decide(asking, { number, word: "reject" }, async (tx, gate) => {
        const reason = redact(why.trim());
        if (reason === "") return { ask: whyNot(gate, lookOf(gate)) };
        const own = isAuthor(catalogue, asking.actor, gate);
        const because = `${asking.actor.name} ${own ? "took it back" : "refused it"}: ${reason}`;
        const code = own ? "withdrawn" : "rejected";
        const word = { state: "refused", code, because, by: asking.actor, at: clock.now() } as const;
        return { gate: await decideGate(tx, gate, word) };
      }),
  };

  function lookOf(gate: Gate): Question["look"] {
    return catalogue.environments[gate.environment]?.look ?? "amber";
  }
}

/** Throws `UserError` when its time is over or somebody was faster. */
function stillHeld(gate: Gate, now: Gate["askedAt"]): Gate {
  if (gate.state === "held" && before(now, gate.expiresAt)) return gate;
  const over = gate.state === "held" ? "its time is over" : gate.because;
  throw new UserError("conflict", {
    code: "gate_decided",
    message: `Gate ${gate.number} is ${gate.state === "held" ? "refused" : gate.state}: ${over}.`,
    wayOut:
      gate.state === "approved"
        ? "Nothing was changed. Whoever wants it stopped stops the pipeline."
        : "Nothing was changed. The pipeline has to ask again.",
  });
}

const nameOf = (gate: Gate): string => `*${gate.service} ${gate.version}* to *${gate.environment}*`;

/** Kept nowhere: its answer is checked as a word typed in full is. */
function whyAllTheSame(gate: Gate, of: { missing: readonly GateFinding[]; look: Question["look"] }): Question {
  return {
    id: "approve-gate",
    title: `Open gate ${gate.number}`,
    lines: [
      `${nameOf(gate)}: not everything that it requires is there.`,
      ...of.missing.map(({ wanted, why, met }) => `${met === false ? ":x:" : ":grey_question:"} ${wanted}: ${why}`),
    ],
    look: of.look,
    submit: "Open it",
    fields: [{ key: "reason", label: "Why all the same?", multiline: true }],
  };
}

function whyNot(gate: Gate, look: Question["look"]): Question {
  return {
    id: "reject-gate",
    title: `Refuse gate ${gate.number}`,
    lines: [`${nameOf(gate)} is not deployed, and whoever asked reads why.`],
    look,
    submit: "Refuse",
    fields: [{ key: "reason", label: "Why not?", multiline: true }],
  };
}
