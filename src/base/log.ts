import { type Logger as PinoLogger, pino } from "pino";

/** Static message first in the reader's eye, data beside it: `log.info({ run: 7 }, "run started")`. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error" | "fatal"> & {
  child(bindings: Record<string, unknown>): Logger;
};

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

// Whatever carries these names is a secret or a message body: neither belongs in a log.
const REDACTED = [
  "token",
  "secret",
  "authorization",
  "password",
  "*.token",
  "*.secret",
  "*.authorization",
  "*.password",
];

/** JSON lines on stdout. */
export function createLogger(options: { level: LogLevel; role: string }): Logger {
  return pino({
    level: options.level,
    base: { role: options.role },
    redact: { paths: REDACTED, censor: "[redacted]" },
  });
}

export const silentLogger: Logger = pino({ level: "silent" });
