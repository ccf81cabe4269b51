/** What kind of user's error it is: surfaces choose a status or a tone by it, never by the text. */
export type UserErrorKind = "usage" | "not_found" | "denied" | "conflict" | "invalid" | "unsupported";

/**
 * A mistake that the person at the keyboard can mend. `message` says what is wrong, `wayOut` what to do instead;
 * both are shown as they are. `code` is stable, for branching and tests.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly kind: UserErrorKind;
  readonly code: string;
  readonly wayOut: string | undefined;

  constructor(kind: UserErrorKind, parts: { code: string; message: string; wayOut?: string; cause?: unknown }) {
    super(parts.message, { cause: parts.cause });
    this.kind = kind;
    this.code = parts.code;
    this.wayOut = parts.wayOut;
  }
}

/**
 * Something outside that has to be asked gives no answer now. It is nobody's mistake and no defect: whoever does the work
 * tries again later, as long as it takes.
 */
export class NotNow extends Error {
  override readonly name = "NotNow";
}

/** Configuration (an environment variable, the catalogue, a file) that keeps Nightdesk from starting. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Text of anything thrown, for logs and evidence; never for a person without context. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : JSON.stringify(error);
}
