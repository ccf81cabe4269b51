import type { RunOptions } from "../services/contract.ts";
import type { Words } from "./grammar.ts";
import { usage } from "./names.ts";

/** `--reason`, `--version`, `--override` and `--pin`, as a start and a rerun take them. */
export function runOptions({ options, flags }: Pick<Words, "options" | "flags">): RunOptions {
  const text = (name: "reason" | "version" | "override") => {
    const given = options.get(name)?.trim();
    if (given === "") throw usage(`--${name} is empty.`, `Write --${name}="…", or leave it out.`);
    return given === undefined ? {} : { [name]: given };
  };
  return { ...text("reason"), ...text("version"), ...text("override"), ...(flags.has("pin") ? { pin: true } : {}) };
}

export function fromOption(given: string | undefined): Pick<RunOptions, "from"> {
  if (given === undefined) return {};
  if (given.toLowerCase() === "failed") return { from: "failed" };
  throw usage(`A rerun cannot begin from "${given}".`, "Write --from=failed, or leave it out to begin anew.");
}
