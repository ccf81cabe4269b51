import type { z } from "zod";
import type { Instant } from "../base/clock.ts";
import { ConfigError } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type {
  Confirmation,
  Delivery,
  DeliveryKey,
  HookRequest,
  Parsed,
  Source,
  Verdict,
  Verification,
} from "./sources/contract.ts";

/** A kind of source without the type of its settings: what a list of different sources holds. */
export interface SourcePlugin {
  readonly kind: string;
  readonly settings: z.ZodType;
  /** What comes in without a signature with this entry (see the contract); null also where the entry is no good. */
  unsigned(entry: unknown): string | null;
  /** With an entry of the catalogue. Throws where the entry does not fit the schema. */
  bind(name: string, entry: unknown): BoundSource;
}

/** One entry under `sources:` of the catalogue, ready to be asked. */
export interface BoundSource {
  /** Its name in the catalogue. */
  readonly name: string;
  readonly kind: string;
  verify(request: HookRequest, machineNow: Instant): Verification;
  wellFormed(request: HookRequest): Verdict;
  deliveryKey(request: HookRequest): DeliveryKey;
  resource(request: HookRequest): string | null;
  acceptedStatus(request: HookRequest): number;
  parse(delivery: Delivery, catalogue: Catalogue): Parsed;
  confirmation(delivery: Delivery): Confirmation;
}

export function plug<Settings>(source: Source<Settings>): SourcePlugin {
  return {
    kind: source.kind,
    settings: source.settings,
    unsigned: (entry) => {
      const settings = source.settings.safeParse(entry);
      return settings.success ? source.unsigned(settings.data) : null;
    },
    bind: (name, entry) => {
      const settings = source.settings.parse(entry);
      const status = source.acceptedStatus ?? 202;
      return {
        name,
        kind: source.kind,
        verify: (request, machineNow) => source.verify(request, settings, machineNow),
        wellFormed: (request) => source.wellFormed?.(request, settings) ?? { ok: true },
        deliveryKey: (request) => source.deliveryKey(request, settings),
        resource: (request) => source.resource?.(request) ?? null,
        acceptedStatus: (request) => (typeof status === "number" ? status : status(request)),
        parse: (delivery, catalogue) => source.parse(delivery, settings, catalogue),
        confirmation: (delivery) =>
          source.confirmation?.(delivery, settings) ?? { ok: false, reason: `${source.kind} asks for no word of ours` },
      };
    },
  };
}

/** Under which name Slack's events lie in the inbox: no hook may be called so. */
export const SLACK = "slack";
const RESERVED = [SLACK, "ping"];

/**
 * The catalogue's sources by name. A kind that this version does not hear yet is left out. Throws `ConfigError` for a
 * name that Nightdesk needs itself.
 */
export function bindSources(catalogue: Catalogue, plugins: readonly SourcePlugin[]): ReadonlyMap<string, BoundSource> {
  const taken = RESERVED.filter((name) => Object.hasOwn(catalogue.sources, name));
  if (taken.length > 0) {
    throw new ConfigError(
      taken.map((name) => `sources.${name}: Nightdesk uses this name itself: call the source something else`),
    );
  }
  const bound = new Map<string, BoundSource>();
  for (const [name, entry] of Object.entries(catalogue.sources)) {
    const plugin = plugins.find((candidate) => candidate.kind === entry.kind);
    if (plugin !== undefined) bound.set(name, plugin.bind(name, entry));
  }
  return bound;
}
