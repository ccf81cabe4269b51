import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Here, ProcessIdentity } from "./processes.ts";

/** Whose execution it is, and where. */
interface Whose extends Here {
  readonly key: string;
  readonly name: string;
}

/** What the runner is told. */
export interface Command extends Whose {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the runner keeps. `leaving`: the command has ended, and others of its group have not. */
export interface State extends Whose {
  readonly phase: "claimed" | "running" | "leaving" | "ended";
  readonly runner: ProcessIdentity;
  readonly leader?: ProcessIdentity | undefined;
  readonly code?: number | null | undefined;
  readonly signal?: string | null | undefined;
  readonly failure?: string | undefined;
}

/** False when it was to be the first and is not. Whoever reads sees the old state or the new, never half of one. */
export function saveState(folder: string, state: State, how: { first?: boolean } = {}): boolean {
  const path = join(folder, "state.json");
  try {
    if (how.first === true) {
      writeFileSync(path, JSON.stringify(state), { flag: "wx", mode: 0o600 });
    } else {
      writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    }
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
