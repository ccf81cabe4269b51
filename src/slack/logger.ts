import { LogLevel, type Logger as SlackLogger } from "@slack/bolt";
import type { Logger } from "../base/log.ts";

/**
 * Bolt's and the client's own logging: warnings and errors go to ours. Their lines below that carry request bodies, which
 * do not belong in a log.
 */
export function quietLogger(log: Logger): SlackLogger {
  const slack = log.child({ part: "slack-sdk" });
  const text = (parts: unknown[]) => parts.map((part) => (typeof part === "string" ? part : String(part))).join(" ");
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts: unknown[]) => slack.debug({ said: text(parts) }, "the Slack client warns"),
    error: (...parts: unknown[]) => slack.warn({ said: text(parts) }, "the Slack client reports an error"),
    setLevel: () => {},
    getLevel: () => LogLevel.WARN,
    setName: () => {},
  };
}
