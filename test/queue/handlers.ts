import type { Handler, Handlers } from "../../src/queue/work.ts";
import { WORK_KINDS, type WorkKind } from "../../src/store/outbox.ts";

/** A handler for every kind of work there is. */
export const handlersOf = (make: (kind: WorkKind) => Handler): Handlers =>
  Object.fromEntries(WORK_KINDS.map((kind) => [kind, make(kind)])) as Record<WorkKind, Handler>;
