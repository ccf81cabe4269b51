import { messageOf, UserError } from "../base/errors.ts";
import type { Http } from "../base/http.ts";
import { type AttachedFile, MOST_BYTES, type ReadAttached } from "../services/id-lists-file.ts";
import { listOf, stringOf } from "./api.ts";

const SLACK_FILES = "files.slack.com";
const WITHIN_MS = 20_000;

/**
 * Reads a file that was attached to a message, with the bot's token. The address comes with the event: the token goes to
 * Slack's own host for files (or the host of the API that is configured) and nowhere else.
 */
export function createReadAttached(parts: {
  readonly http: Http;
  readonly token: string;
  readonly slackApiUrl: string | undefined;
}): ReadAttached {
  return async (file) => {
    if (!isSlacks(file.url, parts.slackApiUrl)) throw unreadable(file, "its address is not Slack's");
    const answer = await parts
      .http({
        method: "GET",
        url: file.url,
        headers: { authorization: `Bearer ${parts.token}` },
        timeoutMs: WITHIN_MS,
      })
      .catch((error: unknown) => {
        throw unreadable(file, messageOf(error));
      });
    if (answer.status !== 200) throw unreadable(file, `Slack answers ${answer.status}`);
    // A token without files:read is shown the page to log in.
    if ((answer.headers.get("content-type") ?? "").startsWith("text/html") && !/\.html?$/i.test(file.name)) {
      throw unreadable(file, "Slack shows a page instead; the app may lack the scope files:read");
    }
    if (Buffer.byteLength(answer.body) >= MOST_BYTES) throw unreadable(file, "it is too long");
    return answer.body;
  };
}

function isSlacks(address: string, slackApiUrl: string | undefined): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  if (slackApiUrl !== undefined) return url.origin === URL.parse(slackApiUrl)?.origin;
  return url.protocol === "https:" && url.host === SLACK_FILES;
}

const unreadable = (file: AttachedFile, why: string): UserError =>
  new UserError("invalid", {
    code: "file",
    message: `${file.name} could not be read: ${why}.`,
    wayOut: "Nothing was sent. Attach it again, or name the ids with --ids.",
  });

/** The file that a message carries: the first CSV, else the first of all; undefined when it has none. */
export function attachedTo(message: Readonly<Record<string, unknown>>): AttachedFile | undefined {
  const files = listOf(message, "files").flatMap((file): AttachedFile[] => {
    const id = stringOf(file, "id");
    const url = stringOf(file, "url_private");
    const bytes = file["size"];
    if (id === undefined || url === undefined || typeof bytes !== "number") return [];
    return [{ id, name: stringOf(file, "name") ?? stringOf(file, "title") ?? "a file", url, bytes }];
  });
  return files.find(({ name }) => /\.csv$/i.test(name)) ?? files[0];
}
