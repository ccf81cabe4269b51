import { manualClock } from "../../../src/base/clock.ts";
import { http } from "../../../src/base/http.ts";
import type { Connection, ConnectorContext, Intent } from "../../../src/jobs/connectors/contract.ts";
import { ConnectorError } from "../../../src/jobs/connectors/contract.ts";
import type { ListedConnector } from "../../../src/jobs/connectors/index.ts";

/** A real target on loopback, as bad as a test wants it, and what it counted itself. */
export interface Bench {
  /** The entry under `targets:` that points at it. Its credentials contain `secret`. */
  readonly entry: unknown;
  readonly secret: string;
  /** How often it began an execution. */
  starts(): number;
  /** A job that it knows. */
  readonly name: string;
  /** Calls are answered so from now on; null: as usual. */
  answer(how: "429" | "503" | "401" | "500" | "repeats the secret" | "not json" | null): void;
  /** Somebody else's execution is under way. */
  occupy(): void | Promise<void>;
  /** It says that it is another environment (and a superset of the right one). */
  pretend(): void | Promise<void>;
  /** It does what is asked and cuts the connection before it answers. */
  cutAfterStart(): void;
  vanish(): Promise<void>;
  /** The execution under way ends, well. */
  finish?(): void | Promise<void>;
  /** From now on it takes every abort and goes on. Needed where an abort is declared. */
  ignoreAborts?(): void | Promise<void>;
  /** What was told to stop has stopped. Needed where an abort is declared, and nothing where it stops at once. */
  obey?(): void | Promise<void>;
  /** It no longer knows the execution under way. */
  forget?(): void | Promise<void>;
  /** Its clock is so many hours ahead (negative: behind). */
  skew?(hours: number): void;
  /** The execution under way writes `secret` and `PRIVATE` into its log. Needed where logs are declared. */
  leak?(): void | Promise<void>;
  /** What the connector is given beside, or instead. */
  readonly context?: Partial<ConnectorContext>;
}

/** Taken out by the `redact` that the kit hands in. */
export const PRIVATE = "Jo-Private-7";

/** What a target may not be able to do; the kit then skips what cannot be asked of it. */
export interface BenchOptions {
  /** It has no target at all. */
  readonly offline?: boolean;
  /**
   * `network`: nothing can be cut, refused or away. `occupation`: it takes any number of starts. `identity`: it cannot
   * be another.
   */
  readonly without?: readonly ("network" | "occupation" | "identity")[];
}

export function connect(
  connector: ListedConnector,
  entry: unknown,
  context: Partial<ConnectorContext> = {},
): Connection {
  return connector.open(entry, {
    http,
    clock: manualClock("2021-03-16T14:30:00Z"),
    target: "the-target",
    redact: (text) => text.replaceAll(PRIVATE, "[redacted]"),
    ...context,
  });
}

export const intentFor = (name: string, more: Partial<Intent> = {}): Intent => ({
  intentKey: "intent-1",
  job: "person-sync",
  environment: "prod",
  name,
  parameters: {},
  version: null,
  requestedBy: { key: "asha", name: "Asha Rao" },
  ...more,
});

/** A target of the kit's own, its connection and an intent for it. */
export type Made = () => Promise<{ target: Bench; connection: Connection; intent: Intent }>;

/** The kind of the connector's error; anything else that happens fails the test. */
export async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectorError)) throw error;
  return error.kind;
}
