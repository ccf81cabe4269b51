import { z } from "zod";
import { duration } from "../../../config/scalars.ts";
import { type Capabilities, NO_MORE } from "../contract.ts";

/** A target that keeps Nightdesk's job contract (docs/job-contract). `can` names what it does not do: default is all. */
export const jobContractSettings = z
  .strictObject({
    connector: z.literal("contract").optional(),
    url: z.url({ protocol: /^https?$/, error: "a target's url begins with http:// or https://" }),
    token: z.string().min(1),
    timeout: duration.default(10_000),
    /** The environment that `/identity` has to name; left out: the one of the job, by its name or an alias. */
    identity: z.string().min(1).optional(),
    /** Whether lines of its log are read. */
    logs: z.boolean().default(true),
    can: z
      .strictObject({
        abort: z.enum(["none", "soft", "hard"]).optional(),
        snapshot: z.boolean().optional(),
        restore: z.boolean().optional(),
        pause: z.boolean().optional(),
        resumeFrom: z.boolean().optional(),
        versions: z.boolean().optional(),
        /** How many ids it takes a call; 0: none. */
        items: z.int().min(0).optional(),
        compare: z.boolean().optional(),
      })
      .default({}),
  })
  .transform(({ timeout, ...settings }) => ({ ...settings, timeoutMs: timeout }));

export type JobContractSettings = z.output<typeof jobContractSettings>;

const ITEMS_A_CALL = 100;

/** What the catalogue says that this target can; whether it is so, `preflight` asks. */
export function capabilitiesOf({ can, logs }: JobContractSettings): Capabilities {
  const abort = can.abort ?? "hard";
  const items = can.items ?? ITEMS_A_CALL;
  return {
    ...NO_MORE,
    startKey: "native",
    abort,
    abortProof: abort === "none" ? "none" : "strong",
    evidence: "status",
    progress: true,
    logs,
    versions: can.versions ?? true,
    snapshot: can.snapshot ?? true,
    restore: can.restore ?? true,
    pause: can.pause ?? true,
    resumeFailed: can.resumeFrom ?? true,
    items: items === 0 ? null : items,
    compare: can.compare ?? true,
  };
}
