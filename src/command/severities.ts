import { SEVERITIES, type Severity } from "../config/catalogue.ts";
import { usage } from "./names.ts";

/** `sev2`, `SEV-2` or `2`. Throws `UserError` for anything else. */
export function severityNamed(word: string): Severity {
  const digit = /^(?:sev-?)?([1-4])$/i.exec(word)?.[1];
  const severity = SEVERITIES.find((one) => one === `sev${digit}`);
  if (severity === undefined) throw usage(`"${word}" is no severity.`, "Write sev1 (worst) to sev4.");
  return severity;
}
