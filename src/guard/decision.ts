import type { Instant } from "../base/clock.ts";

/** What the guard says. `because` of a yes names the grant; a no gives reason and way out as people read them. */
export type Decision =
  | { readonly kind: "allow"; readonly because: string; readonly hold?: Hold }
  | { readonly kind: "ask"; readonly because: string; readonly expected: string; readonly hold?: Hold }
  | Denial;

export interface Denial {
  readonly kind: "deny";
  readonly check: Check;
  readonly code: string;
  readonly reason: string;
  readonly wayOut: string;
}

/** In this order; the first that says no is the answer. The typed confirmation comes last: nobody types in vain. */
export const CHECKS = ["who", "where", "when", "what_else", "who_else"] as const;
export type Check = (typeof CHECKS)[number];

/** What an allowed run waits for: first the end of a freeze, then other people. */
export interface Hold {
  /** The freeze's name; `until` null: until somebody ends it. */
  readonly freeze?: { readonly name: string; readonly until: Instant | null; readonly because: string };
  readonly approvals?: Approvals;
  /** A freeze that was to hold it, and whose word lifted it. */
  readonly overridden?: { readonly freeze: string; readonly grant: string };
}

/** So many people of a role have to say yes within this time. */
export interface Approvals {
  readonly count: number;
  readonly role: string;
  readonly expiresMs: number;
  /** Who may, as people read it. */
  readonly may: readonly string[];
}

/** `a`, `a or b`, `a, b or c` */
export function orList(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
