import type { Catalogue } from "../config/catalogue.ts";
import { foldingOf } from "../incidents/folding.ts";
import type { PendingDelivery, Verdicted } from "./inbox.store.ts";
import { normalise } from "./normalise.ts";
import type { Heard } from "./occurrences.ts";
import { type BoundSource, SLACK } from "./plugin.ts";
import type { Parsed } from "./sources/contract.ts";
import { eventOf, type SlackEvent, slackMessage, speaks } from "./sources/slack-message.ts";

/** A delivery as it was understood, before anything is written. */
export interface ReadDelivery {
  readonly delivery: PendingDelivery;
  /** What becomes of it once its signals are folded and its event is captured. */
  readonly verdict: Omit<Verdicted, "id">;
  readonly signals: readonly Heard[];
  /** Its sender waits for our word: see `subscriptions.ts`. */
  readonly confirm?: boolean;
  /** Slack's event, to be captured. */
  readonly event: SlackEvent | null;
  /** Deliveries of one group share a transaction. */
  readonly group: string;
}

export interface Self {
  readonly botId?: string;
  readonly userId?: string;
}

export function createReader(parts: {
  catalogue: Catalogue;
  bound: ReadonlyMap<string, BoundSource>;
  ports: { readonly channelName: (id: string) => Promise<string | null>; readonly self: () => Self };
}): { read(delivery: PendingDelivery): Promise<ReadDelivery> } {
  const { catalogue, bound, ports } = parts;

  async function readSlack(delivery: PendingDelivery): Promise<ReadDelivery> {
    const event = eventOf(delivery.body);
    const channels = event === null ? {} : await channelsOf(event);
    const parsed = slackMessage.parse(delivery, { channels, self: ports.self() }, catalogue);
    const understood = understand(delivery, parsed);
    const thread = `slack ${String(event?.["channel"])} ${String(event?.["thread_ts"] ?? event?.["ts"] ?? delivery.id)}`;
    // An event that says nothing of a job is still captured.
    const verdict = event === null ? understood.verdict : { state: "done" as const, reason: null };
    return { ...understood, verdict, event, group: understood.signals.length === 0 ? thread : understood.group };
  }

  /** Only asked where it matters: a message that can speak of a job, and patterns to hold against it. */
  async function channelsOf(event: SlackEvent): Promise<Record<string, string>> {
    const id = event["channel"];
    if (typeof id !== "string" || catalogue.messages.length === 0 || !speaks(event)) return {};
    const name = await ports.channelName(id);
    return name === null ? {} : { [id]: name };
  }

  function understand(delivery: PendingDelivery, parsed: Parsed): ReadDelivery {
    const own = `delivery ${delivery.id}`;
    const verdict = verdictOf(parsed);
    if (parsed.kind === "confirm") return { delivery, verdict, signals: [], event: null, confirm: true, group: own };
    const said = parsed.kind === "ignored" ? [] : (parsed.signals ?? []);
    const signals = said.map((signal, ordinal) =>
      normalise(signal, { delivery, ordinal, source: delivery.source }, catalogue),
    );
    const [first] = signals;
    const group = first === undefined ? own : foldingOf(first, catalogue).rest;
    return { delivery, verdict, signals, event: null, group };
  }

  return {
    read: async (delivery) => {
      if (delivery.source === SLACK) return readSlack(delivery);
      const source = bound.get(delivery.source);
      if (source !== undefined) return understand(delivery, source.parse(delivery, catalogue));
      const reason = `the catalogue has no source "${delivery.source}" any more`;
      return understand(delivery, { kind: "refused", reason });
    },
  };
}

function verdictOf(parsed: Parsed): ReadDelivery["verdict"] {
  switch (parsed.kind) {
    case "signals":
      return { state: "done", reason: null };
    case "confirm":
      return { state: "done", reason: parsed.reason };
    case "ignored":
    case "refused":
      return { state: parsed.kind, reason: parsed.reason };
  }
}
