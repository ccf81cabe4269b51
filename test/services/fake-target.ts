import { Temporal } from "temporal-polyfill";
import type { Connections } from "../../src/jobs/connections.ts";
import {
  type Capabilities,
  type Connection,
  ConnectorError,
  type Handle,
  NO_MORE,
  type Snapshot,
} from "../../src/jobs/connectors/contract.ts";

/** A target in the test's own hands: what it was told, what its schedule points at, and how its next answers go wrong. */
export interface FakeTarget {
  schedule: string | null;
  versions: readonly string[];
  /** Thrown by the next calls of `pin`, before or after it had its effect. */
  readonly pinFaults: { error: ConnectorError; after: boolean }[];
  readonly pins: string[];
  readonly connection: Connection;
}

const ALL: Capabilities = {
  ...NO_MORE,
  startKey: "native",
  abort: "soft",
  abortProof: "strong",
  evidence: "status",
  progress: true,
  versions: true,
  pins: true,
  pause: true,
  resumeFailed: true,
  restore: true,
  snapshot: true,
};

export function fakeTarget(able: Partial<Capabilities> = {}): FakeTarget {
  const capabilities = { ...ALL, ...able };
  const target: Omit<FakeTarget, "connection"> & { connection: Connection | null } = {
    schedule: "12",
    versions: ["10", "11", "12"],
    pinFaults: [],
    pins: [],
    connection: null,
  };
  const word = () => ({
    version: target.schedule ?? "none",
    evidence: `the rule points at ${target.schedule ?? "none"}`,
  });
  const handle: Handle = { scope: "fake", externalId: "e1" };
  const snapshot: Snapshot = {
    ref: "snap-1",
    takenAt: Temporal.Instant.from("2024-01-17T01:00:00Z"),
    evidence: "kept",
  };
  const connection: Connection = {
    capabilities,
    plan: () => "starts it",
    preflight: () => Promise.resolve([]),
    start: () => Promise.resolve(handle),
    locate: () => Promise.resolve({ kind: "not_found" }),
    look: () => Promise.resolve({ phase: "not_running", evidence: "nothing runs" }),
    observe: () => Promise.resolve({ phase: "running", evidence: "it runs" }),
    abort: () => Promise.resolve("accepted"),
    ownPermission: () => Promise.resolve({ kind: "yes", evidence: "it may" }),
    personPermission: () => Promise.resolve({ kind: "yes", evidence: "may" }),
    snapshot: () => Promise.resolve(snapshot),
    restore: () => Promise.resolve(handle),
    pause: () => Promise.resolve("accepted"),
    resume: () => Promise.resolve("accepted"),
    ...(capabilities.versions
      ? {
          resolveVersion: (_, wanted) => {
            const at = target.versions.indexOf(target.schedule ?? "");
            const version =
              wanted === "previous" ? target.versions[at - 1] : target.versions.find((one) => one === wanted);
            return version === undefined
              ? Promise.reject(new ConnectorError("invalid", `there is no ${wanted}`))
              : Promise.resolve({ version, evidence: `${version} is registered` });
          },
        }
      : {}),
    ...(capabilities.pins
      ? {
          pinned: () => Promise.resolve(word()),
          pin: (_, version) => {
            const fault = target.pinFaults.shift();
            if (fault?.after !== false) target.schedule = version;
            target.pins.push(version);
            return fault === undefined ? Promise.resolve(word()) : Promise.reject(fault.error);
          },
        }
      : {}),
  };
  return Object.assign(target, { connection });
}

export const connectionsTo = (targets: Readonly<Record<string, FakeTarget>>): Connections => ({
  of: (name) => targets[name]?.connection ?? null,
});
